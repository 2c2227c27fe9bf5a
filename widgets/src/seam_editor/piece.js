// The flat piece of the chosen panel.
import { el, svg, words } from "../shared/dom.js";
import { length } from "../shared/units.js";

const EASY_PERCENT = 1.5;
const MUCH_PERCENT = 5;

export function pieceCard(texts, units, panel, piece) {
  if (!panel || !piece) return el("p", { class: "quiet" }, words(texts, "seams.none_chosen"));
  if (!piece.outline_mm) return el("div", {}, el("p", {}, piece.why), el("p", { class: "quiet" }, piece.todo));
  const size = {
    across: length(piece.across_mm, units),
    along: length(piece.along_mm, units),
  };
  return el(
    "figure", { class: "piece" },
    picture(texts, panel, piece),
    el(
      "figcaption", {},
      el("strong", { class: "size" }, words(texts, "seams.piece_size", size)),
      el("div", { class: "quiet" }, strain(texts, piece.strain_percent)),
    ),
  );
}

function strain(texts, percent) {
  const level = percent < EASY_PERCENT ? "good" : percent < MUCH_PERCENT ? "some" : "much";
  return words(texts, `seams.strain_${level}`, { percent: percent.toFixed(1) });
}

function picture(texts, panel, piece) {
  const xs = piece.outline_mm.map(([x]) => x);
  const ys = piece.outline_mm.map(([, y]) => -y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const gap = 0.06 * Math.max(width, height);
  const box = [left - gap, top - gap, width + 2 * gap, height + 2 * gap].join(" ");
  const points = piece.outline_mm.map(([x, y]) => `${x},${-y}`).join(" ");
  const color = `rgb(${panel.color.join(" ")})`;
  const ink = `rgb(${panel.ink.join(" ")})`;
  const reach = Math.min(0.3 * height, 0.42 * height);
  const [x, y] = [left + width / 2, top + height / 2];
  const head = 0.05 * Math.max(height, width / 3);
  const arrow = `M${x} ${y + reach}V${y - reach}M${x - head} ${y - reach + 1.6 * head}L${x} ${y - reach}L${x + head} ${y - reach + 1.6 * head}`;
  return svg(
    "svg",
    { viewBox: box, role: "img", "aria-label": words(texts, "seams.piece", { name: panel.name }) },
    svg("polygon", {
      points, fill: color, stroke: "#1f242b", "stroke-width": 2, "vector-effect": "non-scaling-stroke",
      "stroke-linejoin": "round",
    }),
    svg("path", {
      d: arrow, fill: "none", stroke: ink, "stroke-width": 2, "vector-effect": "non-scaling-stroke",
    }),
  );
}
