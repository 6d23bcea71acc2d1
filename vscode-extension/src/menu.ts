import * as vscode from "vscode";
import { hintsEnabled } from "./hints";
import type { PathMapping } from "./pathMappings";

interface MenuItem extends vscode.QuickPickItem {
  command: string;
}

function menuItems(hasDump: boolean, inferred: PathMapping | undefined): MenuItem[] {
  const items: MenuItem[] = [{ label: "$(database) Load heap dump…", command: "heapline.load" }, ...captureItems()];
  if (hasDump) {
    items.push(
      { label: "$(add) Add heap dump to series…", command: "heapline.add" },
      { label: "$(refresh) Reload", command: "heapline.reload" },
      { label: "$(close) Unload", command: "heapline.unload" },
    );
  }
  if (inferred !== undefined) {
    const description = `${inferred.from} → ${inferred.to}`;
    items.push({ label: "$(link) Write path mapping to settings", description, command: "heapline.writePathMapping" });
  }
  const hints = hintsEnabled() ? "now shown" : "now hidden";
  items.push(
    { label: "$(eye) Toggle hints", description: hints, command: "heapline.toggleHints" },
    { label: "$(output) Show output", command: "heapline.showOutput" },
    { label: "$(debug-restart) Restart server", command: "heapline.restart" },
  );
  return items;
}

/** What takes dumps; it runs programs, so only where the workspace is trusted. */
function captureItems(): MenuItem[] {
  if (!vscode.workspace.isTrusted) {
    return [];
  }
  const ruby = vscode.window.activeTextEditor?.document.languageId === "ruby";
  return [
    ...(ruby ? [{ label: "$(play) Run Ruby file and load its heap", command: "heapline.run" }] : []),
    { label: "$(device-camera) Capture heap dump from process…", command: "heapline.capture" },
    { label: "$(graph-line) Capture a series of heap dumps from process…", command: "heapline.captureSeries" },
  ];
}

/** The status bar item's menu: the same commands as in the palette. */
export async function showMenu(hasDump: boolean, inferred: PathMapping | undefined): Promise<void> {
  const picked = await vscode.window.showQuickPick(menuItems(hasDump, inferred), { title: "Heapline" });
  if (picked !== undefined) {
    await vscode.commands.executeCommand(picked.command);
  }
}
