// Bundles the extension into dist/; with "tests" the tests into out/.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { npmNotices } from "./notices.mjs";

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** @type {esbuild.BuildOptions} */
const common = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };

if (process.argv[2] === "tests") {
  await buildTests();
} else {
  await buildExtension();
}

async function buildExtension() {
  await rm("dist", { recursive: true, force: true });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    format: "cjs",
    external: ["vscode"],
    minify: true,
    metafile: true,
  });
  await writeFile("dist/THIRD-PARTY-NOTICES.txt", await npmNotices(Object.keys(metafile.inputs)));
}

async function buildTests() {
  await rm("out", { recursive: true, force: true });
  await mkdir("out");
  const unit = (await readdir("test/unit")).map((file) => `test/unit/${file}`);
  const options = { ...common, format: /** @type {const} */ ("esm"), outExtension: { ".js": ".mjs" } };
  await esbuild.build({ ...options, entryPoints: unit, outdir: "out/unit", sourcemap: "inline" });
  await esbuild.build({
    ...options,
    entryPoints: ["test/e2e/main.ts"],
    outdir: "out/e2e",
    external: ["playwright-core"],
    sourcemap: "inline",
  });
}
