// Each folder of src/ with an index.js is a screen: it becomes one script and one sheet of styles.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const screens = readdirSync(`${here}src`).filter((name) => existsSync(`${here}src/${name}/index.js`));

const built = await build({
  absWorkingDir: here,
  entryPoints: screens.map((name) => ({ in: `src/${name}/index.js`, out: name })),
  outdir: "stitchsketch_widgets/static",
  write: false,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  loader: { ".svg": "dataurl" },
  logLevel: "warning",
});

// JupyterLab's tiles: a prebuilt extension, read by its loader as a plain script
const lab = await build({
  absWorkingDir: here,
  entryPoints: [{ in: "src/lab/entry.js", out: "remoteEntry" }],
  outdir: "share/jupyter/labextensions/stitchsketch/static",
  write: false,
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  loader: { ".svg": "text" },
  logLevel: "warning",
});

// aside first, and only what has changed: somebody may be reading it
for (const { path, contents } of [...built.outputFiles, ...lab.outputFiles]) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
