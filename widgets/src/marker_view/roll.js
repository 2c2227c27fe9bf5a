// The roll: selvages, usable width, repeat, defects, where it is cut off, and where seams match.
import { svg } from "../shared/dom.js";
import { length } from "../shared/units.js";

const BEYOND = 0.06;
const TICK_MM = 100;
const TICK_IN = 25.4 * 6;

/** Nodes to draw, and the box round them. */
export function drawRoll(fabric, figures, units, say) {
  const { usable_mm: usable } = fabric;
  const selvage = (fabric.width_mm - usable) / 2;
  const used = figures.used_mm;
  const long = Math.max(used, figures.roll_mm) * (1 + BEYOND);
  const margin = 0.05 * usable;
  const nodes = [
    rect(0, -selvage, long, fabric.width_mm, "selvage"),
    rect(0, 0, long, usable, "usable"),
    ...repeat(fabric, figures, long),
    ...figures.zones.map(([x, y, wide, tall]) => rect(x, y, wide, tall, "zone", say("defect"))),
    svg("path", { d: `M${used} ${selvage + margin / 2}V${-(usable + selvage + margin / 2)}`, class: "end" }),
    ...(figures.roll_mm > 0 ? [rollEnd(figures.roll_mm, usable, selvage, margin, say)] : []),
    ...ruler(long, selvage, margin, units),
  ];
  return { nodes, whole: { left: 0, low: -selvage - 1.6 * margin, right: long, high: usable + selvage + margin } };
}

/** A spot on each piece where the pattern is to go on: full where it does, hollow where it jumps. */
export function drawMatches(matches) {
  return matches.flatMap((match) =>
    match.at.map(([x, y]) => svg("circle", { cx: x, cy: -y, class: match.matched ? "match good" : "match bad" })),
  );
}

/** Where the roll ends, whether or not all that is cut from it lies before. */
function rollEnd(x, usable, selvage, margin, say) {
  const node = svg("path", { d: `M${x} ${selvage + margin / 2}V${-(usable + selvage + margin / 2)}`, class: "roll-end" });
  node.append(svg("title", {}, say("roll_end")));
  return node;
}

function rect(x, y, wide, tall, kind, title) {
  const node = svg("rect", { x, y: -(y + tall), width: wide, height: tall, class: kind });
  if (title) node.append(svg("title", {}, title));
  return node;
}

/** Motifs' middles, or lines where the pattern repeats one way. */
function repeat(fabric, figures, long) {
  const { along_mm: along, over_mm: over, usable_mm: usable, motif_mm: [atX, atY] } = fabric;
  if (along > 0 && over > 0) {
    const arm = 14;
    const d = figures.motifs.map(([x, y]) => `M${x - arm} ${-y}h${2 * arm}M${x} ${-y - arm}v${2 * arm}`).join("");
    return d ? [svg("path", { d, class: "motif" })] : [];
  }
  const lines = [];
  if (along > 0) for (let x = atX % along; x <= long; x += along) lines.push(`M${x} 0V${-usable}`);
  else if (over > 0) for (let y = atY % over; y <= usable; y += over) lines.push(`M0 ${-y}H${long}`);
  return lines.length ? [svg("path", { d: lines.join(""), class: "motif" })] : [];
}

function ruler(long, selvage, margin, units) {
  const step = units === "inch" ? TICK_IN : TICK_MM;
  const low = selvage + 0.25 * margin;
  const nodes = [];
  let d = "";
  for (let k = 0; k * step <= long; k += 1) {
    const every = units === "inch" ? 6 : 5;
    const major = k % every === 0;
    d += `M${k * step} ${low}v${major ? 0.5 * margin : 0.25 * margin}`;
    if (major && k) nodes.push(svg("text", { x: k * step, y: low + 1.05 * margin, class: "ruler", "data-wide": every * step, "data-tall": 1e6 }, length(k * step, units)));
  }
  return [svg("path", { d, class: "tick" }), ...nodes];
}
