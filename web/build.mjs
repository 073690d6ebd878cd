// Builds the page's script and style, and the license notices of the packages in them: node build.mjs FOLDER
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const { metafile } = await build({
  entryPoints: { page: "src/main.tsx", "page-style": "src/page.css" },
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "ascii", // the page may be opened without its encoding
  legalComments: "none", // LICENSES.txt has them
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
  outdir: folder,
  entryNames: "[name]",
});
await rename(join(folder, "page-style.css"), join(folder, "page.css"));

const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const notices = ["The page's script contains the following packages.\n"];
for (const name of [...packages].sort()) {
  const at = join("node_modules", name);
  const about = JSON.parse(await readFile(join(at, "package.json"), "utf8"));
  const file = (await readdir(at)).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no license file`);
  const text = await readFile(join(at, file), "utf8");
  notices.push(`${"=".repeat(80)}\n${name} ${about.version} (${about.license})\n\n${text.trim()}\n`);
}
await writeFile(join(folder, "LICENSES.txt"), notices.join("\n"));
