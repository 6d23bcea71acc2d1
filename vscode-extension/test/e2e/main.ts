/**
 * The main job in real VS Code: a packaged extension, its real server, the sample app and its dumps.
 * Usage: node out/e2e/main.mjs [FOLDER for screenshots]; HEAPLINE_VSIX names a package that is built already.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { captureSettings, checkCapture } from "./capture";
import { Checks } from "./checks";
import { checkDemo } from "./demo";
import { Editor } from "./editor";
import { checkIgnore } from "./ignore";
import { checkMovedCode, movedFile, movedSettings } from "./moved";
import { checkSeries } from "./series";
import { launchBrowser, Workbench } from "./workbench";
import { makeWorkspace } from "./workspace";

const extension = process.cwd();
const root = path.dirname(extension);
const pictures = path.resolve(process.argv[2] ?? path.join(root, "test-results", "vscode"));

const scratch = mkdtempSync(path.join(os.tmpdir(), "heapline-e2e-"));
mkdirSync(pictures, { recursive: true });
main()
  .finally(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }))
  .then(
    (passed) => process.exit(passed ? 0 : 1),
    (error) => {
      console.log(`not ok - the editor can be driven\n# ${error.stack ?? error}`);
      process.exit(1);
    },
  );

async function main(): Promise<boolean> {
  const installation = execFileSync("scripts/setup-editor.sh", { encoding: "utf8" }).trim();
  const workspace = path.join(scratch, "leaky");
  const taken = path.join(scratch, "taken");
  mkdirSync(taken);
  const settings = await captureSettings(taken);
  const setup = { installation, vsix: packaged(), workspace, scratch: path.join(scratch, "editor"), settings };
  const moved = path.join(scratch, "shop");
  await makeWorkspace(root, workspace);
  execFileSync(path.join(root, "lsp/testdata/nvim/moved.sh"), [moved]);
  const [editor, browser] = await Promise.all([Editor.start(setup), launchBrowser()]);
  let checks: Checks;
  try {
    let workbench = await Workbench.open(browser, editor.url("lib/request.rb"), "lib/request.rb");
    checks = new Checks(async (name) => {
      await workbench.page.screenshot({ path: path.join(pictures, `failed ${name.replaceAll("/", "-")}.png`) });
      await writeFile(path.join(pictures, "Heapline.log"), await editor.log());
      await workbench.page.keyboard.press("Escape");
      await workbench.clearNotifications().catch(() => undefined);
    });
    await checkMainJob(checks, workbench);
    await checkChanges(checks, workbench);
    await checkLoads(checks, workbench);
    await checkSeries(checks, workbench, pictures);
    await checkIgnore(checks, workbench, workspace, pictures);
    await checkCapture(checks, workbench, editor, { workspace, taken, pictures });
    await checkServer(checks, workbench, editor, workspace);
    await workbench.page.close();
    await editor.changeSettings(movedSettings(moved));
    workbench = await Workbench.open(browser, editor.url(movedFile, moved), movedFile);
    await checkMovedCode(checks, workbench, editor, moved, pictures);
  } finally {
    await editor.stop();
  }
  await checkDemo(checks, browser, pictures);
  await browser.close();
  return checks.finish();
}

function packaged(): string {
  const given = process.env["HEAPLINE_VSIX"];
  if (given !== undefined) {
    return path.resolve(given);
  }
  execFileSync(process.execPath, ["scripts/package.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
  return path.join(extension, `heapline-${process.platform}-${process.arch}.vsix`);
}

/** From an open file to hint, hover and problems. */
async function checkMainJob(checks: Checks, workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await checks.check("the status bar says that no dump is loaded", async () => {
    await workbench.statusBar("no dump").waitFor();
  });
  await checks.check("Load heap dump lists the dumps of the workspace, newest first", async () => {
    await workbench.command("Heapline: Load heap dump");
    const rows = await workbench.listRows("Load heap dump", "Browse…");
    await page.screenshot({ path: path.join(pictures, "picker.png") });
    const ours = rows.filter((row) => /^(leak|big)/.test(row)).map((row) => row.replace(/,.*/, ""));
    assert.deepEqual(ours, ["leak-3.json.gz", "leak-2.json.gz", "leak-1.json.gz", "big.heap"]);
    assert.match(rows.find((row) => row.startsWith("leak-3")) ?? "", /1\.3 MB · 1 hour ago/);
  });
  await checks.check("a picked dump is loaded under a progress notification", async () => {
    await workbench.pick("leak-3.json.gz");
    await workbench.sawMessage(/Loading leak-3\.json\.gz/);
  });
  await checks.check("the hint on lib/request.rb line 8 says 15,002 objects", async () => {
    await workbench.lineShows(8, /15,002 objects · 1\.2 MB retained/);
    await page.screenshot({ path: path.join(pictures, "hints.png") });
  });
  await checks.check("the status bar names the dump and its live bytes", async () => {
    await workbench.statusBar(/leak-3\.json\.gz · [\d.]+ MB live/).waitFor();
  });
  await checks.check("a load that went well says nothing more", async () => {
    await workbench.toastGone(/leak-3/);
  });
  await checks.check("the hover on line 8 has a table of classes", async () => {
    await workbench.hoverHasRow("@headers = {", "@headers", /String\s+10,000|10,000\s+[\d.]+ kB\s+String/);
    await page.screenshot({ path: path.join(pictures, "hover.png") });
    await page.keyboard.press("Escape");
  });
  await checks.check("the hover says what keeps the objects alive, and its link opens the holder's line", async () => {
    const hover = await workbench.hoverOn("@headers = {", "@headers", /Kept alive by: ROOT vm → Object → AuditLog/);
    await hover.locator("a", { hasText: "lib/audit_log.rb:4" }).first().click();
    await workbench.lineShows(4, /ENTRIES = \[\].*1 object · 3\.9 MB retained/);
    await workbench.cursorAt(4);
    await page.screenshot({ path: path.join(pictures, "holder.png") });
    await workbench.command("View: Close Editor");
    await workbench.lineShows(8, /15,002 objects/);
  });
  await checks.check("Problems lists hotspots, of files that are not open too", async () => {
    await workbench.openProblems();
    for (const text of ["15,002 objects", "audit_log.rb", "10,003 objects", "server.rb", "5,004 objects"]) {
      await workbench.problemsList(text);
    }
    await page.screenshot({ path: path.join(pictures, "problems.png") });
    await workbench.closePanel();
  });
}

