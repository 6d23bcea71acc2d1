// Builds the server for one platform and packages it with the extension: node package.mjs [TARGET]
// Writes heapline-TARGET.vsix, and that path as the last line of its output. TARGET is one of vsce's names; without one, this machine's.
import { spawnSync } from "node:child_process";
import { copyFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { goNotices } from "./notices.mjs";

/** @type {Record<string, [goos: string, goarch: string]>} */
const targets = {
  "linux-x64": ["linux", "amd64"],
  "linux-arm64": ["linux", "arm64"],
  "alpine-x64": ["linux", "amd64"],
  "alpine-arm64": ["linux", "arm64"],
  "darwin-x64": ["darwin", "amd64"],
  "darwin-arm64": ["darwin", "arm64"],
  "win32-x64": ["windows", "amd64"],
  "win32-arm64": ["windows", "arm64"],
};

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const target = process.argv[2] ?? `${process.platform}-${process.arch}`;
const [goos, goarch] = targets[target] ?? [];
if (goos === undefined || goarch === undefined) {
  console.error(`package: no target ${target}; there are ${Object.keys(targets).join(", ")}`);
  process.exit(2);
}

await rm("bin", { recursive: true, force: true }); // else a package could take another platform's server along
const program = goos === "windows" ? "bin/heapline.exe" : "bin/heapline";
const go = { cwd: "..", env: { ...process.env, CGO_ENABLED: "0", GOOS: goos, GOARCH: goarch } };
run("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", `vscode-extension/${program}`, "./cmd/heapline"], go);
await writeFile("bin/THIRD-PARTY-NOTICES.txt", await goNotices("./cmd/heapline", go));
await copyFile("../LICENSE", "LICENSE");
const vsix = `heapline-${target}.vsix`;
run("npx", [
  "--no",
  "vsce",
  "package",
  "--no-dependencies",
  "--no-rewrite-relative-links",
  "--allow-missing-repository",
  "--target",
  target,
  "-o",
  vsix,
]);
console.log(path.resolve(vsix));

/**
 * @param {string} command
 * @param {string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) {
    console.error(`package: ${command} failed${error ? `: ${error.message}` : ""}`);
    process.exit(1);
  }
}
