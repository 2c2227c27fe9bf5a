// What it comes to: a line a cloth, labour, total; and what each match level costs.
import { el } from "../shared/dom.js";
import { cloth } from "../shared/units.js";

function table(caption, head, rows) {
  return el(
    "table", {}, el("caption", { class: "unseen" }, caption),
    el("thead", {}, el("tr", {}, ...head.map((words) => el("th", { scope: "col" }, words)))),
    el("tbody", {}, ...rows),
  );
}

const row = (cells, kind = "") =>
  el("tr", { class: kind }, ...cells.map((words, k) => (k ? el("td", {}, words) : el("th", { scope: "row" }, words))));

export function priceTable(results, units, say) {
  if (!results.laid) return [el("p", { class: "quiet" }, say("none"))];
  if (results.why) return [el("p", { class: "wrong" }, results.why)];
  const buy = (one) => (units === "inch" ? `${one.yards.toFixed(2)} yd` : `${one.metres.toFixed(1)} m`);
  const money = (amount) => `${amount.toFixed(2)} ${results.currency}`;
  const used = (one) => cloth(one.used_mm, units) + (one.end_mm > 0 ? ` + ${cloth(one.end_mm, units)}` : "");
  const rows = results.cloths.map((one) => row([one.name, used(one), buy(one), money(one.cost)]));
  if (results.labour > 0) rows.push(row([say("labour"), "", "", money(results.labour)]));
  rows.push(row([say("total"), "", "", money(results.total)], "total"));
  const ends = results.cloths.some((one) => one.end_mm > 0);
  return [
    table(say("costs"), ["cloth", ends ? "used_end" : "used", "buy", "price"].map((key) => say(`col.${key}`)), rows),
    el("p", {}, results.confidence),
    ...(results.override ? [el("p", { class: "wrong" }, say("cut_because", { reason: results.override }))] : []),
  ];
}

export function levelTable(levels, units, say) {
  const cells = (one) => {
    const name = say(`match.${one.level}`) + (one.chosen ? ` ✓` : "");
    if (one.used_mm === undefined) return row([name, one.why, "", "", ""]);
    const plain = one.level === "none";
    return row([
      name, cloth(one.used_mm, units),
      plain || one.more_mm === null ? "" : `${one.more_mm >= 0 ? "+" : "−"}${cloth(Math.abs(one.more_mm), units)} (${one.more_percent.toFixed(0)} %)`,
      plain ? "" : `+${one.table_percent.toFixed(0)} %`,
      plain ? "" : `${one.matched}/${one.asked}`,
    ], one.chosen ? "chosen" : "");
  };
  return [
    table(say("levels"), ["level", "used", "more", "table", "matched"].map((key) => say(`col.${key}`)), levels.map(cells)),
    el("p", { class: "quiet" }, say("levels_hint")),
  ];
}