/** What happens to what is shown. */
async function checkChanges(checks: Checks, workbench: Workbench): Promise<void> {
  await checks.check("an edit above moves the hint with its line", async () => {
    await workbench.typeAfter("# frozen_string_literal", "\n# one more line");
    await workbench.lineShows(9, /@headers = .*15,002 objects/);
    await workbench.lineShows(8, /@path(?!.*15,002)/);
  });
  await checks.check("the hint follows its line back", async () => {
    await workbench.command("File: Revert File");
    await workbench.lineShows(8, /@headers = .*15,002 objects/);
  });
  await checks.check("Toggle hints hides the hints and shows them again", async () => {
    await workbench.command("Heapline: Toggle hints");
    await workbench.lineShows(8, /@headers = (?!.*objects)/);
    await workbench.command("Heapline: Toggle hints");
    await workbench.lineShows(8, /15,002 objects/);
  });
  await checks.check("the status bar item opens a menu, from which the dump is reloaded", async () => {
    await workbench.forget();
    await workbench.statusBar("leak-3").click();
    const rows = await workbench.listRows("Heapline", "Restart server");
    const labels = [
      "Load heap dump…",
      "Run Ruby file and load its heap",
      "Capture heap dump from process…",
      "Capture a series of heap dumps from process…",
      "Add heap dump to series…",
      "Reload",
      "Unload",
      `Write path mapping to settings, /srv/leaky → $\{workspaceFolder}`,
      "Toggle hints, now shown",
      "Show output",
      "Restart server",
    ];
    assert.deepEqual(rows, labels);
    await workbench.page.screenshot({ path: path.join(pictures, "menu.png") });
    await workbench.pick("Reload");
    await workbench.sawMessage(/Reloading leak-3\.json\.gz/);
    await workbench.toastGone(/Reloading/);
    await workbench.lineShows(8, /15,002 objects/);
  });
  await checks.check("Cancel ends a load, without an error, and keeps the dump that was loaded", async () => {
    await workbench.command("Heapline: Load heap dump");
    await workbench.pick("big.heap");
    const toast = workbench.toast("Loading big.heap");
    await workbench.statusBar(/loading \d+ %/).waitFor();
    await toast.filter({ hasText: /MB/ }).waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "progress.png") });
    await workbench.toastButton(toast, "Cancel");
    await workbench.statusBar(/leak-3\.json\.gz · [\d.]+ MB live/).waitFor();
    await workbench.lineShows(8, /15,002 objects/);
    assert.equal(await workbench.page.locator(".notification-toast").count(), 0);
  });
  await checks.check("Unload clears hints and problems", async () => {
    await workbench.openProblems();
    await workbench.problemsList("audit_log.rb");
    await workbench.command("Heapline: Unload");
    await workbench.statusBar("no dump").waitFor();
    await workbench.lineShows(8, /@headers = (?!.*objects)/);
    await workbench.page.locator(".markers-panel", { hasText: "No problems have been detected" }).waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "unloaded.png") });
    await workbench.closePanel();
  });
}

