/**
 * The messages that Heapline's server knows beside those of the language server protocol. Positions and lines in
 * them count from 1, sizes are bytes; words in them are meant for a developer's eyes and shown as they are.
 */

/** Sent by the server after `initialized` and at every change, if the client says `experimental.heaplineStatus`. */
export const statusNotification = "heapline/status";

export interface Status {
  state: "none" | "loading" | "loaded";
  /** "no dump", "loading 43 %", "leak-3.json.gz · 19.3 MB live" */
  text: string;
  /** Markdown; whatever in it comes from a dump is escaped by the server. */
  tooltip?: string;
  /** The dump that is loaded or being loaded. */
  path?: string;
  /** All dumps of the series, that one among them. */
  paths?: string[];
  percent?: number;
  /** What the setting heapline.pathMappings could hold to make sure of the folder that was inferred for most files. */
  mappedFrom?: string;
  mappedTo?: string;
}

/** The server's own commands (`workspace/executeCommand`), apart from those that VS Code's palette shows. */
export const serverCommand = {
  /**
   * [{paths}] or [{folder}], where a run has left dumps → Summary. Cancellable; a failure's message says what happened
   * and what to do next.
   */
  load: "heapline.server.load",
  /** [{paths}] → Summary of them and of those that are loaded, as a series. Cancellable. */
  addDump: "heapline.server.addDump",
  /** [] → Summary of the same dump, read again. */
  reload: "heapline.server.reload",
  /** [] → null */
  unload: "heapline.server.unload",
  /** [] → FoundDump[], newest first */
  findDumps: "heapline.server.findDumps",
  /** [] → RubyProcess[], largest first */
  processes: "heapline.server.processes",
  /** [CaptureOrder] → Summary of the dump or the series that was taken. Cancellable. */
  capture: "heapline.server.capture",
  /** [{path}] → ProgramRun */
  run: "heapline.server.run",
} as const;

export interface FoundDump {
  path: string;
  /** Relative to the workspace. */
  name: string;
  /** "1.3 MB · 3 minutes ago" */
  detail: string;
  bytes: number;
  /** RFC 3339 */
  modified: string;
}

/** A Ruby process of this machine. */
export interface RubyProcess {
  pid: number;
  /** Its command, shortened. */
  label: string;
  /** "pid 123 · up 3 h 2 min · 1.2 GB" */
  detail: string;
  /** Why it can be attached to, or what to do so that it can. */
  how: string;
  attachable: boolean;
}

/** Which dumps to take. */
export interface CaptureOrder {
  pid: number;
  /** 1 by default. */
  count?: number;
  /** Seconds between two. */
  every?: number;
  /** Switches allocation tracing on first, if it is off; it stays on. */
  trace?: true;
}

/** What to run in a terminal. When it has ended, `load` takes what is in the folder. */
export interface ProgramRun {
  command: string[];
  cwd: string;
  folder: string;
}

export interface Tally {
  objects: number;
  bytes: number;
}

/** What a load found. */
export interface Summary {
  path: string;
  objects: Tally;
  live: Tally;
  garbage: Tally;
  tracer: Tally;
  noSite: Tally;
  sites: number;
  /** Files that the dump's sites name: of them, those found in the workspace, not found, and found more than once. */
  files: number;
  mappedFiles: number;
  unmappedFiles: number;
  ambiguousFiles: number;
  /** Folders that the dump names, with those that were taken for them and how many files that explains. */
  inferred: { from: string; to: string; files: number }[];
  /** Sentences about what is special with the dump. */
  notes: string[];
  /** The dumps that were compared, oldest first; empty for a single one. */
  series: { path: string; newestGeneration: number; live: Tally }[];
  /** How they were: "totals" where they are not of one process. */
  match: "" | "identity" | "cohort" | "totals";
  /** How many lines are leak suspects, or grow steadily as far as a single dump can tell. */
  suspects: number;
  problems: { count: number; first: Problem[] };
  /** Sentences about what is missing of the dumps; empty where all is well. */
  damage?: string[];
  /** Of a capture: a sentence for each dump that was taken, "x.heap: 5.6 MB of process 123, …". */
  captured?: string[];
  /** Of a capture: what to know before one believes the numbers, without a full stop. */
  warnings?: string[];
}

/** Something wrong with a line of the dump. */
export interface Problem {
  line: number;
  /** Of the line's first byte, from 0. */
  offset: number;
  message: string;
}
