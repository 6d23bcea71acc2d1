/** What is shown of the server's state and of a load's result. Nothing here needs VS Code. */
import * as path from "node:path";
import type { Problem, Status, Summary } from "./protocol";

/** What there is to know about the server: what it says itself, or why it says nothing. */
export type ServerState = Status | { state: "starting" } | { state: "stopped"; reason: string };

export interface StatusView {
  text: string;
  /** Markdown */
  tooltip: string;
  failed: boolean;
}

export function statusView(server: ServerState): StatusView {
  switch (server.state) {
    case "starting":
      return { text: "$(loading~spin) Heapline", tooltip: "Heapline's server is starting.", failed: false };
    case "stopped":
      return { text: "$(error) Heapline: no server", tooltip: escapeMarkdown(server.reason), failed: true };
    case "loading":
      return view("$(loading~spin) Heapline:", server);
    case "loaded":
      return view("$(database)", server);
    case "none":
      return view("$(database) Heapline:", server);
  }
}

function view(prefix: string, status: Status): StatusView {
  return { text: `${prefix} ${withoutIcons(status.text)}`, tooltip: status.tooltip ?? "", failed: false };
}

/** Status bar items and lists turn $(name) into an icon; a file or a program may be called so. */
export function withoutIcons(text: string): string {
  return text.replace(/\$\(/g, "$\u200b(");
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-!|<>~]/g, "\\$&");
}

/** A notification turns [text](target) into a link, also into one that runs a command; a file may be called so. */
export function withoutLinks(text: string): string {
  return text.replace(/\]\(/g, "]\u200b(");
}

/** What the user should hear of after a load; nothing if all went well, because then the hints say it. */
export function loadRemark(summary: Summary): string | undefined {
  const remarks = [
    ...captureWarnings(summary),
    whyNothingShows(summary),
    otherProcesses(summary),
    ...(summary.damage ?? []),
  ].filter((remark) => remark !== undefined);
  return remarks.length > 0 ? `${dumpNames(summary).join(", ")}: ${remarks.join(" ")}` : undefined;
}

function dumpNames({ path: newest, series }: Summary): string[] {
  const paths = series.length > 0 ? series.map((dump) => dump.path) : [newest];
  return paths.map((dump) => path.basename(dump));
}

function captureWarnings({ warnings = [] }: Summary): string[] {
  return warnings.map((warning) => `${warning}.`);
}

function whyNothingShows(summary: Summary): string | undefined {
  if (summary.sites === 0) {
    if (captureWarnings(summary).length > 0) {
      return undefined; // they say it, and what to do about a process that runs
    }
    return (
      "No object in this dump says which line made it. Call ObjectSpace.trace_object_allocations_start early in your " +
      "program, then take the dump again."
    );
  }
  if (summary.mappedFiles === 0) {
    return (
      `Loaded, but nothing to show here: of the ${count(summary.files, "file")} that it names, none is in this ` +
      "workspace. Open the project that the dump was taken from."
    );
  }
  return undefined;
}

function otherProcesses({ match }: Summary): string | undefined {
  return match === "totals"
    ? "The dumps are not of one process: only how many objects each line has is compared, which names no leak."
    : undefined;
}

/** The summary in full, for the output channel. */
export function summaryLog(summary: Summary): string {
  const lines = [
    ...(summary.captured ?? []),
    ...(summary.warnings ?? []),
    `loaded ${summary.path}: ${count(summary.objects.objects, "object")}, ${number(summary.live.objects)} of them live`,
    `${count(summary.sites, "line")} of ${count(summary.files, "file")} made them; in this workspace are ` +
      `${number(summary.mappedFiles)} of the files, ${number(summary.ambiguousFiles)} could be one of several here`,
    ...summary.inferred.map(({ from, to, files }) => `${from} is taken for ${to}: ${count(files, "file")}`),
    ...summary.notes,
    ...summary.problems.first.map((problem) => `problem in ${describeProblem(problem)}`),
  ];
  return lines.join("\n");
}

function describeProblem(problem: Problem): string {
  return `line ${number(problem.line)}, ${problem.message}`;
}

/** "1 file", "15,002 files" */
function count(n: number, noun: string): string {
  return `${number(n)} ${noun}${n === 1 ? "" : "s"}`;
}

function number(n: number): string {
  return n.toLocaleString("en-US");
}
