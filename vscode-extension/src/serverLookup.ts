/** Which program to start as the server. Nothing here needs VS Code. */
import { type ExecFileException, execFile } from "node:child_process";
import { access } from "node:fs/promises";
import * as path from "node:path";

export interface Surroundings {
  /** The setting heapline.server.path; empty when not set. */
  setting: string;
  /** The folder of the extension, whose bin/ holds the server where it was packaged for this platform. */
  extensionDir: string;
  homeDir: string;
  /** The environment's PATH. */
  searchPath: string;
  windows: boolean;
}

export interface Candidate {
  path: string;
  /** Where it was looked up, in words that finish "… from". */
  origin: string;
}

export interface Server extends Candidate {
  version: string;
}

/** No server could be started; the message says in plain words what was tried. */
export class ServerMissing extends Error {}

/**
 * The programs to try, best first. A setting is the user's decision: whatever is wrong with it is said, and nothing
 * else is tried in its place.
 */
export function candidates(where: Surroundings): Candidate[] {
  if (where.setting !== "") {
    return [{ path: expandHome(where.setting, where.homeDir), origin: "the setting heapline.server.path" }];
  }
  const program = where.windows ? "heapline.exe" : "heapline";
  // Relative entries of PATH would make the opened folder a place to start programs from.
  const folders = where.searchPath.split(where.windows ? ";" : ":").filter((folder) => path.isAbsolute(folder));
  return [
    { path: path.join(where.extensionDir, "bin", program), origin: "the extension" },
    ...folders.map((folder) => ({ path: path.join(folder, program), origin: "your PATH" })),
  ];
}

function expandHome(file: string, homeDir: string): string {
  return file.replace(/^~(?=$|[\\/])/, () => homeDir);
}

/** The first candidate that is there and answers as Heapline. */
export async function findServer(where: Surroundings): Promise<Server> {
  const wrong: string[] = [];
  for (const candidate of candidates(where)) {
    if (where.setting === "" && !(await exists(candidate.path))) {
      continue;
    }
    try {
      return { ...candidate, version: await serverVersion(candidate.path) };
    } catch (error) {
      wrong.push(`${candidate.path} (from ${candidate.origin}) ${(error as Error).message}`);
    }
  }
  if (wrong.length > 0) {
    throw new ServerMissing(`Heapline's server does not start: ${wrong.join("; ")}.`);
  }
  throw new ServerMissing(
    "Heapline's server is missing: this build of the extension has none for your platform, and there is no heapline " +
      "on your PATH. Say in the setting heapline.server.path where it is.",
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

const versionTimeoutMs = 10_000;

/** What `file --version` says, "0.1.0"; throws words that complete a sentence beginning with the file. */
export function serverVersion(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, ["--version"], { timeout: versionTimeoutMs, windowsHide: true }, (error, stdout) => {
      const version = /^heapline (\S+)/.exec(stdout)?.[1];
      if (!error && version !== undefined) {
        resolve(version);
      } else {
        reject(new Error(error ? whyNotRun(error) : `is not Heapline (to --version it said ${quote(stdout)})`));
      }
    });
  });
}

function whyNotRun(error: ExecFileException): string {
  if (error.killed) {
    return `did not answer --version within ${versionTimeoutMs / 1000} seconds`;
  }
  if (error.signal) {
    return `was ended by ${error.signal} before it answered --version`;
  }
  switch (error.code) {
    case "ENOENT":
      return "does not exist";
    case "EACCES":
      return "may not be executed";
    case "ENOEXEC":
    case "UNKNOWN":
      return "is not a program for this machine";
    default:
      return typeof error.code === "number"
        ? `is not Heapline (to --version it exited with code ${error.code})`
        : `cannot be run (${error.code})`;
  }
}

function quote(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line === "" ? "nothing" : `“${line.slice(0, 60)}”`;
}
