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

/** Asks for dumps to compare with the loaded one; none: the user gave up. */
export async function pickDumps(server: Server): Promise<string[]> {
  const items = (await dumpItems(server)).filter((item) => item.kind !== vscode.QuickPickItemKind.Separator);
  const picked = await vscode.window.showQuickPick(items, {
    title: "Add heap dump to series",
    placeHolder: "Dumps of the same process, in any order",
    matchOnDescription: true,
    canPickMany: true,
  });
  const paths = await Promise.all((picked ?? []).map(async (item) => item.path ?? (await browse())));
  return paths.filter((path) => path !== undefined);
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

/** Which dumps to load: by themselves, beside those that are loaded, or those again. */
interface Wanted {
  paths: string[];
  how?: "add" | "reload";
}

/** Loads dumps and says what the hints cannot say. */
export async function load(server: Server, output: vscode.LogOutputChannel, { paths, how }: Wanted): Promise<void> {
  const name = paths.map((dump) => path.basename(dump)).join(", ");
  if (how === "reload") {
    await runLoad(server, output, { title: `Reloading ${name}`, command: serverCommand.reload });
  } else {
    const command = how === "add" ? serverCommand.addDump : serverCommand.load;
    await runLoad(server, output, { title: `Loading ${name}`, command, argument: { paths } });
  }
}

/** A command of the server that ends with a load. */
interface Loading {
  title: string;
  command: string;
  argument?: object;
  /** What can be done about what was found, if something can. */
  offer?: (summary: Summary) => { label: string; run: () => Promise<void> } | undefined;
}

/** Runs such a command under a notification, and says what the hints cannot say. */
export async function runLoad(server: Server, output: vscode.LogOutputChannel, loading: Loading): Promise<void> {
  const { title, command, argument } = loading;
  const summary = await server.runWithProgress<Summary>(title, command, ...(argument === undefined ? [] : [argument]));
  if (summary === undefined) {
    output.info(`cancelled: ${title}`);
    return;
  }
  output.info(summaryLog(summary));
  const remark = loadRemark(summary);
  if (remark === undefined) {
    return;
  }
  const offer = loading.offer?.(summary);
  const labels = [...(offer === undefined ? [] : [offer.label]), "Show output"];
  const action = await vscode.window.showWarningMessage(withoutLinks(remark), ...labels);
  if (action === "Show output") {
    output.show();
  } else if (action !== undefined) {
    await offer?.run();
  }
}
