/** Dumps that are taken from within the editor: of a file that it runs, and of processes that run already. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Checks } from "./checks";
import { type Editor, terminate } from "./editor";
import type { Workbench } from "./workbench";

/** What the checks find and leave on the disk. */
interface Places {
  workspace: string;
  /** A folder for what the sample app writes and for the dumps. */
  taken: string;
  pictures: string;
}

/** Has the sample app write where it is to, as it takes that folder from its command line. */
export async function captureSettings(taken: string): Promise<Record<string, unknown>> {
  const argument = path.join(taken, "argument.rb");
  await writeFile(argument, `ARGV << ${JSON.stringify(taken)}\n`);
  return { "heapline.rubyCommand": `ruby -r${argument}`, "heapline.dumpFolder": path.join(taken, "dumps") };
}

export async function checkCapture(checks: Checks, workbench: Workbench, editor: Editor, at: Places): Promise<void> {
  await checkRun(checks, workbench, at);
  await checkTerminal(checks, workbench, at);
  const started: ChildProcess[] = [];
  const start = async (...command: string[]) => {
    const [pid, child] = await startRuby(at.workspace, command);
    started.push(child);
    return pid;
  };
  try {
    await checkProcesses(checks, workbench, at, () => start("ruby", "-e", announced));
    const program = await editor.program();
    const leak = () => start(program, "run", "--out", at.taken, "--", "ruby", "-e", leaking);
    await checkTracing(checks, workbench, at, () => start("ruby", "-rrbtrace", "-e", leaking));
    await checkAttach(checks, workbench, at, leak);
  } finally {
    for (const child of started) {
      await terminate(child, "SIGTERM");
    }
  }
}

