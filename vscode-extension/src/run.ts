import * as path from "node:path";
import * as vscode from "vscode";
import { runLoad } from "./load";
import { type ProgramRun, serverCommand } from "./protocol";
import type { Server } from "./server";

/** Tells the runs apart, so that a file can run several times at once. */
let runs = 0;

/** Runs a Ruby file in a terminal, the active editor's by default, and loads the dump that it leaves behind. */
export async function runFile(server: Server, output: vscode.LogOutputChannel, resource?: vscode.Uri): Promise<void> {
  const file = resource ?? vscode.window.activeTextEditor?.document.uri;
  if (file?.scheme !== "file") {
    throw new Error("Open the Ruby file that is to be run first, and save it.");
  }
  if (!(await save(file))) {
    return;
  }
  const run = await server.run<ProgramRun>(serverCommand.run, { path: file.fsPath });
  const name = path.basename(file.fsPath);
  await finish(terminalTask(name, run));
  await runLoad(server, output, {
    title: `Loading the heap of ${name}`,
    command: serverCommand.load,
    argument: { folder: run.folder },
  });
}

/** False: what is in the editor could not be written, of which VS Code has told the user. */
async function save(file: vscode.Uri): Promise<boolean> {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === file.toString());
  return document?.isDirty ? document.save() : true;
}

function terminalTask(name: string, { command: [program = "", ...args], cwd }: ProgramRun): vscode.Task {
  const execution = new vscode.ProcessExecution(program, args, { cwd });
  const definition = { type: "heapline", run: ++runs };
  const task = new vscode.Task(definition, vscode.TaskScope.Workspace, name, "Heapline", execution, []);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true, showReuseMessage: false };
  return task;
}

/** Runs a task until it ends, by itself or because the user stops it. */
async function finish(task: vscode.Task): Promise<void> {
  let listener: vscode.Disposable | undefined;
  try {
    const ended = new Promise<void>((resolve) => {
      listener = vscode.tasks.onDidEndTask(({ execution }) => {
        if (execution.task.definition["run"] === task.definition["run"]) {
          resolve();
        }
      });
    });
    await vscode.tasks.executeTask(task);
    await ended;
  } finally {
    listener?.dispose();
  }
}
