import assert from "node:assert/strict";
import { test } from "node:test";
import { loadRemark, type ServerState, statusView, summaryLog, withoutLinks } from "../../src/messages";
import type { Summary } from "../../src/protocol";

const views: { name: string; state: ServerState; text: string; failed?: boolean }[] = [
  { name: "no dump", state: { state: "none", text: "no dump" }, text: "$(database) Heapline: no dump" },
  {
    name: "a load under way",
    state: { state: "loading", text: "loading 43 %", percent: 43, path: "/a/b.heap" },
    text: "$(loading~spin) Heapline: loading 43 %",
  },
  {
    name: "a loaded dump",
    state: { state: "loaded", text: "leak-3.json.gz · 8.6 MB live", path: "/a/leak-3.json.gz" },
    text: "$(database) leak-3.json.gz · 8.6 MB live",
  },
  { name: "a server that starts", state: { state: "starting" }, text: "$(loading~spin) Heapline" },
  {
    name: "no server",
    state: { state: "stopped", reason: "It is *gone*." },
    text: "$(error) Heapline: no server",
    failed: true,
  },
];
for (const { name, state, text, failed = false } of views) {
  test(`the status bar shows ${name}`, () => {
    const view = statusView(state);
    assert.equal(view.text, text);
    assert.equal(view.failed, failed);
  });
}

test("a dump whose name looks like an icon stays text", () => {
  assert.doesNotMatch(statusView({ state: "loaded", text: "$(bug).heap" }).text, /\$\(bug\)/);
});

test("the reason why there is no server is not taken for Markdown", () => {
  assert.equal(statusView({ state: "stopped", reason: "a_b [x](y)" }).tooltip, "a\\_b \\[x\\]\\(y\\)");
});

const none = { objects: 0, bytes: 0 };

function summary(changes: Partial<Summary>): Summary {
  return {
    path: "/srv/app.heap",
    objects: { objects: 1500, bytes: 90000 },
    live: { objects: 1, bytes: 40 },
    garbage: none,
    tracer: none,
    noSite: none,
    sites: 12,
    files: 7,
    mappedFiles: 5,
    unmappedFiles: 2,
    ambiguousFiles: 0,
    inferred: [],
    notes: [],
    series: [],
    match: "",
    suspects: 0,
    problems: { count: 0, first: [] },
    ...changes,
  };
}

function series(...paths: string[]): Summary["series"] {
  return paths.map((path) => ({ path, newestGeneration: 1, live: none }));
}

test("dumps of several processes are said to be so", () => {
  assert.match(
    loadRemark(summary({ match: "totals", series: series("/srv/a.heap", "/srv/b.heap") })) ?? "",
    /^a\.heap, b\.heap: .* not of one process/,
  );
});

test("nothing is said when hints say it all", () => {
  assert.equal(loadRemark(summary({})), undefined);
});

test("a dump without allocation tracing says how to get one with it", () => {
  const remark = loadRemark(summary({ sites: 0, files: 0, mappedFiles: 0 }));
  assert.match(remark ?? "", /^app\.heap: No object .* ObjectSpace\.trace_object_allocations_start/);
});

test("a dump of another project says that nothing of it is here", () => {
  assert.match(loadRemark(summary({ mappedFiles: 0 })) ?? "", /of the 7 files that it names, none is in this/);
});

test("a capture's warnings are shown, and what it took only goes to the log", () => {
  const captured = ["app-7-1.heap: 5.6 MB of process 7, which paused for 1.1 ms", "app-7-2.heap: 5.7 MB of process 7"];
  const warnings = ["another Ractor runs"];
  const both = summary({ captured, warnings, series: series("/tmp/x/app-7-1.heap", "/tmp/x/app-7-2.heap") });
  assert.equal(loadRemark(both), "app-7-1.heap, app-7-2.heap: another Ractor runs.");
  assert.deepEqual(summaryLog(both).split("\n").slice(0, 3), [...captured, ...warnings]);
  assert.equal(loadRemark(summary({ captured })), undefined);
});

test("a capture without allocation tracing says so in its warnings alone", () => {
  const captured = ["app.heap: 5.6 MB of process 7, which paused for 1.1 ms"];
  const warnings = ["allocation tracing was off"];
  const remark = loadRemark(summary({ sites: 0, files: 0, mappedFiles: 0, captured, warnings }));
  assert.equal(remark, "app.heap: allocation tracing was off.");
});

test("what is missing of a dump is said in the server's words", () => {
  const damage = [
    "Not all of the dump could be read: it breaks off in its last line (line 84648, byte 26827000).",
    "Take it again.",
  ];
  assert.equal(loadRemark(summary({ damage })), `app.heap: ${damage.join(" ")}`);
});

test("the log tells what was loaded and every problem that is known", () => {
  const first = [1, 2].map((line) => ({ line, offset: 0, message: "no JSON" }));
  assert.deepEqual(summaryLog(summary({ problems: { count: 2, first } })).split("\n"), [
    "loaded /srv/app.heap: 1,500 objects, 1 of them live",
    "12 lines of 7 files made them; in this workspace are 5 of the files, 0 could be one of several here",
    "problem in line 1, no JSON",
    "problem in line 2, no JSON",
  ]);
});

test("nothing in a notification is a link", () => {
  assert.equal(withoutLinks("a [x](command:undo) record"), "a [x]\u200b(command:undo) record");
});
