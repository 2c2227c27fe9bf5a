// A prebuilt extension of JupyterLab: the container that its loader asks for, without webpack's runtime.
import { tiles } from "./tiles.js";

const NEEDED = { launcher: "@jupyterlab/launcher", apputils: "@jupyterlab/apputils", services: "@jupyterlab/services", ui: "@jupyterlab/ui-components" };
let shared;

/** JupyterLab's own copy of a package: tokens are the same only there. */
async function own(name) {
  const versions = Object.values(shared[name] ?? {});
  if (!versions.length) throw new Error(`JupyterLab shares no ${name}`);
  return (await versions[0].get())();
}

(window._JUPYTERLAB ??= {}).stitchsketch = {
  init: (scope) => {
    shared = scope;
  },
  get: async () => {
    const found = await Promise.all(Object.entries(NEEDED).map(async ([key, name]) => [key, await own(name)]));
    const plugin = tiles(Object.fromEntries(found));
    return () => ({ __esModule: true, default: plugin });
  },
};
