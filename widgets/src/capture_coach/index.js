// The capture coach: photos round the piece from above and by their heights, and what is missing.
import { el, unique, words } from "../shared/dom.js";
import { roundView, topView } from "./drawing.js";
import "./style.css";

function render({ model, el: place }) {
  const say = (key, values) => words(model.get("texts"), `coach.${key}`, values);
  const front = el("select", { id: unique("front") });
  const said = el("ul", { class: "wishes" });
  const heard = el("div", { role: "status", "aria-live": "polite" }, said);
  const top = el("figure", {});
  const round = el("figure", {});
  const key = (kind, text) => el("li", {}, el("span", { class: `key ${kind}`, "aria-hidden": "true" }), text);
  const pictures = el(
    "div", { class: "pictures" }, top, round,
  );
  const keys = el(
    "ul", { class: "keys quiet" }, key("good", say("key_good")), key("bad", say("key_bad")),
    key("want", say("key_want")), key("mat", say("key_mat")),
  );
  const choice = el("div", { class: "row" }, el("label", { for: front.id }, say("front")), front);
  place.append(
    el("section", { class: "stitchsketch capture-coach" }, el("h2", {}, say("title")), heard, pictures, keys, choice),
  );
  front.addEventListener("change", () => {
    model.set("front", front.value);
    model.save_changes();
  });

  const show = () => {
    const spots = model.get("spots");
    const state = {
      spots, mats: model.get("mats"), middle: model.get("middle"), frontDeg: model.get("front_deg"),
      sides: model.get("sides"), units: model.get("units"),
    };
    const some = spots.length > 0;
    for (const part of [pictures, keys, choice]) part.classList.toggle("hidden", !some);
    const sentences = model.get("said");
    const told = sentences.map((one) => one.text).join("\n");
    if (said.dataset.told !== told) {
      said.dataset.told = told;
      said.replaceChildren(...sentences.map((one) => el("li", { "data-kind": one.kind }, one.text)));
    }
    if (!some) return;
    const names = model.get("names");
    const first = el("option", { value: "" }, say("front_first", { name: names[0] ?? "" }));
    if (document.activeElement !== front) {
      front.replaceChildren(first, ...names.map((name) => el("option", { value: name }, name)));
      front.value = names.includes(model.get("front")) ? model.get("front") : "";
    }
    top.replaceChildren(topView(state, say), el("figcaption", { class: "quiet" }, say("top")));
    round.replaceChildren(roundView(state, say), el("figcaption", { class: "quiet" }, say("round")));
  };
  model.on("change", show);
  show();
  return () => model.off("change", show);
}

export default { render };
