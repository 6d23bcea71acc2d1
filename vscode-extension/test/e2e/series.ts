import path from "node:path";
import type { Page } from "playwright-core";
import type { Checks } from "./checks";
import type { Workbench } from "./workbench";

/** Three dumps of one process, picked at once: what grows, and where it piles up. */
export async function checkSeries(checks: Checks, workbench: Workbench, pictures: string): Promise<void> {
  await checks.check("three dumps are picked at once and loaded as a series", async () => {
    await workbench.command("Heapline: Unload");
    await workbench.statusBar("no dump").waitFor();
    await workbench.command("Heapline: Add heap dump to series");
    await workbench.listRows("Add heap dump to series", "Browse…");
    for (const dump of ["leak-1.json.gz", "leak-2.json.gz", "leak-3.json.gz"]) {
      await workbench.pick(dump);
    }
    await workbench.page.keyboard.press("Enter");
    await workbench.lineShows(8, /15,002 objects ▲ 6,000 · 1\.2 MB retained/);
  });
  await checks.check("Problems has the suspects' sentences, and a line that feeds one none of its own", async () => {
    await workbench.openProblems();
    await workbench.problemsList(
      "Grows by 4,000 objects, 1.5 MB per dump; 10,003 objects alive; held by ARRAY 5,000 elements",
    );
    await workbench.problemsList("Grows by 320 objects, 25.6 kB per dump");
    await workbench.page.screenshot({ path: path.join(pictures, "suspects.png") });
  });
  await checks.check("the related link jumps to the holder", async () => {
    await openRelated(workbench.page, "Grows by 4,000 objects", "of AuditLog holds it");
    await workbench.cursorAt(4);
    await workbench.lineShows(4, /ENTRIES = \[\].*1 object · 3\.9 MB retained/);
    await workbench.command("View: Close Editor");
    await workbench.closePanel();
  });
  await checks.check("the hover has the numbers dump by dump", async () => {
    await workbench.hoverHasRow("@headers = {", "@headers", /leak-2\.json\.gz\s+9,002\s+744\.1 kB\s+6,000/);
    await workbench.page.screenshot({ path: path.join(pictures, "growth.png") });
    await workbench.page.keyboard.press("Escape");
  });
}

/** Opens the place that a problem of the open Problems view names as related. */
async function openRelated(page: Page, problem: string, related: string): Promise<void> {
  const rows = page.locator(".markers-panel .monaco-list-row");
  await rows.filter({ hasText: problem }).first().click();
  await page.keyboard.press("ArrowRight");
  await rows.filter({ hasText: related }).first().click();
}
