// What stands where on the screen.
import { el, unique } from "../shared/dom.js";
import { Crop } from "./crop.js";

export const TOOLS = ["look", "measure", "box"];
/** What can be shown or not, each with what it needs to be of any use. */
export const MARKS = ["unseen", "seams", "cameras", "cloud"];

/** Give a viewer its elements and put them into its root. */
export function layOut(viewer) {
  const press = (key, act, more = {}) => el("button", { type: "button", onclick: act, ...more }, viewer.say(key));
  viewer.buttons = Object.fromEntries(
    TOOLS.map((tool) => [tool, press(`tool.${tool}`, () => viewer.take(tool))]),
  );
  viewer.hint = el("p", { class: "quiet hint" });
  viewer.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
  viewer.detail = el("p", { class: "quiet detail" });
  viewer.canvas = el("canvas", { tabindex: "0", role: "application", "aria-label": viewer.say("canvas") });
  viewer.cross = el("div", { class: "cross", "aria-hidden": "true" });
  viewer.view = el("div", { class: "view" }, viewer.canvas, viewer.cross);
  viewer.ruler = el("div", {});
  viewer.crop = new Crop(viewer);
  const sides = Object.entries(viewer.sides).map(([name, from]) =>
    el("button", { type: "button", onclick: () => viewer.lookFrom(from) }, viewer.say(`side.${name}`)),
  );
  viewer.root.append(
    el("h1", {}, viewer.get("title") || viewer.say("title")),
    el("div", { class: "row tools", role: "group", "aria-label": viewer.say("tools") }, ...Object.values(viewer.buttons)),
    viewer.hint,
    el(
      "div", { class: "bench" },
      el(
        "div", { class: "side" }, viewer.view,
        el("div", { class: "row sides", role: "group", "aria-label": viewer.say("sides") }, ...sides),
        viewer.said, viewer.detail,
      ),
      el("div", { class: "side" }, viewer.ruler, viewer.crop.place, shownCard(viewer), seenCard(viewer)),
    ),
  );
}

/** What the piece is shown in, and what beside it. */
function shownCard(viewer) {
  const skins = [
    ["photos", viewer.say("skin.photos")],
    ...(viewer.get("has_panels") ? [["panels", viewer.say("skin.panels")]] : []),
    ["plain", viewer.say("skin.plain")],
    ...viewer.get("dressings").map((name, at) => [`dressing ${at}`, name]),
  ];
  viewer.skins = el(
    "select", { id: unique("skin"), onchange: () => viewer.wear(viewer.skins.value) },
    ...skins.map(([value, words]) => el("option", { value }, words)),
  );
  const useful = {
    unseen: true, seams: viewer.get("seams").length, cameras: viewer.get("cameras").byteLength,
    cloud: viewer.get("cloud").byteLength,
  };
  viewer.marks = {};
  const boxes = MARKS.filter((mark) => useful[mark]).map((mark) => {
    const box = el("input", { id: unique(mark), type: "checkbox", onchange: () => viewer.mark() });
    box.checked = mark === "unseen";
    viewer.marks[mark] = box;
    return el("label", { class: "check", for: box.id }, box, viewer.say(`mark.${mark}`));
  });
  return el(
    "section", { class: "card" }, el("h2", {}, viewer.say("shown")),
    el("div", { class: "row" }, el("label", { for: viewer.skins.id }, viewer.say("skin")), viewer.skins), ...boxes,
  );
}

/** What was never seen, and what isn't shown as it is. */
function seenCard(viewer) {
  const percent = 100 * viewer.get("unseen");
  const share = percent < 0.05 ? viewer.say("unseen_none") : viewer.say("unseen_share", { percent: percent.toFixed(1) });
  return el(
    "section", { class: "card" }, el("h2", {}, viewer.say("never_seen")),
    el("p", {}, el("span", { class: "striped", "aria-hidden": "true" }), share),
    viewer.get("rim").byteLength
      ? el("p", {}, el("span", { class: "dash along", "aria-hidden": "true" }), viewer.say("rim")) : null,
    ...viewer.get("notes").map((note) => el("p", { class: "quiet" }, note)),
  );
}
