import * as vscode from "vscode";
import { type NumberField, numberProblem, type ProcessItem, processItems, seriesFields } from "./captureForm";
import { runLoad } from "./load";
import { withoutLinks } from "./messages";
import { type CaptureOrder, type RubyProcess, serverCommand } from "./protocol";
import type { Server } from "./server";

/** Takes a dump of a process that the user picks, and loads it. */
export async function captureDump(server: Server, output: vscode.LogOutputChannel): Promise<void> {
  const pid = await pickAttachable(server, "Capture heap dump from process");
  if (pid !== undefined) {
    await capture(server, output, { pid });
  }
}

/** Takes several, some time apart, and loads them as a series. */
export async function captureSeries(server: Server, output: vscode.LogOutputChannel): Promise<void> {
  const title = "Capture a series of heap dumps from process";
  const pid = await pickAttachable(server, title);
  const count = pid === undefined ? undefined : await askNumber(title, seriesFields.count);
  const every = count === undefined ? undefined : await askNumber(title, seriesFields.every);
  if (pid !== undefined && count !== undefined && every !== undefined) {
    await capture(server, output, { pid, count, every });
  }
}

async function capture(server: Server, output: vscode.LogOutputChannel, order: CaptureOrder): Promise<void> {
  const what = order.count === undefined ? "a heap dump" : `${order.count} heap dumps`;
  await runLoad(server, output, {
    title: `Capturing ${what} of process ${order.pid}`,
    command: serverCommand.capture,
    argument: order,
    offer: ({ sites }) =>
      sites === 0 && order.trace === undefined
        ? { label: "Switch tracing on", run: () => capture(server, output, { pid: order.pid, trace: true }) }
        : undefined,
  });
}

/** The number of a process that can be attached to. Undefined: the user gave up. */
async function pickAttachable(server: Server, title: string): Promise<number | undefined> {
  const process = await pickProcess(server, title);
  if (process?.attachable !== false) {
    return process?.pid;
  }
  const advice = withoutLinks(`Process ${process.pid}: ${process.how}.`);
  const another = await vscode.window.showWarningMessage(advice, "Choose another");
  return another === undefined ? undefined : pickAttachable(server, title);
}

/** A list of the Ruby processes that can be refreshed while it is open. */
function pickProcess(server: Server, title: string): Promise<RubyProcess | undefined> {
  const list = vscode.window.createQuickPick<ProcessItem>();
  list.title = title;
  list.placeholder = "Ruby processes on this machine, largest first";
  list.matchOnDescription = true;
  list.matchOnDetail = true;
  list.buttons = [{ iconPath: new vscode.ThemeIcon("refresh"), tooltip: "Refresh" }];
  return new Promise((resolve, reject) => {
    const refresh = async () => {
      list.busy = true;
      try {
        list.items = processItems(await server.run<RubyProcess[]>(serverCommand.processes));
      } catch (error) {
        reject(error);
        list.hide();
      }
      list.busy = false;
    };
    list.onDidTriggerButton(refresh);
    list.onDidAccept(() => {
      const process = list.selectedItems[0]?.process;
      if (process === undefined) {
        void refresh();
      } else {
        resolve(process);
        list.hide();
      }
    });
    list.onDidHide(() => {
      resolve(undefined); // has no effect after a choice
      list.dispose();
    });
    list.show();
    void refresh();
  });
}

async function askNumber(title: string, field: NumberField): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title,
    prompt: field.prompt,
    value: String(field.initial),
    validateInput: (typed) => numberProblem(typed, field),
  });
  return text === undefined ? undefined : Number(text);
}
