// The licences of what a package ships: npm packages in the bundle, Go modules in the server.
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";

/**
 * Of the npm packages that these files belong to.
 * @param {string[]} files
 */
export async function npmNotices(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const known = [...new Set(folders)].filter((folder) => folder !== undefined).sort();
  return join(
    known.map(async (folder) => {
      const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
      return notice(`${name} ${version}`, folder);
    }),
  );
}

/**
 * Of the Go modules that this package of the main module links, and of Go's own library.
 * @param {string} program
 * @param {{cwd: string, env: NodeJS.ProcessEnv}} options the main module's folder, and the platform to build for
 */
export async function goNotices(program, options) {
  const format = "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}";
  const output = execFileSync("go", ["list", "-deps", "-f", format, program], { ...options, encoding: "utf8" });
  const modules = [...new Set(output.split("\n"))].filter((line) => line !== "").sort();
  const [version = "", goroot = ""] = execFileSync("go", ["env", "GOVERSION", "GOROOT"], { encoding: "utf8" }).split(
    "\n",
  );
  return join(
    [`Go ${version}\t${goroot}`, ...modules].map((line) => {
      const [name = "", folder = ""] = line.split("\t");
      return notice(name, folder);
    }),
  );
}

/**
 * @param {string} name
 * @param {string} folder
 */
async function notice(name, folder) {
  const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  // Distributions of Go keep its licence elsewhere.
  const text = file === undefined ? "(no licence file beside it)" : await readFile(`${folder}/${file}`, "utf8");
  return `${name}\n\n${text.trim()}\n`;
}

/** @param {Promise<string>[]} notices */
async function join(notices) {
  return (await Promise.all(notices)).join(`\n${"-".repeat(80)}\n\n`);
}
