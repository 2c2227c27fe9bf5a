// A seam with both its sides: lengths, ease, notches, and what the gate says.
import { el } from "../shared/dom.js";
import { fine, length } from "../shared/units.js";

/** A seam in the list. */
export function seamRow(seam, chosen, units, say, act) {
  const sides = seam.b === null ? `${seam.a} | ${say("open")}` : `${seam.a} | ${seam.b}`;
  return el(
    "button",
    { type: "button", class: "pick", "aria-pressed": chosen ? "true" : "false", "data-key": `seam ${seam.id}`, onclick: act },
    el("strong", {}, seam.id), ` ${sides}`,
    el("span", { class: seam.faults.length ? "quiet wrong" : "quiet" }, seam.faults.length ? say("fault") : length(seam.length_a_mm, units)),
  );
}

/** The chosen seam's card. */
export function seamCard(seam, pieces, units, say) {
  if (!seam) return [el("h3", {}, say("seam")), el("p", { class: "quiet" }, say("seam_none"))];
  const row = (side, name, mm) => {
    const [piece, at, turned] = seam.edges[side] ?? [];
    const edge = piece === undefined ? null : pieces.find((one) => one.name === piece).edges[at];
    const notches = edge ? edge.notches : 0;
    return el(
      "tr", {},
      el("th", { scope: "row" }, el("span", { class: `key side-${side}` }), name + (turned ? ` (${say("face_down")})` : "")),
      el("td", {}, fine(mm, units)), el("td", {}, `${notches}`),
      el("td", {}, edge ? fine(edge.allowance_mm, units) : ""),
    );
  };
  const rows = [row(0, seam.a, seam.length_a_mm)];
  if (seam.b !== null) rows.push(row(1, seam.b, seam.length_b_mm));
  const head = ["side", "long", "notches", "allowance"].map((key) => el("th", { scope: "col" }, say(`col.${key}`)));
  return [
    el("h3", {}, `${seam.id} · ${seam.kind}`),
    el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)),
    el("p", {}, seam.within_mm === null ? say("within_unknown") : say("within", { within: `± ${fine(seam.within_mm, units)}` })),
    seam.b === null ? null : el("p", {}, ease(seam, units, say), " ", apart(seam, units, say)),
    ...(seam.faults.length
      ? seam.faults.map((words) => el("p", { class: "wrong" }, words))
      : [el("p", { class: "good" }, say(seam.b === null ? "gate_open" : "gate_good"))]),
  ].filter(Boolean);
}

function ease(seam, units, say) {
  const by = Math.abs(seam.ease_mm);
  if (by < 0.05) return say("ease_none");
  return say("ease", { by: fine(by, units), longer: seam.ease_mm > 0 ? seam.a : seam.b });
}

function apart(seam, units, say) {
  if (seam.apart_mm === null) return say("notches_differ");
  return say("notches_apart", { by: fine(seam.apart_mm, units) });
}
