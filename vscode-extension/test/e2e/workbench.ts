/** VS Code's window as a user sees and handles it. Everything waits for what it needs, nothing for time to pass. */
import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const quickInput = ".quick-input-widget:not([style*='display: none'])";
const statusItem = "[id='heapline.heapline.status']";

/** What the page script below leaves behind. */
declare global {
  interface Window {
    seen: string[];
  }
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"],
  });
}

export class Workbench {
  private constructor(readonly page: Page) {}

  /** Opens the address, and waits for the file that it names. */
  static async open(browser: Browser, url: string, file: string): Promise<Workbench> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    const workbench = new Workbench(page);
    await page.waitForSelector(`.monaco-editor[data-uri$='${file}'], .editor-instance[data-uri$='${file}']`, {
      timeout: 90_000,
    });
    await workbench.recordMessages();
    return workbench;
  }

  /** Keeps the text of every notification and of our status bar item, for some are gone too soon to be met. */
  private async recordMessages(): Promise<void> {
    await this.page.evaluate((item) => {
      window.seen = [];
      const record = () => {
        for (const element of document.querySelectorAll(`.notification-toast, ${item}`)) {
          const text = (element.textContent ?? "").replace(/\s+/g, " ").trim();
          if (!window.seen.includes(text)) {
            window.seen.push(text);
          }
        }
      };
      new MutationObserver(record).observe(document.body, { subtree: true, childList: true, characterData: true });
      record();
    }, statusItem);
  }

  /** Forgets what was seen so far. */
  async forget(): Promise<void> {
    await this.page.evaluate(() => {
      window.seen = [];
    });
  }

  /** Waits until a notification or the status bar has shown the text, maybe only for a moment. */
  async sawMessage(pattern: RegExp): Promise<void> {
    await this.page
      .waitForFunction((source) => window.seen.some((text) => new RegExp(source).test(text)), pattern.source)
      .catch(async () => {
        throw new Error(`no message matched ${pattern}; there were ${JSON.stringify(await this.messages())}`);
      });
  }

  /** What notifications and the status bar have shown so far. */
  async messages(): Promise<string[]> {
    return this.page.evaluate(() => window.seen);
  }

  /** Runs a command by its title, as a user would. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(`${quickInput} input.input`).fill(`>${title}`);
    await this.pick(title);
  }

  /** Chooses a row of the open list. */
  async pick(text: string): Promise<void> {
    await this.page.locator(`${quickInput} .monaco-list-row`, { hasText: text }).first().click();
  }

  /** The rows of the list with this title: what a screen reader says of each, its icon apart. */
  async listRows(title: string, last: string): Promise<string[]> {
    const list = this.page.locator(quickInput, { has: this.page.locator(".quick-input-title", { hasText: title }) });
    await list.locator(".monaco-list-row", { hasText: last }).waitFor();
    const rows = await list.locator(".monaco-list-row").all();
    const labels = await Promise.all(rows.map((row) => row.getAttribute("aria-label")));
    return labels.map((label) => (label ?? "").replace(/^[a-z-]+ {2}/, ""));
  }

  /** Waits for the list with this title, whatever is in it. */
  async listShows(title: string): Promise<void> {
    await this.page.locator(quickInput).locator(".quick-input-title", { hasText: title }).waitFor();
    await this.page.locator(`${quickInput} .monaco-list-row`).first().waitFor();
  }

  /** Leaves only the rows of the open list that have this text. */
  async filterList(text: string): Promise<void> {
    await this.page.locator(`${quickInput} input.input`).fill(text);
  }

  /** Clicks a button in the title of the open list. */
  async listButton(label: string): Promise<void> {
    await this.page.locator(`${quickInput} .quick-input-titlebar .action-label[aria-label='${label}']`).click();
  }

  /** Types into the input box that asks this, or that says this of what was typed before. */
  async answer(question: string, text: string): Promise<void> {
    const box = this.page.locator(quickInput, { hasText: question });
    await box.locator("input.input").fill(text);
    await this.page.keyboard.press("Enter");
  }

  async closeList(): Promise<void> {
    await this.page.keyboard.press("Escape");
    await this.page
      .locator(quickInput)
      .waitFor({ state: "detached" })
      .catch(() => undefined);
  }

  /** Waits until a line of the open file, counted from 1 and with its hint, reads like this. */
  async lineShows(line: number, pattern: RegExp): Promise<void> {
    await this.page
      .waitForFunction(
        ({ line, source }) => {
          const top = (element: HTMLElement) => Number.parseInt(element.style.top, 10);
          const lines = [...document.querySelectorAll<HTMLElement>(".view-lines .view-line")];
          lines.sort((a, b) => top(a) - top(b));
          return new RegExp(source).test((lines[line - 1]?.textContent ?? "").replace(/\u00a0/g, " "));
        },
        { line, source: pattern.source },
      )
      .catch(async () => {
        throw new Error(`line ${line} does not read ${pattern}; the editor shows\n${(await this.lines()).join("\n")}`);
      });
  }

  /** The lines of the open file with their hints, top to bottom. */
  async lines(): Promise<string[]> {
    return this.page.locator(".view-lines .view-line").evaluateAll((elements) => {
      const top = (element: Element) => Number.parseInt((element as HTMLElement).style.top, 10);
      return elements.sort((a, b) => top(a) - top(b)).map((e) => (e.textContent ?? "").replace(/\u00a0/g, " "));
    });
  }

  /** Waits until these lines of the open file, counted from 1, and no others have hints of so many objects. */
  async hintsAre(want: Record<number, string>): Promise<void> {
    await this.page
      .waitForFunction((want) => {
        const top = (element: HTMLElement) => Number.parseInt(element.style.top, 10);
        const lines = [...document.querySelectorAll<HTMLElement>(".view-lines .view-line")];
        lines.sort((a, b) => top(a) - top(b));
        const hint = (line: HTMLElement | undefined) =>
          /((~ )?[\d,]+) objects? · \S+ \S+ retained$/.exec((line?.textContent ?? "").replace(/\u00a0/g, " "))?.[1];
        return lines.length > 0 && lines.every((line, i) => hint(line) === want[i + 1]);
      }, want)
      .catch(async () => {
        const lines = (await this.lines()).map((text, i) => `${i + 1}: ${text}`).join("\n");
        throw new Error(`the hints are not ${JSON.stringify(want)}; the editor shows\n${lines}`);
      });
  }

  /** Opens a file by its absolute path, in the same editor group. */
  async openFile(file: string): Promise<void> {
    await this.page.keyboard.press("Control+P");
    await this.page.locator(`${quickInput} input.input`).fill(file);
    const name = file.slice(file.lastIndexOf("/") + 1);
    await this.page.locator(`${quickInput} .monaco-list-row[aria-label^='${name}']`).first().click();
    await this.page.locator(`.editor-instance[data-uri$='${file}'], .monaco-editor[data-uri$='${file}']`).waitFor();
  }

  /** Clicks a button at the right of the tabs. */
  async titleButton(label: string): Promise<void> {
    await this.page.locator(`.editor-actions .action-label[aria-label^='${label}']`).click();
  }

  /** Waits until the open terminal has printed this. */
  async terminalShows(text: string): Promise<void> {
    await this.page.locator(".part.panel .xterm-rows", { hasText: text }).waitFor();
  }

  async typeIntoTerminal(text: string): Promise<void> {
    await this.page.locator(".part.panel .xterm-screen").click();
    await this.page.keyboard.type(text);
  }

  /** Puts the cursor at the start of a line of the open file, counted from 1. */
  async goToLine(line: number): Promise<void> {
    await this.page.keyboard.press("Control+G");
    await this.page.locator(`${quickInput} input.input`).fill(`:${line}`);
    await this.page.keyboard.press("Enter");
    await this.cursorAt(line);
  }

  /** Undoes step by step all that was typed into the open file. */
  async undoAll(): Promise<void> {
    const dirty = this.page.locator(".tab.active.dirty");
    for (let steps = 0; steps < 100; steps++) {
      if ((await dirty.count()) === 0) {
        return;
      }
      await this.page.keyboard.press("Control+Z");
    }
    throw new Error("undo does not lead back to the file");
  }

  /** Types behind a line of the file. */
  async typeAfter(lineText: string, text: string): Promise<void> {
    await this.page.locator(".view-line", { hasText: lineText }).first().click();
    await this.page.keyboard.press("End");
    await this.page.keyboard.type(text);
  }

  /** Rests the mouse on a word of the file and waits for a hover with a table that has such a row. */
  async hoverHasRow(lineText: string, word: string, row: RegExp): Promise<void> {
    const line = this.page.locator(".view-line", { hasText: lineText });
    await line.locator("span span", { hasText: word }).first().hover();
    await this.page.locator(".monaco-hover tr", { hasText: row }).filter({ visible: true }).first().waitFor();
  }

  /** Rests the mouse on a word of the file and returns the hover that says this. */
  async hoverOn(lineText: string, word: string, text: RegExp): Promise<Locator> {
    const line = this.page.locator(".view-line", { hasText: lineText });
    await line.locator("span span", { hasText: word }).first().hover();
    const hover = this.page
      .locator(".monaco-hover .hover-contents", { hasText: text })
      .filter({ visible: true })
      .first();
    await hover.waitFor();
    return hover;
  }

  /** Waits until the cursor is on a line, counted from 1. */
  async cursorAt(line: number): Promise<void> {
    await this.page.locator("[id='status.editor.selection']", { hasText: `Ln ${line},` }).waitFor();
  }

  statusBar(text: string | RegExp): Locator {
    return this.page.locator(statusItem, { hasText: text });
  }

  /** A notification that has come in fully. */
  toast(text: string | RegExp): Locator {
    return this.page.locator(".notification-toast.notification-fade-in-done", { hasText: text });
  }

  /** Waits until no notification, be it only on its way in, says this. */
  async toastGone(text: string | RegExp): Promise<void> {
    await this.page.locator(".notification-toast", { hasText: text }).first().waitFor({ state: "detached" });
  }

  async toastButton(toast: Locator, label: string): Promise<void> {
    await toast.locator(".monaco-button", { hasText: label }).click();
  }

  async clearNotifications(): Promise<void> {
    if ((await this.page.locator(".notification-toast").count()) > 0) {
      await this.command("Notifications: Clear All Notifications");
      await this.page.locator(".notification-toast").first().waitFor({ state: "detached" });
    }
    await this.forget();
  }

  async openProblems(): Promise<void> {
    await this.page.keyboard.press("Control+Shift+M");
    await this.page.locator(".markers-panel").waitFor();
  }

  /** Waits until the open Problems view has a row with this text, be it scrolled out of sight. */
  async problemsList(text: string): Promise<void> {
    await this.filterProblems(text);
    await this.page.locator(".markers-panel .monaco-list-row", { hasText: text }).first().waitFor();
    await this.unfilterProblems();
  }

  /** Waits until the open Problems view has no row with this text. */
  async problemsLack(text: string): Promise<void> {
    await this.filterProblems(text);
    await this.page.locator(".markers-panel", { hasText: "No results found" }).waitFor();
    await this.unfilterProblems();
  }

  private async filterProblems(text: string): Promise<void> {
    await this.page
      .locator(".part.panel .viewpane-filter input, .part.panel input[placeholder^='Filter']")
      .first()
      .fill(text);
  }

  /** Shows all again, and waits until they are: a view that is closed before would stay filtered. */
  private async unfilterProblems(): Promise<void> {
    await this.filterProblems("");
    await this.page.locator(".part.panel .viewpane-filter-badge").waitFor({ state: "hidden" });
  }

  /** Chooses a quick fix at the cursor. */
  async quickFix(title: string, picture: string): Promise<void> {
    const fix = this.page.locator(".action-widget .monaco-list-row", { hasText: title });
    await this.page.locator(".codicon-light-bulb, [class*=gutter-lightbulb]").first().waitFor(); // there is something to fix
    await this.page.keyboard.press("Control+.");
    await fix.waitFor();
    await this.page.screenshot({ path: picture });
    await fix.click();
    await fix.waitFor({ state: "detached" });
  }

  /** Saves the open file. */
  async save(): Promise<void> {
    await this.page.keyboard.press("Control+S");
    await this.page.locator(".tab.active:not(.dirty)").waitFor();
  }

  async closePanel(): Promise<void> {
    await this.page.keyboard.press("Control+J");
    await this.page.locator(".part.panel").waitFor({ state: "hidden" });
  }

  /** Chooses an entry of a file's menu in the Explorer. */
  async explorerMenu(file: string, entry: string): Promise<void> {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: file }).click({ button: "right" });
    const label = this.page.locator(".monaco-menu .action-label", { hasText: entry });
    // A menu that has only just opened takes no click: it cannot tell it from the one that opened it.
    for (let tries = 0; tries < 10; tries++) {
      await label.click();
      const closed = label.waitFor({ state: "detached", timeout: 1000 }).then(
        () => true,
        () => false,
      );
      if (await closed) {
        return;
      }
    }
    throw new Error(`the menu does not close on ${entry}`);
  }
}
