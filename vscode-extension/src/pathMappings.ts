import * as vscode from "vscode";

/** A folder that dumps name, and the folder here that it is. */
export interface PathMapping {
  from: string;
  to: string;
}

/** Makes sure of what the server has inferred: from now on it is a setting of the workspace. */
export async function writePathMapping({ from, to }: PathMapping): Promise<void> {
  const config = vscode.workspace.getConfiguration("heapline");
  const known = config.get<Record<string, string>>("pathMappings", {});
  await config.update("pathMappings", { ...known, [from]: to }, vscode.ConfigurationTarget.Workspace);
}
