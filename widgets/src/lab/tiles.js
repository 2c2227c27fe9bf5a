// The tiles: one a stage; each opens the stage's notebook on a run, as JupyterLab's server wrote it.
import mark from "../shared/mark.svg";

const STAGES = ["ingest", "align", "scale", "densify", "mesh", "panels", "flatten", "nest", "report"];
const COMMAND = "stitchsketch:open-stage";

export function tiles({ launcher, apputils, services, ui }) {
  const icon = new ui.LabIcon({ name: "stitchsketch:mark", svgstr: mark });
  const label = (stage) => `${STAGES.indexOf(stage) + 1} ${stage[0].toUpperCase()}${stage.slice(1)}`;
  const activate = (app, launching) => {
    const settings = app.serviceManager.serverSettings;
    const ask = async (what) => {
      const url = `${settings.baseUrl}stitchsketch/stage`;
      const answer = await services.ServerConnection.makeRequest(url, { method: "POST", body: JSON.stringify(what) }, settings);
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.message ?? answer.statusText);
      return told;
    };
    const choose = async (runs) => {
      const names = runs.map(({ name, folder }) => `${name} (${folder})`);
      const { value } = await apputils.InputDialog.getItem({ title: "Which run?", items: names });
      return runs[names.indexOf(value)]?.folder;
    };
    app.commands.addCommand(COMMAND, {
      label: ({ stage }) => (stage ? label(stage) : "Open a stage of a run"),
      caption: "Open the stage's notebook on a run, with its last settings",
      icon,
      execute: async ({ stage, cwd, run }) => {
        try {
          let told = await ask({ stage, cwd, run });
          if (told.runs) {
            const chosen = await choose(told.runs);
            if (!chosen) return;
            told = await ask({ stage, run: chosen });
          }
          await app.commands.execute("docmanager:open", { path: told.path, factory: "Notebook" });
        } catch (error) {
          await apputils.showErrorMessage("StitchSketch", error);
        }
      },
    });
    STAGES.forEach((stage, rank) => launching.add({ command: COMMAND, args: { stage }, category: "StitchSketch", rank }));
  };
  return { id: "stitchsketch:tiles", description: "A launcher tile a stage", autoStart: true, requires: [launcher.ILauncher], activate };
}
