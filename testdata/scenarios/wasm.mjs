// node wasm.mjs RUBY.wasm DIR NAME OUT: runs DIR/NAME.rb as /srv/scenarios/NAME.rb on Ruby as WebAssembly and writes
// its three dumps to OUT/NAME-{1,2,3}.json. make.sh copies it to where the packages are.
// The files are in memory, as Node's own WASI crashes with some scripts.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { RubyVM } from "@ruby/wasm-wasi";
import { ConsoleStdout, Directory, File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim";

const [wasm, dir, name, out] = process.argv.slice(2);

async function load(from) {
  const files = new Map();
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const full = path.join(from, entry.name);
    if (entry.isDirectory()) files.set(entry.name, await load(full));
    else if (entry.name.endsWith(".rb")) files.set(entry.name, new File(await readFile(full)));
  }
  return new Directory(files);
}

const dumps = new Directory(new Map());
const wasi = new WASI(
  ["ruby.wasm"],
  [],
  [
    new OpenFile(new File([])),
    ConsoleStdout.lineBuffered((line) => console.log(line)),
    ConsoleStdout.lineBuffered((line) => console.error(line)),
    new PreopenDirectory("/srv", new Map([["scenarios", await load(dir)]])),
    new PreopenDirectory("/out", dumps.contents),
  ],
  { debug: false },
);
const module = await WebAssembly.compile(await readFile(wasm));
const args = ["ruby.wasm", "--disable-gems", "-EUTF-8", "-e_=0"];
const { vm } = await RubyVM.instantiateModule({ module, wasip1: wasi, args });
const ruby = vm.eval("RUBY_VERSION").toString();
vm.eval(`
  $0 = "/srv/scenarios/${name}.rb"
  ARGV.replace((1..3).map { |i| "/out/${name}-#{i}.json" })
  begin
    load $0
  rescue SystemExit
  end
`);
for (const [file, { data }] of dumps.contents) await writeFile(path.join(out, file), data);
console.log(`${ruby}-wasm`);
