import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { Checks } from "./checks";
import type { Workbench } from "./workbench";

const suspect = "Grows by 4,000 objects, 1.5 MB per dump";
const reason = "the audit trail is meant to stay";

/** With a series loaded: a suspect that is meant is ignored, with the reason, until its entry is deleted. */
export async function checkIgnore(
  checks: Checks,
  workbench: Workbench,
  workspace: string,
  pictures: string,
): Promise<void> {
  const config = path.join(workspace, ".heapline.yml");
  await checks.check("the quick fix of a suspect writes it to .heapline.yml, and its problem goes", async () => {
    await workbench.openFile(path.join(workspace, "lib/audit_log.rb"));
    await workbench.lineShows(9, /objects ▲/);
    await workbench.goToLine(9);
    await workbench.page.keyboard.press("Home"); // from the start of the line to that of its text
    await workbench.quickFix("Ignore this site in .heapline.yml", path.join(pictures, "quick-fix.png"));
    await workbench.page.locator(".monaco-editor[data-uri$='/.heapline.yml']").waitFor();
    await workbench.openProblems();
    await workbench.problemsLack(suspect);
    await workbench.problemsList("Grows by 320 objects");
    await workbench.closePanel();
  });
  await checks.check("the file is open, and what is typed is the reason", async () => {
    await workbench.page.locator("[id='status.editor.selection']", { hasText: "Ln 3, Col 39 (13 selected)" }).waitFor();
    await workbench.page.screenshot({ path: path.join(pictures, "ignored.png") });
    await workbench.page.keyboard.type(reason);
    await workbench.save();
    const text = await readFile(config, "utf8");
    if (!text.endsWith(`\nignore:\n  - lib/audit_log.rb:9 # ${reason}\n`)) {
      throw new Error(`the file reads\n${text}`);
    }
  });
  await checks.check("a deleted entry brings the problem back", async () => {
    await workbench.page.keyboard.press("Control+Shift+K");
    await workbench.save();
    await workbench.openProblems();
    await workbench.page.locator(".markers-panel .monaco-list-row", { hasText: suspect }).first().waitFor();
    await workbench.closePanel();
    await workbench.command("View: Close Editor");
    await workbench.command("View: Close Editor");
    await rm(config);
    await workbench.lineShows(8, /15,002 objects/);
  });
  await checks.check("Restart server brings the whole series back", async () => {
    await workbench.forget();
    await workbench.command("Heapline: Restart server");
    await workbench.sawMessage(/Loading .*leak-1\.json\.gz/);
    await workbench.toastGone(/Loading/);
    await workbench.lineShows(8, /15,002 objects ▲ 6,000/);
  });
}
