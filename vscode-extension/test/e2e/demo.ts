import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Browser } from "playwright-core";
import type { Checks } from "./checks";
import { terminate } from "./editor";
import { Workbench } from "./workbench";

/** The demo as a newcomer meets it: one command, the address that it prints, the hints that are there. */
export async function checkDemo(checks: Checks, browser: Browser, pictures: string): Promise<void> {
  const demo = spawn("scripts/demo.sh", { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await checks.check("the demo's address shows the sample app with hints, and nothing else to do", async () => {
      const workbench = await Workbench.open(browser, await printedUrl(demo.stdout), "lib/request.rb");
      await workbench.lineShows(8, /15,002 objects ▲ 6,000 · 1\.2 MB retained/);
      await workbench.statusBar(/leak-3\.json\.gz · [\d.]+ MB live/).waitFor();
      await workbench.page.screenshot({ path: path.join(pictures, "demo.png") });
      await takeReadmePicture(workbench, path.join(pictures, "screenshot.png"));
      await workbench.page.close();
    });
    await checks.check("Ctrl-C ends the demo", async () => {
      const exited = once(demo, "exit");
      demo.kill("SIGINT");
      await exited;
    });
  } finally {
    await terminate(demo, "SIGTERM");
  }
}

/** The picture for the README: what people come for, and nothing around it. */
async function takeReadmePicture(workbench: Workbench, file: string): Promise<void> {
  await workbench.page.setViewportSize({ width: 1280, height: 620 });
  await workbench.page.keyboard.press("Control+B");
  await workbench.page.locator(".part.sidebar").waitFor({ state: "hidden" });
  await workbench.openFile("lib/audit_log.rb");
  await workbench.lineShows(9, /10,003 objects ▲ 4,000/);
  await workbench.hoverHasRow("entry = {", "entry", /leak-2\.json\.gz\s+6,003/);
  await workbench.page.screenshot({ path: file });
}

async function printedUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /http:\/\/127\.0\.0\.1:\S+/.exec(line)?.[0];
    if (url !== undefined) {
      output.resume();
      return url;
    }
  }
  throw new Error("the demo printed no address");
}
