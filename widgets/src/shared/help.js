// The way to the help pages; static ones, beside the apps.
import { el } from "./dom.js";

export const HELP = ["photos", "tape", "sheet"];

/** Links to all help pages; `say` gives a text by its key. */
export function helpLinks(say, which = HELP) {
  return el(
    "nav", { class: "help row", "aria-label": say("help.title") }, el("span", { class: "quiet" }, say("help.title")),
    ...which.map((name) => el("a", { href: `help.ipynb?page=${name}` }, say(`help.${name}`))),
  );
}
