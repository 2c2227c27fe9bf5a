// The drawings: from above with the front below, and the heights unrolled round the piece.
import { svg } from "../shared/dom.js";
import { length } from "../shared/units.js";

const SIZE = 420;
const MARGIN = 46;
const WIDE = 520;
const HIGH = 300;
const LEFT = 84;
const SIDE = 74;
const RAD = Math.PI / 180;

/** From above: a person stands below, before the front; left is on the left hand. */
export function topView({ spots, mats, middle, frontDeg, sides }, say) {
  // the front's direction goes down the picture
  const turn = (-90 - frontDeg) * RAD;
  const turned = ([x, y]) => [
    Math.cos(turn) * x - Math.sin(turn) * y, Math.sin(turn) * x + Math.cos(turn) * y,
  ];
  const local = ([x, y]) => turned([x - middle[0], y - middle[1]]);
  const places = spots.map((one) => local(one.place));
  const reach = Math.max(0.4, ...places.map(([x, y]) => Math.hypot(x, y)), ...mats.flat().map((p) => Math.hypot(...local(p))));
  const scale = (SIZE / 2 - MARGIN) / reach;
  const at = ([x, y]) => [SIZE / 2 + scale * x, SIZE / 2 - scale * y];
  const wanted = sides.filter((one) => one.wanted).map((one) => one.name).join(", ");
  const picture = svg("svg", {
    viewBox: `${-SIDE} 0 ${SIZE + 2 * SIDE} ${SIZE}`, role: "img",
    "aria-label": say("top_label", { count: spots.length, wanted: wanted || say("nowhere") }),
  });
  const outer = SIZE / 2 - MARGIN + 16;
  sides.forEach((one, number) => {
    const middleDeg = -90 + 45 * number;
    picture.append(svg("path", { d: wedge(middleDeg, outer), class: one.wanted ? "side wanted" : "side" }));
    const [x, y] = polar(middleDeg, outer + 10);
    const across = Math.cos(middleDeg * RAD);
    const anchor = Math.abs(across) < 0.1 ? "middle" : across < 0 ? "end" : "start";
    picture.append(svg("text", { x, y: y + 4, "text-anchor": anchor, class: one.wanted ? "name wanted" : "name" }, `${one.name} ${one.count}`));
  });
  for (const mat of mats) picture.append(svg("polygon", { points: mat.map((p) => at(local(p)).join()).join(" "), class: "mat" }));
  picture.append(svg("circle", { cx: SIZE / 2, cy: SIZE / 2, r: Math.max(14, 0.18 * reach * scale), class: "piece" }));
  picture.append(svg("text", { x: SIZE / 2, y: SIZE / 2 + 4, "text-anchor": "middle", class: "name" }, say("piece")));
  spots.forEach((one, k) => {
    const [x, y] = at(places[k]);
    const [dx, dy] = turned(one.towards);
    picture.append(camera(x, y, Math.atan2(-dy, dx), one));
  });
  return picture;
}

/** Heights over the way round the piece: the front in the middle, behind at both ends. */
export function roundView({ spots, middle, frontDeg, sides, units }, say) {
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": say("round_label") });
  const top = Math.max(1, ...spots.map((one) => one.place[2])) * 1.12;
  const floor = HIGH - 34;
  const y = (z) => floor - (z / top) * (floor - 14);
  const x = (deg) => LEFT + ((deg + 180) / 360) * (WIDE - LEFT - 12);
  // counter-clockwise from the front is to the right of whoever stands before it
  const order = [4, 5, 6, 7, 0, 1, 2, 3].map((number) => [number, ((number * 45 + 180) % 360) - 180]);
  for (const [number, deg] of order) {
    const parts = deg === -180 ? [[-180, -157.5], [157.5, 180]] : [[deg - 22.5, deg + 22.5]];
    for (const [from, to] of parts) {
      picture.append(svg("rect", { x: x(from), y: 8, width: x(to) - x(from), height: floor - 8, class: sides[number]?.wanted ? "side wanted" : "side" }));
    }
    if (number % 2 === 0) {
      const shown = deg === -180 ? [-164] : [deg];
      for (const one of shown) picture.append(svg("text", { x: x(one), y: HIGH - 14, "text-anchor": "middle", class: "name" }, sides[number]?.name ?? ""));
    }
  }
  const step = top > 1.2 ? 0.5 : 0.25;
  for (let z = 0; z < top; z += step) {
    picture.append(svg("line", { x1: LEFT, x2: WIDE - 12, y1: y(z), y2: y(z), class: z ? "grid" : "floor" }));
    picture.append(svg("text", { x: LEFT - 6, y: y(z) + 4, "text-anchor": "end", class: "name" }, length(1000 * z, units)));
  }
  for (const one of spots) {
    const deg = Math.atan2(one.place[1] - middle[1], one.place[0] - middle[0]) / RAD - frontDeg;
    const around = ((((deg + 180) % 360) + 360) % 360) - 180;
    picture.append(dot(x(around), y(one.place[2]), one));
  }
  return picture;
}

function camera(x, y, angle, one) {
  const deg = (angle / RAD).toFixed(1);
  return svg(
    "g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${deg})`, class: one.bad ? "spot bad" : "spot" },
    svg("title", {}, one.photo), svg("path", { d: "M-5 -5 L8 0 L-5 5 Z" }),
  );
}

function dot(x, y, one) {
  return svg(
    "g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, class: one.bad ? "spot bad" : "spot" },
    svg("title", {}, one.photo), svg("circle", { r: 4.5 }),
  );
}

const polar = (deg, radius) => [SIZE / 2 + radius * Math.cos(deg * RAD), SIZE / 2 - radius * Math.sin(deg * RAD)];

function wedge(deg, radius) {
  const [ax, ay] = polar(deg - 22.5, radius);
  const [bx, by] = polar(deg + 22.5, radius);
  return `M${SIZE / 2} ${SIZE / 2} L${ax.toFixed(1)} ${ay.toFixed(1)} A${radius} ${radius} 0 0 0 ${bx.toFixed(1)} ${by.toFixed(1)} Z`;
}
