// Each folder of src/ with an index.js is a screen: it becomes one script and one sheet of styles.
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const screens = readdirSync(`${here}src`).filter((name) => existsSync(`${here}src/${name}/index.js`));

await build({
  absWorkingDir: here,
  entryPoints: screens.map((name) => ({ in: `src/${name}/index.js`, out: name })),
  outdir: "stitchsketch_widgets/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  logLevel: "warning",
});
