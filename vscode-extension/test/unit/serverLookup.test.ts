import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { candidates, findServer, ServerMissing, type Surroundings } from "../../src/serverLookup";

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "heapline-lookup-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function surroundings(changes: Partial<Surroundings>): Surroundings {
  return { setting: "", extensionDir: "/ext", homeDir: "/home/ann", searchPath: "", windows: false, ...changes };
}

/** A program that prints and exits. */
async function program(name: string, script: string, mode = 0o755): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, mode);
  return file;
}

const tables: { name: string; where: Partial<Surroundings>; want: string[] }[] = [
  {
    name: "the extension's own server comes before PATH",
    where: { searchPath: "/usr/bin:/opt/bin" },
    want: ["/ext/bin/heapline", "/usr/bin/heapline", "/opt/bin/heapline"],
  },
  {
    name: "a setting rules out everything else",
    where: { setting: "/x/heapline", searchPath: "/usr/bin" },
    want: ["/x/heapline"],
  },
  { name: "a tilde is the home folder", where: { setting: "~/go/bin/heapline" }, want: ["/home/ann/go/bin/heapline"] },
  { name: "a tilde inside a name stays", where: { setting: "/x/a~b" }, want: ["/x/a~b"] },
  {
    name: "relative and empty entries of PATH are skipped, so that a folder cannot bring its own server",
    where: { searchPath: ".::bin:/usr/bin" },
    want: ["/ext/bin/heapline", "/usr/bin/heapline"],
  },
];
for (const { name, where, want } of tables) {
  test(name, () => {
    assert.deepEqual(
      candidates(surroundings(where)).map((candidate) => candidate.path),
      want,
    );
  });
}

test("on Windows the program is called heapline.exe", () => {
  const [first] = candidates(surroundings({ windows: true }));
  assert.equal(first?.path, "/ext/bin/heapline.exe");
});

test("the first server that answers is taken, with its version", async () => {
  const file = await program("onpath/heapline", "echo heapline 0.1.0");
  const where = surroundings({ extensionDir: path.join(folder, "nothing"), searchPath: path.dirname(file) });
  assert.deepEqual(await findServer(where), { path: file, origin: "your PATH", version: "0.1.0" });
});

test("a server of the extension that does not run here gives way to one on PATH", async () => {
  await program("ext/bin/heapline", "exit 3");
  const file = await program("onpath/heapline", "echo heapline 0.1.0");
  const where = surroundings({ extensionDir: path.join(folder, "ext"), searchPath: path.dirname(file) });
  assert.equal((await findServer(where)).path, file);
});

const failures: { name: string; setting: () => Promise<string>; want: RegExp }[] = [
  {
    name: "a path where nothing is",
    setting: async () => path.join(folder, "nowhere"),
    want: /nowhere \(from the setting heapline\.server\.path\) does not exist\.$/,
  },
  {
    name: "a file that may not be executed",
    setting: () => program("plain", "echo heapline 0.1.0", 0o644),
    want: /plain .* may not be executed\.$/,
  },
  {
    name: "another program",
    setting: () => program("other", "echo GNU bash, version 5"),
    want: /other .* is not Heapline \(to --version it said “GNU bash, version 5”\)\.$/,
  },
  {
    name: "a program that knows no --version",
    setting: () => program("silent", "exit 2"),
    want: /silent .* is not Heapline \(to --version it exited with code 2\)\.$/,
  },
  {
    name: "a program that the system ends at once",
    setting: () => program("killed", "kill -KILL $$"),
    want: /killed .* was ended by SIGKILL before it answered --version\.$/,
  },
];
for (const { name, setting, want } of failures) {
  test(`${name} is named, with what is wrong with it`, async () => {
    const lookup = findServer(surroundings({ setting: await setting() }));
    await assert.rejects(lookup, (error) => error instanceof ServerMissing && want.test(error.message));
  });
}

test("without any server the message says where it was looked for and what to do", async () => {
  const lookup = findServer(surroundings({ extensionDir: path.join(folder, "nothing"), searchPath: folder }));
  await assert.rejects(lookup, /missing: .*none for your platform.*PATH.*heapline\.server\.path/);
});
