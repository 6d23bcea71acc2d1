/** What a capture asks the user. Nothing here needs VS Code. */
import { withoutIcons } from "./messages";
import type { RubyProcess } from "./protocol";

/** A row of the list of processes; the one that stands for an empty list has no process. */
export interface ProcessItem {
  label: string;
  description?: string;
  detail: string;
  /** Not filtered away by what is typed. */
  alwaysShow?: boolean;
  process?: RubyProcess;
}

export function processItems(processes: RubyProcess[]): ProcessItem[] {
  if (processes.length === 0) {
    return [
      {
        label: "No Ruby process is running",
        detail: "Start one in a terminal (heapline run -- ruby app.rb), then choose this to look again.",
        alwaysShow: true,
      },
    ];
  }
  return processes.map((process) => ({
    label: `${process.attachable ? "" : "$(circle-slash) "}${withoutIcons(process.label)}`,
    description: withoutIcons(process.detail),
    detail: withoutIcons(process.how),
    process,
  }));
}

/** A number of the series' form: what it is when nothing else is typed, and what it can be. */
export interface NumberField {
  prompt: string;
  initial: number;
  least: number;
  most: number;
}

export const seriesFields = {
  count: {
    prompt: "How many dumps? Three tell what grows from what has only just come.",
    initial: 3,
    least: 2,
    most: 100,
  },
  every: { prompt: "How many seconds from one dump to the next?", initial: 60, least: 1, most: 86_400 },
} satisfies Record<string, NumberField>;

/** Says what is wrong with a typed number, if anything is. */
export function numberProblem(text: string, { least, most }: NumberField): string | undefined {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? undefined : `A whole number from ${least} to ${most}.`;
}
