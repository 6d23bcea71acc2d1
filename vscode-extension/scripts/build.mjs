// Bundles the extension into dist/; with "tests" the tests into out/.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

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
  await writeFile("dist/THIRD-PARTY-NOTICES.txt", await notices(Object.keys(metafile.inputs)));
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

/**
 * The licences of the packages that the bundled files come from.
 * @param {string[]} files
 */
async function notices(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const texts = [...new Set(folders)]
    .filter((folder) => folder !== undefined)
    .sort()
    .map(notice);
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`);
}

/** @param {string} folder */
async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? "" : await readFile(`${folder}/${file}`, "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
