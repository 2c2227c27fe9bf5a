// What the ruler says: straight and along the surface, in both units, with its ±.
import { el } from "../shared/dom.js";
import { length } from "../shared/units.js";

const MM_PER_INCH = 25.4;

/** "1 234 mm ± 0.8 mm (48 9/16 in ± 0.03 in)", the asked unit first. */
export function sized(mm, sure, units) {
  const in_mm = `${mm < 100 ? mm.toFixed(1) : length(mm, "mm").replace(" mm", "")} mm`;
  const told = {
    mm: sure === null ? in_mm : `${in_mm} ± ${sure.toFixed(1)} mm`,
    inch: sure === null ? length(mm, "inch") : `${length(mm, "inch")} ± ${(sure / MM_PER_INCH).toFixed(2)} in`,
  };
  const other = units === "inch" ? "mm" : "inch";
  return `${told[units]} (${told[other]})`;
}

/** The card with the ruler's answer. */
export function rulerCard(viewer) {
  const measured = viewer.get("measured");
  const points = viewer.get("points");
  const units = viewer.get("units");
  const say = (key, values) => viewer.say(key, values);
  const lines = [];
  if (measured.straight_mm === undefined) lines.push(el("p", {}, say(points.length ? "ruler_second" : "ruler_first")));
  else if (!viewer.get("metric")) lines.push(el("p", {}, say("ruler_no_scale")));
  else {
    const row = (key, mm, sure, kind) =>
      el("p", { class: "length" }, el("span", { class: `dash ${kind}`, "aria-hidden": "true" }), `${say(key)}: `,
        el("strong", {}, sized(mm, sure, units)));
    lines.push(row("ruler_straight", measured.straight_mm, measured.straight_sure_mm, "straight"));
    if (measured.along_mm === null) lines.push(el("p", {}, say("ruler_apart")));
    else lines.push(row("ruler_along", measured.along_mm, measured.along_sure_mm, "along"));
    if (!measured.seen) lines.push(el("p", { class: "warn" }, say("ruler_unseen")));
    lines.push(el("p", { class: "quiet" }, say("ruler_of_scan")));
  }
  const clear = el("button", { type: "button", onclick: () => viewer.ask({ do: "clear" }) }, say("ruler_clear"));
  return el(
    "section", { class: "card" }, el("h2", {}, say("tool.measure")),
    el("div", { role: "status", "aria-live": "polite", class: "answer" }, ...lines), points.length ? clear : null,
  );
}
