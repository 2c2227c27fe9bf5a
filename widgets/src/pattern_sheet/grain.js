// The grain arrow: dragged by its head, or turned by keys, in whole degrees.
import { el, svg, unique } from "../shared/dom.js";
import { fine } from "../shared/units.js";

const SNAP_DEG = 45;
const NEAR_DEG = 4;
const PAGE_DEG = 15;
const STEPS = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1, PageUp: PAGE_DEG, PageDown: -PAGE_DEG };

/** A piece's ± as it is read: "± 2.1 mm". */
export function shown(piece, units, unknown = false) {
  if (piece.within_mm === null) return unknown ? "± ?" : "";
  return `± ${fine(piece.within_mm, units)}`;
}

/** -180 to 180. */
function wrapped(degrees) {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

export class Grain {
  constructor(sheet) {
    this.sheet = sheet;
    this.node = svg("g");
    sheet.plane.node.append(this.node);
  }

  piece(name) {
    const k = this.sheet.get("pieces").findIndex((piece) => piece.name === name);
    return { piece: this.sheet.get("pieces")[k], place: this.sheet.places[k] };
  }

  middle(name) {
    const { piece, place: [x, y] } = this.piece(name);
    const [[ax, ay], [bx, by]] = piece.grain;
    return { at: [(ax + bx) / 2 + x, (ay + by) / 2 + y], half: Math.hypot(bx - ax, by - ay) / 2 };
  }

  draw() {
    const focused = this.node.contains(document.activeElement);
    const chosen = this.sheet.piece;
    this.node.replaceChildren(...this.sheet.get("pieces").map((piece) => this.arrow(piece.name, piece.name === chosen)));
    this.follow();
    if (focused) this.node.querySelector("[role=slider]")?.focus();
  }

  arrow(name, chosen) {
    const { at: [x, y], half } = this.middle(name);
    const degrees = this.sheet.degrees(name);
    const head = Math.min(18, half / 3);
    const parts = [
      svg("path", { d: `M0 ${half}V${-half}M${-0.4 * head} ${-half + head}L0 ${-half}L${0.4 * head} ${-half + head}`, class: "arrow" }),
    ];
    if (chosen) {
      parts.push(
        svg("circle", { cx: 0, cy: -half, class: "touch-round" }),
        svg("circle", { cx: 0, cy: -half, class: "knob" }),
      );
    }
    const node = svg("g", { transform: `translate(${x} ${-y}) rotate(${-degrees})`, class: degrees ? "grain turned" : "grain" }, ...parts);
    if (!chosen) return node;
    const slider = {
      role: "slider", tabindex: "0", "data-grain": name, "aria-label": this.sheet.say("grain_of", { name }),
      "aria-valuemin": "-180", "aria-valuemax": "180", "aria-valuenow": `${degrees}`, "aria-valuetext": `${degrees}°`,
    };
    for (const [key, value] of Object.entries(slider)) node.setAttribute(key, value);
    node.addEventListener("keydown", (event) => this.key(event, name));
    return node;
  }

  /** Knobs keep their size on the screen. */
  follow() {
    const { unit } = this.sheet.plane;
    this.node.querySelectorAll(".knob").forEach((knob) => knob.setAttribute("r", 9 * unit));
    this.node.querySelectorAll(".touch-round").forEach((knob) => knob.setAttribute("r", 22 * unit));
  }

  key(event, name) {
    const step = STEPS[event.key];
    const now = this.sheet.degrees(name);
    if (step) this.sheet.turn(name, wrapped(now + step));
    else if (event.key === "Home") this.sheet.turn(name, 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  grab(name) {
    const { at } = this.middle(name);
    const told = (place) => {
      const raw = (Math.atan2(-(place[0] - at[0]), place[1] - at[1]) * 180) / Math.PI;
      const snapped = Math.round(raw / SNAP_DEG) * SNAP_DEG;
      return wrapped(Math.abs(raw - snapped) <= NEAR_DEG ? snapped : Math.round(raw));
    };
    const preview = (degrees) => {
      this.sheet.turning = { name, degrees };
      this.draw();
      this.sheet.showSide(this.sheet.get("pieces"));
    };
    return {
      move: (place) => preview(told(place)),
      end: (place, moved) => moved && this.sheet.turn(name, told(place)),
      drop: () => {
        this.sheet.turning = null;
        this.draw();
      },
    };
  }

  /** The same by number and by buttons. */
  controls(piece) {
    const { sheet } = this;
    const degrees = sheet.degrees(piece.name);
    const input = el("input", {
      id: unique("degrees"), type: "number", min: "-180", max: "180", step: "1", value: `${degrees}`, "data-key": "degrees",
      inputmode: "numeric", onchange: (event) => {
        const asked = Math.round(Number(event.target.value));
        if (Number.isFinite(asked) && Math.abs(asked) <= 180) sheet.turn(piece.name, asked);
        else event.target.value = `${degrees}`;
      },
    });
    const to = (value) =>
      el("button", {
        type: "button", "data-key": `to ${value}`, "aria-pressed": value === degrees ? "true" : "false",
        onclick: () => sheet.turn(piece.name, value),
      }, `${value}°`);
    return el(
      "div", { class: "turning" },
      el("div", { class: "row" }, el("label", { for: input.id }, sheet.say("grain")), input, to(0), to(45), to(90)),
      el("p", { class: "quiet" }, sheet.say(degrees ? "grain_turned" : "grain_hint")),
    );
  }
}
