/** The VS Code side of Heapline: finds, starts, shows and forwards. Every number and almost every word is the server's. */
import * as path from "node:path";
import * as vscode from "vscode";
import { captureDump, captureSeries } from "./capture";
import { toggleHints } from "./hints";
import { load, pickDump, pickDumps } from "./load";
import { showMenu } from "./menu";
import { type ServerState, withoutLinks } from "./messages";
import { type PathMapping, writePathMapping } from "./pathMappings";
import { serverCommand } from "./protocol";
import { runFile } from "./run";
import { Server } from "./server";
import { ServerMissing } from "./serverLookup";
import { createStatusItem } from "./statusItem";

let active: Heapline | undefined;

export function activate(context: vscode.ExtensionContext): void {
  active = new Heapline(context);
}

export async function deactivate(): Promise<void> {
  await active?.server.stop();
}

/** What the Explorer's menu was opened on, and all that is selected there. */
type Command = (resource?: vscode.Uri, selected?: vscode.Uri[]) => unknown;

class Heapline {
  readonly server: Server;
  private readonly output = vscode.window.createOutputChannel("Heapline", { log: true });
  private readonly status = createStatusItem();
  /** The paths of the dumps that are loaded or being loaded: several are a series. */
  private dumps: string[] = [];
  /** What the server has taken a folder of the dump for. */
  private inferred: PathMapping | undefined;

  private readonly commands: Record<string, Command> = {
    "heapline.load": (resource, selected) => this.load(resource, selected),
    "heapline.add": (resource, selected) => this.add(resource, selected),
    "heapline.run": (resource) => runFile(this.server, this.output, resource),
    "heapline.capture": () => captureDump(this.server, this.output),
    "heapline.captureSeries": () => captureSeries(this.server, this.output),
    "heapline.reload": () => this.reload(),
    "heapline.unload": () => this.server.run(serverCommand.unload),
    "heapline.toggleHints": toggleHints,
    "heapline.showOutput": () => this.output.show(),
    "heapline.menu": () => showMenu(this.dumps.length > 0, this.inferred),
    "heapline.writePathMapping": () => this.inferred && writePathMapping(this.inferred),
    "heapline.restart": () => this.restart(),
  };

  constructor(context: vscode.ExtensionContext) {
    this.server = new Server(context.extensionPath, this.output);
    context.subscriptions.push(
      this.output,
      this.status.item,
      this.server,
      this.server.onState((state) => this.showState(state)),
      this.server.onCrash(() => this.guarded(() => this.offerAfterCrash())),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.guarded(() => this.restart())),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("heapline.server.path")) {
          void this.guarded(() => this.server.restart());
        }
      }),
      ...Object.entries(this.commands).map(([name, run]) =>
        vscode.commands.registerCommand(name, (resource?: unknown, selected?: unknown) =>
          this.guarded(() =>
            resource instanceof vscode.Uri ? run(resource, Array.isArray(selected) ? selected : [resource]) : run(),
          ),
        ),
      ),
    );
    void this.guarded(() => this.server.start());
  }

  /** Several dumps are a series. */
  private async load(resource?: vscode.Uri, selected: vscode.Uri[] = []): Promise<void> {
    if (selected.length > 1) {
      await load(this.server, this.output, { paths: selected.map((file) => file.fsPath) });
      return;
    }
    const dump = resource?.fsPath ?? (await pickDump(this.server));
    if (dump !== undefined) {
      await load(this.server, this.output, { paths: [dump] });
    }
  }

  private async add(resource?: vscode.Uri, selected: vscode.Uri[] = []): Promise<void> {
    const paths = resource === undefined ? await pickDumps(this.server) : selected.map((file) => file.fsPath);
    if (paths.length > 0) {
      await load(this.server, this.output, { paths, how: "add" });
    }
  }

  private async reload(): Promise<void> {
    if (this.dumps.length > 0) {
      await load(this.server, this.output, { paths: this.dumps, how: "reload" });
    }
  }

  /** Starts the server afresh, with the dumps that the old one had. */
  private async restart(): Promise<void> {
    const paths = this.dumps;
    await this.server.restart();
    if (paths.length > 0) {
      await load(this.server, this.output, { paths });
    }
  }

  private async offerAfterCrash(): Promise<void> {
    const paths = this.dumps;
    if (paths.length === 0) {
      return;
    }
    const lost = paths.length === 1 ? path.basename(paths[0] ?? "") : `The series of ${paths.length} dumps`;
    const action = await vscode.window.showWarningMessage(
      `Heapline's server crashed and was started again. ${withoutLinks(lost)} is no longer loaded.`,
      "Load again",
      "Show output",
    );
    if (action === "Load again") {
      await load(this.server, this.output, { paths });
    } else if (action === "Show output") {
      this.output.show();
    }
  }

  private showState(state: ServerState): void {
    this.status.show(state);
    this.dumps = state.state === "loading" || state.state === "loaded" ? (state.paths ?? []) : [];
    this.inferred =
      state.state === "loaded" && state.mappedFrom !== undefined && state.mappedTo !== undefined
        ? { from: state.mappedFrom, to: state.mappedTo }
        : undefined;
    void vscode.commands.executeCommand("setContext", "heapline.hasDump", this.dumps.length > 0);
  }

  /** Runs something; what goes wrong is told to the user, in the words of whoever knows best. */
  private async guarded(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      await this.showFailure(error);
    }
  }

  private async showFailure(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.output.error(message);
    const settings = error instanceof ServerMissing ? ["Open settings"] : [];
    const action = await vscode.window.showErrorMessage(withoutLinks(message), ...settings, "Show output");
    if (action === "Show output") {
      this.output.show();
    } else if (action === "Open settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "heapline.server.path");
    }
  }
}
