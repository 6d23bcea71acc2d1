/**
 * Code that is elsewhere, and other than it was when the dump was taken. lsp/testdata/nvim/moved.sh makes the folder
 * and says what its sites are.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Checks } from "./checks";
import type { Editor } from "./editor";
import type { Workbench } from "./workbench";

export const movedFile = "app/models/order_store.rb";

/** Its hints: on which lines of now, of how many objects. */
const moved = { 5: "23", 9: "3", 10: "4", 16: "8", 17: "~ 9", 23: "15", 28: "19" };

/** With the folder's dump, and names for languages that say nothing of Ruby. */
export function movedSettings(folder: string): Record<string, unknown> {
  return {
    "heapline.dump": path.join(folder, "app.heap"),
    "files.associations": { "*.erb": "html", Gemfile: "plaintext", "**/bin/*": "shellscript" },
  };
}

export async function checkMovedCode(
  checks: Checks,
  workbench: Workbench,
  editor: Editor,
  folder: string,
  pictures: string,
): Promise<void> {
  await checkDrift(checks, workbench, pictures);
  await checkNames(checks, workbench, folder);
  await checkMappings(checks, workbench, editor, folder);
}

async function checkDrift(checks: Checks, workbench: Workbench, pictures: string): Promise<void> {
  const { page } = workbench;
  await checks.check("hints are on the lines that theirs have become in later commits", async () => {
    await workbench.hintsAre(moved);
    await workbench.lineShows(16, /@orders << order\.dup *8 objects/);
    await page.screenshot({ path: path.join(pictures, "moved.png") });
  });
  await checks.check("the hover of a rewritten line says what it was", async () => {
    await workbench.hoverOn("@names[", "@names", /has changed since the dump was taken\. It was: @names\[/);
    await page.screenshot({ path: path.join(pictures, "moved-hover.png") });
    await page.keyboard.press("Escape");
  });
  // Hints move on the screen before the server is asked. That it has been shows where a ~ comes or goes.
  await checks.check("hints follow what is typed, and are back after undo", async () => {
    await workbench.goToLine(1);
    await page.keyboard.type("# one\n#\n");
    await workbench.goToLine(12);
    await page.keyboard.press("End");
    await page.keyboard.type(" #");
    await workbench.hintsAre({ 7: "23", 11: "3", 12: "~ 4", 18: "8", 19: "~ 9", 25: "15", 30: "19" });
    await page.screenshot({ path: path.join(pictures, "moved-typed.png") });
    await workbench.undoAll();
    await workbench.hintsAre(moved);
  });
  await checks.check("a deleted line takes its hint with it, and one typed as it was has changed no more", async () => {
    await workbench.goToLine(16);
    await page.keyboard.press("Control+Shift+K");
    await page.keyboard.press("End");
    for (const _ of ".freeze") {
      await page.keyboard.press("Backspace");
    }
    await workbench.hintsAre({ 5: "23", 9: "3", 10: "4", 16: "9", 22: "15", 27: "19" });
    await workbench.undoAll();
    await workbench.hintsAre(moved);
  });
}

async function checkNames(checks: Checks, workbench: Workbench, folder: string): Promise<void> {
  await checks.check("templates, Gemfile and scripts have their hints, whatever language that is", async () => {
    const files = {
      "app/views/show.html.erb": "107",
      "app/views/row.html.haml": "108",
      "app/views/show.json.jbuilder": "110",
      "bin/shop": "106",
      Gemfile: "101",
    };
    for (const [file, objects] of Object.entries(files)) {
      await workbench.openFile(path.join(folder, file));
      await workbench.hintsAre({ 2: objects });
    }
  });
}

async function checkMappings(checks: Checks, workbench: Workbench, editor: Editor, folder: string): Promise<void> {
  const gem = (name: string) => path.join("vendor/bundle/ruby/3.1.0/gems", name);
  const map = (mappings: Record<string, string>) =>
    editor.changeSettings({ ...movedSettings(folder), "heapline.pathMappings": mappings });
  await checks.check("a gem of the same version has its hints where it is installed here", async () => {
    await workbench.openFile(path.join(folder, gem("heapgem-2.2.6"), "lib/heapgem.rb"));
    await workbench.hintsAre({ 2: "50" });
    await workbench.forget();
  });
  await checks.check("another version has hints only as long as a path mapping says so", async () => {
    await workbench.openFile(path.join(folder, gem("othergem-3.0.0"), "lib/othergem.rb"));
    await map({ "/usr/local/bundle/gems/othergem-2.9.0": `$\{workspaceFolder}/${gem("othergem-3.0.0")}` });
    await workbench.hintsAre({ 2: "60" });
    await map({});
    await workbench.hintsAre({});
  });
  await checks.check("another path mapping puts all hints into other files, without a reload", async () => {
    await workbench.openFile(path.join(folder, movedFile));
    await workbench.hintsAre(moved);
    await map({ "/srv/shop": `$\{workspaceFolder}/copy` });
    await workbench.hintsAre({});
    await workbench.openFile(path.join(folder, "copy/lib/store.rb"));
    await workbench.hintsAre({ 3: "3", 4: "4", 8: "8", 9: "9", 14: "14", 15: "15", 19: "19", 23: "23" });
    await map({});
    await workbench.hintsAre({});
    await workbench.openFile(path.join(folder, movedFile));
    await workbench.hintsAre(moved);
    const loads = (await workbench.messages()).filter((text) => /loading/i.test(text));
    assert.deepEqual(loads, []);
  });
  await checks.check("Write path mapping to settings makes a setting of what was inferred", async () => {
    await workbench.statusBar("app.heap").click();
    await workbench.pick("Write path mapping to settings");
    const settings = path.join(folder, ".vscode", "settings.json");
    await until("the workspace has settings", async () =>
      /workspaceFolder/.test(await readFile(settings, "utf8").catch(() => "")),
    );
    assert.deepEqual(JSON.parse(await readFile(settings, "utf8")), {
      "heapline.pathMappings": { "/srv/shop": `$\{workspaceFolder}` },
    });
    await until("the menu does not offer it again", async () => {
      await workbench.statusBar("app.heap").click();
      const rows = await workbench.listRows("Heapline", "Restart server");
      await workbench.closeList();
      return !rows.some((row) => row.includes("/srv/shop"));
    });
    await workbench.hintsAre(moved);
  });
}

/** Looks again and again; gives up after a while. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `in vain: ${what}`);
    await setTimeout(50); // between two looks
  }
}
