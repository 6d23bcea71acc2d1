/** What the manifest promises and VS Code would not check before a user trips over it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const source = readFileSync("src/extension.ts", "utf8");

test("every command of the palette is implemented", () => {
  const missing = manifest.contributes.commands
    .map((entry: { command: string }) => entry.command)
    .filter((command: string) => !source.includes(`"${command}"`));
  assert.deepEqual(missing, []);
});

test("every setting is described, has a default, and a number its bounds", () => {
  type Property = { type: string; default: unknown; markdownDescription?: string; minimum?: number };
  const settings = Object.entries<Property>(manifest.contributes.configuration.properties);
  assert.ok(settings.length >= 10);
  for (const [name, setting] of settings) {
    assert.ok((setting.markdownDescription ?? "").length > 20, `${name} is not described`);
    assert.notEqual(setting.default, undefined, `${name} has no default`);
    if (setting.type === "number" || setting.type === "integer") {
      assert.notEqual(setting.minimum, undefined, `${name} has no minimum`);
    }
  }
});

test("what a workspace may not decide is restricted", () => {
  const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const setting of ["heapline.server.path", "heapline.rubyCommand", "heapline.dumpFolder"]) {
    assert.ok(restricted.includes(setting), setting);
  }
  assert.equal(manifest.contributes.configuration.properties["heapline.server.path"].scope, "machine");
});

test("what runs or looks into a program waits for the workspace to be trusted", () => {
  const commands: { command: string; enablement?: string }[] = manifest.contributes.commands;
  const trusted = commands.filter((entry) => entry.enablement === "isWorkspaceTrusted").map((entry) => entry.command);
  assert.deepEqual(trusted, ["heapline.run", "heapline.capture", "heapline.captureSeries"]);
});

/** The regular expression of the Explorer's menu entry. */
function explorerPattern(): RegExp {
  const when: string = manifest.contributes.menus["explorer/context"][0].when;
  const [, pattern = "", flags] = /=~ \/(.*)\/(\w*)$/.exec(when) ?? [];
  return new RegExp(pattern, flags);
}

for (const file of [
  "a.dump",
  "a.heap",
  "a.heapdump",
  "my-heap-2.json",
  "leak-3.json.gz",
  "leak.json.zst",
  "A.HEAP.GZ",
  "rss.jsonl",
  "x.dump.zst",
]) {
  test(`the Explorer offers to load ${file}`, () => assert.match(file, explorerPattern()));
}

for (const file of [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.base.json",
  ".rubocop.json",
  "heap.rb",
  "a.gz",
  "dump.tar.gz",
]) {
  test(`the Explorer does not offer to load ${file}`, () => assert.doesNotMatch(file, explorerPattern()));
}
