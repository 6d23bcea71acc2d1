/** Each check builds on those before it: when so many have failed, the rest would only wait for nothing. */
const enough = 3;

/** Named checks, one after the other, printed as TAP. */
export class Checks {
  private ran = 0;
  private failures = 0;

  /** @param onFailure gets what is left of a failed check ready for the next one, and may take its picture. */
  constructor(private readonly onFailure: (name: string) => Promise<void>) {}

  async check(name: string, body: () => Promise<void>): Promise<void> {
    this.ran++;
    const began = performance.now();
    try {
      await body();
      console.log(`ok ${this.ran} - ${name} (${seconds(began)})`);
    } catch (error) {
      this.failures++;
      console.log(`not ok ${this.ran} - ${name} (${seconds(began)})`);
      console.log(indent(error instanceof Error ? (error.stack ?? error.message) : String(error)));
      await this.onFailure(name);
      if (this.failures === enough) {
        throw new Error("too many checks have failed");
      }
    }
  }

  /** Prints the total; true if nothing failed. */
  finish(): boolean {
    console.log(`1..${this.ran}`);
    console.log(`# ${this.ran - this.failures} passed, ${this.failures} failed`);
    return this.failures === 0 && this.ran > 0;
  }
}

function seconds(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "#   ");
}
