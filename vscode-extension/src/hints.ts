import * as vscode from "vscode";

const section = "heapline.inlayHints";

export function hintsEnabled(): boolean {
  return vscode.workspace.getConfiguration(section).get("enabled", true);
}

/** Switches the hints on or off, where the user has set it so far: for this workspace, else for all. */
export async function toggleHints(): Promise<void> {
  const config = vscode.workspace.getConfiguration(section);
  const enable = !hintsEnabled();
  const inWorkspace = config.inspect("enabled")?.workspaceValue !== undefined;
  await config.update("enabled", enable, !inWorkspace);
  if (enable) {
    await remindOfEditorSetting();
  }
}

/** The editor's own switch rules over ours: switched on here and off there, nothing would show, and nobody say why. */
async function remindOfEditorSetting(): Promise<void> {
  const mode = vscode.workspace.getConfiguration("editor").get("inlayHints.enabled", "on");
  if (mode === "on" || mode === "onUnlessPressed") {
    return;
  }
  const action = await vscode.window.showInformationMessage(
    `Heapline's hints are on, but VS Code hides the hints of all extensions (editor.inlayHints.enabled is “${mode}”).`,
    "Open settings",
  );
  if (action !== undefined) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "editor.inlayHints.enabled");
  }
}
