// The pieces as they are drawn: cut line, sew line, allowance between, notches, strain, name.
import { svg } from "../shared/dom.js";
import { boxOf, path } from "../shared/plane.js";
import { shown } from "./grain.js";

const GAP_MM = 45;

/** Where each piece is moved to (in the pieces' order), and the box round all. */
export function shelves(pieces, aspect) {
  const boxes = pieces.map((piece) => boxOf(piece.cut));
  const sizes = boxes.map((box) => [box.right - box.left + GAP_MM, box.high - box.low + GAP_MM]);
  const area = sizes.reduce((sum, [wide, tall]) => sum + wide * tall, 0);
  const room = Math.max(...sizes.map(([wide]) => wide), Math.sqrt(1.15 * area * aspect));
  const order = [...pieces.keys()].sort((a, b) => sizes[b][1] - sizes[a][1]);
  const places = [];
  let [x, y, row, right] = [0, 0, 0, 0];
  for (const k of order) {
    const [wide, tall] = sizes[k];
    if (x > 0 && x + wide > room) [x, y, row] = [0, y - row, 0];
    // shelves go down from the first, pieces stand on their own shelf's top
    places[k] = [x - boxes[k].left, y - boxes[k].high];
    x += wide;
    row = Math.max(row, tall);
    right = Math.max(right, x);
  }
  return { places, whole: { left: 0, low: y - row + GAP_MM, right: Math.max(1, right - GAP_MM), high: 0 } };
}

let clips = 0;

/** One piece at its place. */
export function drawPiece(piece, [x, y], { strain, chosen, say, units }) {
  const color = `rgb(${piece.color.join(" ")})`;
  const node = svg("g", {
    transform: `translate(${x} ${-y})`, "data-piece": piece.name, class: chosen ? "piece chosen" : "piece",
  });
  node.append(svg("path", { d: path(piece.cut, true), class: "cut", fill: color, "fill-opacity": strain ? 0.25 : 0.35 }));
  if (strain) node.append(...strained(piece, strain));
  node.append(
    ...piece.internal.map((line) => svg("path", { d: path(line), class: "internal" })),
    ...piece.notches.map((line) => svg("path", { d: path(line), class: "notch" })),
    ...piece.edges.map((edge) => svg("path", { d: path(edge.line), class: "sew" })),
    // wide and unseen: what a finger hits
    ...piece.edges.map((edge) => svg("path", { d: path(edge.line), class: "touch", "data-seam": edge.seam })),
  );
  const box = boxOf(piece.sew);
  const [wide, tall] = [box.right - box.left, box.high - box.low];
  // clear of the grain arrow: below it, or beside it where a piece is long and low
  const [lx, ly] = wide > 2.2 * tall ? [box.left + 0.25 * wide, box.low + 0.5 * tall] : [box.left + 0.5 * wide, box.low + 0.16 * tall];
  node.append(
    label(lx, ly, piece.name, "strong", "-0.6em", wide, 0),
    label(lx, ly, shown(piece, units, true), "", "0.75em", wide, tall),
  );
  node.append(svg("title", {}, say("piece_title", { name: piece.name })));
  return node;
}

function label(x, y, words, kind, drop, wide, tall) {
  return svg("text", { x, y: -y, dy: drop, class: kind, "data-wide": wide, "data-tall": tall || 1e6 }, words);
}

function strained(piece, { png, box: [left, low, right, high] }) {
  const id = `stitchsketch-clip-${++clips}`;
  return [
    svg("clipPath", { id }, svg("path", { d: path(piece.sew, true) })),
    svg("image", {
      href: png, x: left, y: -high, width: right - left, height: high - low, preserveAspectRatio: "none",
      "clip-path": `url(#${id})`,
    }),
  ];
}
