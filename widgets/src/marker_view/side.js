// What stands beside the roll: its length, how full it lies, what matches.
import { el } from "../shared/dom.js";
import { cloth, fine, length } from "../shared/units.js";

export function summary(figures, fabric, units, say) {
  const other = units === "inch" ? "mm" : "inch";
  const lines = [
    el("p", { class: "length" }, cloth(figures.used_mm, units), el("span", { class: "quiet" }, ` ${cloth(figures.used_mm, other)}`)),
    el("p", {}, say("of", { name: fabric.name, usable: length(fabric.usable_mm, units) })),
    el("p", { class: "quiet" }, say("full", { percent: Math.round(100 * figures.density), apart: length(figures.separation_mm, units) })),
    el("p", { class: "quiet" }, say(fabric.nap ? "nap" : "no_nap")),
  ];
  if (figures.roll_mm > 0) {
    const { beyond, roll_mm: roll, used_mm: used } = figures;
    const values = { roll: cloth(roll, units), pieces: beyond.join(", "), more: cloth(Math.max(0, used - roll), units), left: cloth(Math.max(0, roll - used), units) };
    lines.push(el("p", { class: beyond.length ? "wrong" : "quiet" }, say(beyond.length ? "roll_short" : "roll_enough", values)));
  }
  if (figures.match !== "none") {
    lines.push(el("p", {}, say("matched", { good: figures.matched, all: figures.to_match })));
    if (figures.extra_percent !== null) {
      const costs = { extra: figures.extra_percent.toFixed(0), table: figures.table_percent.toFixed(0) };
      lines.push(el("p", { class: "quiet" }, say("extra", costs)));
    }
  }
  return lines;
}

export function matchRows(matches, units, say) {
  const row = (match) => {
    const sides = match.b === null ? say("motif", { name: match.a }) : `${match.seam} ${match.a} | ${match.b}`;
    const said = match.matched ? say("fits") : say("jumps", { by: fine(match.mismatch_mm, units) });
    return el("li", { class: match.matched ? "good" : "bad" }, el("span", { class: "grow" }, sides), said);
  };
  return matches.map(row);
}