async function checkRun(checks: Checks, workbench: Workbench, at: Places): Promise<void> {
  const server = path.join(at.workspace, "server.rb");
  await checks.check(
    "the editor's title runs a Ruby file in a terminal, and its hints are there at its end",
    async () => {
      await workbench.command("Heapline: Unload");
      await workbench.statusBar("no dump").waitFor();
      await workbench.openFile(server);
      await workbench.typeAfter("# usage:", " # typed");
      await workbench.titleButton("Run Ruby file and load its heap");
      await workbench.terminalShows("leak-3.json: ");
      await workbench.statusBar(/server-\d+-\S+\.heap · [\d.]+ MB live/).waitFor();
      await workbench.page.screenshot({ path: path.join(at.pictures, "run-terminal.png") });
      await workbench.closePanel();
      await workbench.lineShows(27, /Request\.new.*7,00\d objects · /);
      await workbench.toastGone(/Loading the heap of server\.rb/);
      await workbench.page.screenshot({ path: path.join(at.pictures, "run.png") });
      await workbench.command("View: Close Editor");
      await workbench.lineShows(8, /@headers = .*21,00\d objects · 1\.7 MB retained/);
    },
  );
  await checks.check("what was typed had been saved before", async () => {
    assert.match(await readFile(server, "utf8"), /^# usage:.* # typed$/m);
  });
  await checks.check("a file that leaves no dump says so, and the loaded one stays", async () => {
    await writeFile(path.join(at.workspace, "quits.rb"), "exit!\n");
    await workbench.openFile(path.join(at.workspace, "quits.rb"));
    await workbench.command("Heapline: Run Ruby file and load its heap");
    await workbench.toast("the program left no heap dump").waitFor();
    await workbench.page.screenshot({ path: path.join(at.pictures, "run-no-dump.png") });
    await workbench.clearNotifications();
    await workbench.closePanel();
    await workbench.command("View: Close Editor");
    await workbench.lineShows(8, /@headers = .*21,00\d objects/);
  });
}

async function checkTerminal(checks: Checks, workbench: Workbench, at: Places): Promise<void> {
  const asks = path.join(at.workspace, "asks.rb");
  await checks.check(
    "a program that is typed to and stopped with Ctrl-C in its terminal has its heap shown",
    async () => {
      await writeFile(asks, 'kept = ["x" * 5000]\nputs "Who?"\nputs "for #{$stdin.gets}"\nsleep\n');
      await workbench.openFile(asks);
      await workbench.command("Heapline: Run Ruby file and load its heap");
      await workbench.terminalShows("Who?");
      await workbench.typeIntoTerminal("Ada\n");
      await workbench.terminalShows("for Ada");
      await workbench.page.keyboard.press("Control+C");
      await workbench.statusBar(/asks-\d+-\S+\.heap · [\d.]+ MB live/).waitFor();
      await workbench.lineShows(1, /kept = .*objects? · /);
      await workbench.closePanel();
      await workbench.command("View: Close Editor");
    },
  );
}

async function checkProcesses(
  checks: Checks,
  workbench: Workbench,
  at: Places,
  start: () => Promise<number>,
): Promise<void> {
  await checks.check("Capture heap dump lists a process that has just come when it is refreshed", async () => {
    await workbench.command(`Heapline: ${one}`);
    await workbench.listShows(one);
    const pid = await start();
    await workbench.listButton("Refresh");
    await workbench.filterList(`pid ${pid} ·`);
    const rows = await workbench.listRows(one, `pid ${pid} ·`);
    await workbench.page.screenshot({ path: path.join(at.pictures, "processes.png") });
    assert.match(rows[0] ?? "", /no way in/);
  });
  await checks.check("a process without a way in says what to do when it is picked", async () => {
    await workbench.pick("no way in");
    await workbench.toast(/no way in: start it with heapline run, or add the gem rbtrace/).waitFor();
    await workbench.page.screenshot({ path: path.join(at.pictures, "no-way-in.png") });
    await workbench.clearNotifications();
  });
}

/** A process that has rbtrace can be reached, and yet does not say where its objects come from. */
async function checkTracing(
  checks: Checks,
  workbench: Workbench,
  at: Places,
  start: () => Promise<number>,
): Promise<void> {
  await checks.check("a process without allocation tracing says so, and traces from then on if asked to", async () => {
    const pid = await start();
    await pickProcess(workbench, one, pid);
    const off = workbench.toast(/-\d+\.heap: allocation tracing was off/);
    await off.waitFor();
    await workbench.page.screenshot({ path: path.join(at.pictures, "tracing-off.png") });
    await workbench.toastButton(off, "Switch tracing on");
    const on = workbench.toast("allocation tracing is on from now on");
    await on.waitFor();
    assert.equal(await on.getByText("Switch tracing on").count(), 0);
    await workbench.clearNotifications();
    await pickProcess(workbench, one, pid);
    await workbench.lineShows(8, /@headers = .*[\d,]+ objects · /);
    await workbench.toastGone(/Capturing/);
  });
}

async function checkAttach(
  checks: Checks,
  workbench: Workbench,
  at: Places,
  start: () => Promise<number>,
): Promise<void> {
  let pid = 0;
  const loaded = () => workbench.statusBar(new RegExp(`-${pid}-\\S+\\.heap · [\\d.]+ MB live`));
  await checks.check("a process that heapline run started is picked, and its hints are there", async () => {
    await workbench.command("Heapline: Unload");
    await workbench.lineShows(8, /@headers = (?!.*objects)/);
    pid = await start();
    await pickProcess(workbench, one, pid);
    await loaded().waitFor();
    await workbench.lineShows(8, /@headers = .*[\d,]+ objects · /);
    await workbench.toastGone(/Capturing/);
    await workbench.page.screenshot({ path: path.join(at.pictures, "captured.png") });
  });
  await checks.check("Cancel ends a series, without an error, and keeps the dump that was loaded", async () => {
    const before = (await loaded().textContent()) ?? "";
    await pickProcess(workbench, series, pid);
    await workbench.answer("How many dumps", "1");
    await workbench.answer("A whole number from 2", "2");
    await workbench.answer("How many seconds", "3600");
    const toast = workbench.toast("Capturing 2 heap dumps").filter({ hasText: "1 of 2" });
    await toast.waitFor();
    await workbench.page.screenshot({ path: path.join(at.pictures, "series-waits.png") });
    await workbench.toastButton(toast, "Cancel");
    await workbench.toastGone(/Capturing/);
    assert.equal(await workbench.page.locator(".notification-toast").count(), 0);
    assert.equal(await loaded().textContent(), before);
    await workbench.lineShows(8, /@headers = .*[\d,]+ objects · /);
  });
  await checks.check("a series of 2 is taken and loaded as a series", async () => {
    await pickProcess(workbench, series, pid);
    await workbench.answer("How many dumps", "2");
    await workbench.answer("How many seconds", "1");
    await workbench.lineShows(8, /@headers = .*[\d,]+ objects ▲ [\d,]+ · /);
    await workbench.toastGone(/Capturing/);
    await workbench.page.screenshot({ path: path.join(at.pictures, "captured-series.png") });
  });
}

/** The commands' titles. */
const one = "Capture heap dump from process";
const series = "Capture a series of heap dumps from process";

async function pickProcess(workbench: Workbench, title: string, pid: number): Promise<void> {
  await workbench.command(`Heapline: ${title}`);
  await workbench.listShows(title);
  await workbench.filterList(`pid ${pid} ·`);
  await workbench.pick(`pid ${pid} ·`);
}

/** Says who it is once it runs. */
const announced = "puts Process.pid; $stdout.flush; sleep";

/** Keeps requests for ever, more and more of them, and says who it is once the first are there. */
const leaking = `
  require "./lib/request"
  kept = Array.new(1000) { |id| Request.new(id) }
  puts Process.pid
  $stdout.flush
  loop { kept << Request.new(kept.size); sleep 0.001 }
`;

/** Starts a command that ends in a Ruby program, and waits until that says its number. */
async function startRuby(cwd: string, [program = "", ...args]: string[]): Promise<[pid: number, child: ChildProcess]> {
  const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume();
    return [Number(line), child];
  }
  throw new Error(`${program} ${args.join(" ")} said nothing`);
}