/** Dumps from the Explorer, and those that cannot show anything. */
async function checkLoads(checks: Checks, workbench: Workbench): Promise<void> {
  await checks.check("the Explorer's menu loads a dump", async () => {
    await workbench.explorerMenu("leak-1.json.gz", "Load heap dump");
    await workbench.statusBar(/leak-1\.json\.gz · [\d.]+ MB live/).waitFor();
    await workbench.lineShows(8, /@headers = .*[\d,]+ objects/);
  });
  await checks.check("a file that is no dump is refused in words, and the loaded dump stays", async () => {
    await workbench.explorerMenu("picture.heap", "Load heap dump");
    const toast = workbench.toast("picture.heap").filter({ hasText: "Show output" });
    await toast.waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "no-dump.png") });
    await workbench.statusBar("leak-1.json.gz").waitFor();
    await workbench.lineShows(8, /objects/);
    await workbench.clearNotifications();
  });
  await checks.check("a dump that ends too early is loaded, and says so", async () => {
    await workbench.explorerMenu("torn.heap", "Load heap dump");
    await workbench
      .toast(/torn\.heap: Not all of the dump could be read: the dump breaks off in its last line.* \(line \d+/)
      .waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "torn.png") });
    await workbench.lineShows(8, /15,002 objects/);
    await workbench.clearNotifications();
  });
  await checks.check("a dump without allocation tracing says how to get one with it", async () => {
    await workbench.explorerMenu("untraced.heap", "Load heap dump");
    const toast = workbench.toast(
      /untraced\.heap: .*trace_object_allocations_start.* No record of a heap dump \(line 4, byte \d+\)/,
    );
    await toast.waitFor();
    assert.equal(await toast.locator("a[href^='command:']").count(), 0); // what a line is called is no command
    await workbench.page.screenshot({ path: path.join(pictures, "untraced.png") });
    await workbench.lineShows(8, /@headers = (?!.*objects)/);
    await workbench.clearNotifications();
  });
  await checks.check("names and values that would be markup or commands are text in the hover", async () => {
    await workbench.explorerMenu("hostile.heap", "Load heap dump");
    await workbench.lineShows(8, /5 objects · 35\.0 kB retained/);
    const hover = await workbench.hoverOn("@headers = {", "@headers", /Kept alive by: ROOT vm → Leak/);
    const [text = ""] = await hover.allInnerTexts();
    await workbench.page.screenshot({ path: path.join(pictures, "hostile.png") });
    for (const literal of hostileTexts) {
      assert.ok(text.includes(literal), `no ${literal} in\n${text}`);
    }
    assert.doesNotMatch(text, /[^\P{C}\n\t]/u);
    assert.equal(await hover.locator("img, script, h1").count(), 0);
    const links = await hover.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("data-href") ?? ""));
    assert.ok(links.length > 0 && links.every((link) => link.startsWith("vscode-remote://")), links.join("\n"));
    await workbench.page.keyboard.press("Escape");
  });
}

