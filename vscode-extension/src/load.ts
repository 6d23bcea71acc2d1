import * as path from "node:path";
import * as vscode from "vscode";
import { loadRemark, summaryLog, withoutLinks } from "./messages";
import { type FoundDump, type Summary, serverCommand } from "./protocol";
import type { Server } from "./server";

interface DumpItem extends vscode.QuickPickItem {
  /** Absent: "Browse…" */
  path?: string;
}

/** Asks for a dump: those that the server finds in the workspace, or any file. Undefined: the user gave up. */
export async function pickDump(server: Server): Promise<string | undefined> {
  const picked = await vscode.window.showQuickPick(dumpItems(server), {
    title: "Load heap dump",
    placeHolder: "Heap dumps in this workspace, newest first",
    matchOnDescription: true,
  });
  return picked === undefined ? undefined : (picked.path ?? (await browse()));
}

async function dumpItems(server: Server): Promise<DumpItem[]> {
  const found = await server.run<FoundDump[]>(serverCommand.findDumps);
  return [
    ...found.map((dump) => ({ label: dump.name, description: dump.detail, path: dump.path })),
    { label: "", kind: vscode.QuickPickItemKind.Separator },
    {
      label: "$(folder-opened) Browse…",
      ...(found.length === 0 ? { description: "no heap dump found in this workspace" } : {}),
      alwaysShow: true,
    },
  ];
}

async function browse(): Promise<string | undefined> {
  const files = await vscode.window.showOpenDialog({
    title: "Load heap dump",
    openLabel: "Load",
    canSelectMany: false,
  });
  return files?.[0]?.fsPath;
}

/** Loads a dump, or the loaded one again, and says what the hints cannot say. */
export async function load(server: Server, output: vscode.LogOutputChannel, dump: { path: string; again?: boolean }) {
  const name = path.basename(dump.path);
  const summary = dump.again
    ? await server.runWithProgress<Summary>(`Reloading ${name}`, serverCommand.reload)
    : await server.runWithProgress<Summary>(`Loading ${name}`, serverCommand.load, { path: dump.path });
  if (summary === undefined) {
    output.info(`loading ${dump.path} was cancelled`);
    return;
  }
  output.info(summaryLog(summary));
  const remark = loadRemark(name, summary);
  if (remark !== undefined) {
    const action = await vscode.window.showWarningMessage(withoutLinks(remark), "Show output");
    if (action !== undefined) {
      output.show();
    }
  }
}
