import * as vscode from "vscode";
import { type ServerState, statusView } from "./messages";

/** The status bar item that says which dump is loaded; a click opens the menu. */
export function createStatusItem(): { item: vscode.StatusBarItem; show: (state: ServerState) => void } {
  const item = vscode.window.createStatusBarItem("status", vscode.StatusBarAlignment.Left, 5);
  item.name = "Heapline";
  item.command = "heapline.menu";
  const show = (state: ServerState) => {
    const view = statusView(state);
    item.text = view.text;
    item.tooltip = new vscode.MarkdownString(view.tooltip);
    item.backgroundColor = view.failed ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    item.show();
  };
  return { item, show };
}
