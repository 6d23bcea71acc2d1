/** The folder that the tests open: the sample app with its dumps, and some files beside them that go wrong. */
import { createWriteStream } from "node:fs";
import { cp, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";

const hour = 3_600_000;

/** Of these the picker must list the youngest first. Hours since each was written. */
const ages: Record<string, number> = { "leak-3.json.gz": 1, "leak-2.json.gz": 2, "leak-1.json.gz": 3, "big.heap": 48 };

/** Files that hostile.heap names. */
const hostileNames = [
  "[click](command:workbench.action.quit)\u001b[31m`.rb",
  "<img src=x onerror=alert(1)>\u202e![x](x.png).rb",
];

/** Makes the folder from a copy of the repository's testdata/leaky. */
export async function makeWorkspace(repository: string, folder: string): Promise<void> {
  await cp(path.join(repository, "testdata", "leaky"), folder, { recursive: true });
  const dump = gunzipSync(await readFile(path.join(folder, "leak-3.json.gz")));
  await pipeline(repeated(dump, 40), createWriteStream(path.join(folder, "big.heap")));
  await writeFile(path.join(folder, "picture.heap"), Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"));
  await writeFile(path.join(folder, "untraced.heap"), untraced);
  await writeFile(path.join(folder, "torn.heap"), dump.subarray(0, dump.length - 20));
  await cp(path.join(repository, "lsp", "testdata", "nvim", "hostile.heap"), path.join(folder, "hostile.heap"));
  for (const name of hostileNames) {
    await writeFile(path.join(folder, "lib", name), "");
  }
  for (const [file, hours] of Object.entries(ages)) {
    const written = new Date(Date.now() - hours * hour);
    await utimes(path.join(folder, file), written, written);
  }
}

/**
 * A heap as large as its copies together (1 GB of 40), so that there is time to cancel its load: each copy lives at
 * addresses of its own.
 */
function* repeated(dump: Buffer, copies: number): Generator<Buffer> {
  const text = dump.toString("latin1"); // byte for byte
  for (let copy = 0; copy < copies; copy++) {
    yield Buffer.from(text.replaceAll('"0x7f', `"0x${(0x100 + copy).toString(16)}`), "latin1");
  }
}

/** What a process without allocation tracing dumps: objects, and no word on where they come from. */
const untraced = `{"type":"ROOT", "root":"vm", "references":["0x7f0000001000"]}
{"address":"0x7f0000001000", "type":"STRING", "slot_size":40, "class":"0x7f0000002000", "embedded":true, "bytesize":2, "value":"hi", "memsize":40, "flags":{"wb_protected":true}}
{"address":"0x7f0000002000", "type":"CLASS", "slot_size":160, "name":"String", "memsize":600, "flags":{"wb_protected":true}}
{"type":"[x](command:undo)", "memsize":40}
`;