/** What the hover of hostile.heap reads: names of files, of classes and of methods, then values. */
const hostileTexts = [
  "lib/[click](command:workbench.action.quit)\\x1b[31m`.rb:1",
  "lib/<img src=x onerror=alert(1)>\\u202e![x](x.png).rb:1",
  "[click](command:workbench.action.quit)\t",
  "<img src=x onerror=alert(1)>\t",
  "![x](https://evil.example/x.png)\t",
  "\\x1b[31mred\\x1b[0m¦`\t",
  "two\\n\\n# Heading\t",
  "Methods: ](command:workbench.action.quit), <script>alert(1)</script>, a¦b, \\x1b[31m`, user\\u202egnp.exe\n",
  '"![x](https://evil.example/x.png)"',
  '"<script>alert(1)</script>"',
  '"\\x1b[31mred ¦ `ticks`"',
  '"one\\n\\n# Heading\\n\\n¦ a ¦ b ¦\\n"',
  '"user\\u202egnp.exe"',
];

/** The server's life and death. */
async function checkServer(checks: Checks, workbench: Workbench, editor: Editor, workspace: string): Promise<void> {
  await checks.check("Restart server starts another process, with the same dump", async () => {
    await workbench.explorerMenu("leak-3.json.gz", "Load heap dump");
    await workbench.lineShows(8, /15,002 objects/);
    await workbench.toastGone(/Loading/);
    const before = await editor.serverPids();
    await workbench.forget();
    await workbench.command("Heapline: Restart server");
    await workbench.sawMessage(/^Heapline$/); // the status bar, while there is no server
    await workbench.sawMessage(/Loading leak-3\.json\.gz/);
    await workbench.toastGone(/Loading/);
    await workbench.statusBar("leak-3.json.gz").waitFor();
    await workbench.lineShows(8, /15,002 objects/);
    const after = await editor.serverPids();
    assert.equal(before.length, 1);
    assert.equal(after.length, 1);
    assert.notDeepEqual(after, before);
  });
  await checks.check("a crashed server is started again, and the dump offered", async () => {
    for (const pid of await editor.serverPids()) {
      process.kill(pid, "SIGKILL");
    }
    const toast = workbench.toast("server crashed and was started again. leak-3.json.gz is no longer loaded");
    await toast.waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "crash.png") });
    await workbench.toastButton(toast, "Load again");
    await workbench.statusBar("leak-3.json.gz").waitFor();
    await workbench.lineShows(8, /15,002 objects/);
    await workbench.clearNotifications();
  });
  await checks.check("a wrong server path is said in plain words, and mended by the setting", async () => {
    await editor.changeSettings({ "heapline.server.path": "/nowhere/heapline" });
    const toast = workbench.toast("/nowhere/heapline (from the setting heapline.server.path) does not exist");
    await toast.waitFor();
    await workbench.statusBar("no server").waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "no-server.png") });
    await editor.changeSettings({ "heapline.dump": path.join(workspace, "leak-2.json.gz") });
    await workbench.statusBar(/leak-2\.json\.gz · [\d.]+ MB live/).waitFor();
    await workbench.lineShows(8, /@headers = .* objects/);
    await workbench.clearNotifications();
  });
  await checks.check("a dump that is written anew is offered for reload", async () => {
    await copyFile(path.join(workspace, "leak-3.json.gz"), path.join(workspace, "leak-2.json.gz"));
    const toast = workbench.toast("leak-2.json.gz");
    await toast.waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "changed.png") });
    await workbench.toastButton(toast, "Reload");
    await workbench.lineShows(8, /15,002 objects/);
  });
}
