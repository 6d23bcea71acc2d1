/** VS Code for the browser, with the packaged extension installed, serving one folder. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What would otherwise get between a test and what it looks for. */
const quietSettings = {
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.cursorBlinking": "solid",
  "editor.hover.delay": 100,
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "files.simpleDialog.enable": true,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "terminal.integrated.gpuAcceleration": "off", // what it prints is text on the page, not a picture
  "update.mode": "none",
  "window.commandCenter": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export interface Setup {
  /** The folder that setup-editor.sh prints. */
  installation: string;
  vsix: string;
  workspace: string;
  /** An empty folder for all that the editor writes. */
  scratch: string;
  /** Of the user, beside those that keep the editor quiet. */
  settings: Record<string, unknown>;
}

export class Editor {
  private constructor(
    private readonly setup: Setup,
    private readonly address: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(setup: Setup): Promise<Editor> {
    const folders = ["--user-data-dir", path.join(setup.scratch, "user"), "--extensions-dir", extensionsDir(setup)];
    const codeServer = path.join(setup.installation, "code-server");
    await writeSettings(setup, "User", { ...quietSettings, ...setup.settings });
    await writeSettings(setup, "Machine", {}); // a file that is there can be seen to change
    await run(codeServer, [...folders, "--install-extension", setup.vsix]);
    const flags = ["--auth=none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
    const server = spawn(
      codeServer,
      [
        ...folders,
        ...flags,
        "--disable-getting-started-override",
        "--bind-addr=127.0.0.1:0",
        `--config=${path.join(setup.scratch, "none.yaml")}`,
        setup.workspace,
      ],
      { env: { ...process.env, EXTENSIONS_GALLERY: "{}" }, stdio: ["ignore", "pipe", "pipe"] },
    );
    return new Editor(setup, await listening(server), server);
  }

  /** The address that opens a folder, the workspace by default, with one of its files. */
  url(file: string, folder = this.setup.workspace): string {
    const resource = `vscode-remote://${this.address}${path.join(folder, file)}`;
    const query = new URLSearchParams({
      folder,
      payload: JSON.stringify([["openFile", resource]]),
    });
    return `http://${this.address}/?${query}`;
  }

  /** Replaces the machine's settings, which rank above the user's; VS Code notices by itself. */
  async changeSettings(settings: Record<string, unknown>): Promise<void> {
    await writeSettings(this.setup, "Machine", settings);
  }

  /** The program that came with the extension. */
  async program(): Promise<string> {
    const folder = (await readdir(extensionsDir(this.setup))).find((name) => name.startsWith("heapline."));
    return path.join(extensionsDir(this.setup), folder ?? "", "bin", "heapline");
  }

  /** What runs from the extension's own folder as a language server. */
  async serverPids(): Promise<number[]> {
    const { stdout } = await run("ps", ["-eo", "pid=,args="]);
    const ours = path.join(extensionsDir(this.setup), "heapline.");
    return stdout
      .split("\n")
      .map((line) => /^\s*(\d+) (.*)$/.exec(line))
      .filter((match) => match?.[2]?.startsWith(ours) && match[2].includes("/heapline lsp"))
      .map((match) => Number(match?.[1]));
  }

  /** What the extension wrote to its output channel. */
  async log(): Promise<string> {
    const logs = path.join(this.setup.scratch, "user", "logs");
    const files = (await readdir(logs, { recursive: true })).filter((file) => file.endsWith("Heapline.log"));
    return (await Promise.all(files.map((file) => readFile(path.join(logs, file), "utf8")))).join("\n");
  }

  async stop(): Promise<void> {
    await terminate(this.process, "SIGTERM");
  }
}

/** Ends a process and waits for its end; the hard way if it takes too long. */
export async function terminate(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const closed = once(child, "close");
  child.kill(signal);
  const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await closed;
  clearTimeout(hard);
}

function extensionsDir(setup: Setup): string {
  return path.join(setup.scratch, "extensions");
}

async function writeSettings(setup: Setup, whose: "User" | "Machine", settings: object): Promise<void> {
  const folder = path.join(setup.scratch, "user", whose);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "settings.json"), JSON.stringify(settings, null, 2));
}

/** The address, "127.0.0.1:43210", that the editor says it listens on. */
async function listening(server: ChildProcess): Promise<string> {
  if (server.stdout === null || server.stderr === null) {
    throw new Error("the editor's output is not read");
  }
  let output = "";
  server.stderr.on("data", (text) => {
    output += text;
  });
  for await (const line of createInterface({ input: server.stdout })) {
    output += `${line}\n`;
    const address = /HTTP server listening on http:\/\/([\d.:]+)/.exec(line)?.[1];
    if (address !== undefined) {
      server.stdout.resume(); // the rest is of no interest, but a full pipe would block the editor
      return address;
    }
  }
  throw new Error(`the editor did not start:\n${output}`);
}
