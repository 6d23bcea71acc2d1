import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ErrorCodes,
  type ErrorHandler,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  LSPErrorCodes,
  ResponseError,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
  TransportKind,
  WorkDoneProgress,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { type ServerState, withoutLinks } from "./messages";
import { type Status, statusNotification } from "./protocol";
import { findServer } from "./serverLookup";

/** What is open in these may have been run as Ruby; dumps name templates by their own files. */
const documentSelector = [
  ...["ruby", "erb", "haml", "slim"].map((language) => ({ scheme: "file", language })),
  { scheme: "file", pattern: "**/*.{rb,rake,ru,gemspec,erb,haml,slim,jbuilder,rabl,builder,arb,axlsx,prawn,thor}" },
  { scheme: "file", pattern: "**/{Rakefile,Gemfile,bin/*,exe/*}" },
];

/** How often a crashing server is started again within three minutes. */
const maxRestarts = 2;

/** Tells the server that its status is wanted. */
const statusCapability: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...capabilities.experimental, heaplineStatus: true };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

/** The server process and the connection to it. Started once, on first use; restarted on demand. */
export class Server implements vscode.Disposable {
  private client: Promise<LanguageClient> | undefined;
  /** The same one, as soon as there is one. */
  private latest: LanguageClient | undefined;
  private tokens = 0;
  private readonly states = new vscode.EventEmitter<ServerState>();
  private readonly crashes = new vscode.EventEmitter<void>();
  readonly onState = this.states.event;
  /** The server died, and is started again. Fired before the state changes. */
  readonly onCrash = this.crashes.event;

  constructor(
    private readonly extensionDir: string,
    private readonly output: vscode.LogOutputChannel,
  ) {}

  /** The running client. Rejects, in words for the user, if there is no server or it does not start. */
  start(): Promise<LanguageClient> {
    if (this.latest?.state === State.Stopped) {
      this.client = undefined; // it crashed too often to be restarted by itself; now somebody asks for it
    }
    this.client ??= this.launch();
    return this.client;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    this.client = undefined;
    this.latest = undefined;
    await client?.dispose().catch((error) => this.output.warn(`stopping the server: ${error}`));
  }

  dispose(): void {
    this.states.dispose();
    this.crashes.dispose();
  }

  /** Runs one of the server's commands. */
  async run<Result>(command: string, ...args: unknown[]): Promise<Result> {
    const client = await this.start();
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args });
  }

  /** Runs one of the server's commands under a notification with its progress and Cancel. Undefined: cancelled. */
  async runWithProgress<Result>(title: string, command: string, ...args: unknown[]): Promise<Result | undefined> {
    const client = await this.start();
    const options = { location: vscode.ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
    return vscode.window.withProgress(options, async (progress, cancellation) => {
      // A token of ours, not one that the server makes: VS Code shows the latter's without Cancel.
      const workDoneToken = `heapline-${++this.tokens}`;
      const listener = client.onProgress(WorkDoneProgress.type, workDoneToken, reporter(progress));
      try {
        const params = { command, arguments: args, workDoneToken };
        return await client.sendRequest(ExecuteCommandRequest.type, params, cancellation);
      } catch (error) {
        if (isAbandoned(error)) {
          return undefined;
        }
        throw error;
      } finally {
        listener.dispose();
      }
    });
  }

  private async launch(): Promise<LanguageClient> {
    this.states.fire({ state: "starting" });
    try {
      const server = await findServer({
        setting: vscode.workspace.getConfiguration("heapline").get("server.path", "").trim(),
        extensionDir: this.extensionDir,
        homeDir: os.homedir(),
        searchPath: process.env["PATH"] ?? "",
        windows: process.platform === "win32",
      });
      this.output.info(`starting ${server.path} (version ${server.version}, from ${server.origin})`);
      const client = this.connect(server.path);
      await client.start();
      this.latest = client;
      return client;
    } catch (error) {
      this.client = undefined; // the next use tries again
      const failure = isAbandoned(error)
        ? new Error("Heapline's server ended while it was starting.")
        : (error as Error);
      this.states.fire({ state: "stopped", reason: failure.message });
      throw failure;
    }
  }

  private connect(program: string): LanguageClient {
    const options: LanguageClientOptions = {
      documentSelector,
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false, // launch() rejects, and whoever asked says so
      synchronize: { configurationSection: "heapline" },
      // Without trust the server runs no git: a repository's settings can name programs.
      initializationOptions: { trusted: vscode.workspace.isTrusted },
    };
    const executable = {
      command: program,
      args: ["lsp"],
      transport: TransportKind.stdio,
      options: { cwd: path.dirname(program) },
    };
    const client: LanguageClient = new LanguageClient("heapline", "Heapline", executable, {
      ...options,
      errorHandler: this.crashHandler(() => client.createDefaultErrorHandler(maxRestarts)),
    });
    client.registerFeature(statusCapability);
    client.onNotification(statusNotification, (status: Status) => this.states.fire(status));
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Starting) {
        this.states.fire({ state: "starting" });
      } else if (newState === State.Stopped) {
        this.states.fire({ state: "stopped", reason: "Heapline's server has stopped. “Show output” may say why." });
      }
    });
    return client;
  }

  /** The usual restarts, but not in silence: with the server its dump is gone. */
  private crashHandler(makeUsual: () => ErrorHandler): ErrorHandler {
    let usual: ErrorHandler | undefined; // remembers when the server crashed
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: async () => {
        usual ??= makeUsual();
        const result = await usual.closed();
        if (result.action === CloseAction.Restart) {
          this.crashes.fire();
        }
        return result;
      },
    };
  }
}

/** VS Code counts progress in increments, the protocol in percent so far. */
function reporter(progress: vscode.Progress<{ message?: string; increment?: number }>) {
  let shown = 0;
  return (value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd) => {
    if (value.kind !== "report") {
      return; // the notification has a title already, and goes with the request
    }
    const percent = Math.max(shown, value.percentage ?? shown);
    progress.report({ increment: percent - shown, ...(value.message === undefined ? {} : { message: value.message }) });
    shown = percent;
  };
}

/** Cancelled by the user or by a newer load, or gone with its server, of which somebody else speaks. */
function isAbandoned(error: unknown): boolean {
  const codes: number[] = [LSPErrorCodes.RequestCancelled, ErrorCodes.PendingResponseRejected];
  return error instanceof vscode.CancellationError || (error instanceof ResponseError && codes.includes(error.code));
}
