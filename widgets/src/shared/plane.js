// A drawing in millimetres, y up: moved and zoomed by hand, by fingers and by keys.
import { svg } from "./dom.js";

const CLICK_PX = 6;
const NEARER = 0.8;
const PAN = 0.08;
const LEAST_MM = 20;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Points [[x, y], …] in mm as the data of an SVG path. */
export function path(points, closed = false) {
  return `M${points.map(([x, y]) => `${x} ${-y}`).join("L")}${closed ? "Z" : ""}`;
}

/** The box round points: left, low, right, high. */
export function boxOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return { left: Math.min(...xs), low: Math.min(...ys), right: Math.max(...xs), high: Math.max(...ys) };
}

export class Plane {
  /**
   * `grab(target, place)` is asked at each press: it gives `{move(place), end(place, moved), drop()}`
   * for what can be dragged, and nothing for the ground, which is then moved itself.
   */
  constructor(label, grab = () => null) {
    this.node = svg("svg", { class: "plane", tabindex: "0", role: "group", "aria-label": label });
    this.grab = grab;
    this.view = { x: 0, y: -100, w: 100, h: 100 };
    this.whole = { left: 0, low: 0, right: 100, high: 100 };
    this.fingers = new Map();
    this.held = null;
    this.fitted = true;
    this.node.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const [name, act] of [["down", "press"], ["move", "drag"], ["up", "lift"], ["cancel", "lift"]]) {
      this.node.addEventListener(`pointer${name}`, (event) => this[act](event));
    }
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.watch = new ResizeObserver(() => this.resized());
    this.watch.observe(this.node);
  }

  dispose() {
    this.watch.disconnect();
  }

  /** Millimetres in a pixel of the screen. */
  get unit() {
    const { width, height } = this.node.getBoundingClientRect();
    return Math.max(this.view.w / Math.max(1, width), this.view.h / Math.max(1, height));
  }

  /** The place under a point of the screen. */
  place(clientX, clientY) {
    const box = this.node.getBoundingClientRect();
    const { x, y, w, h } = this.view;
    return [x + ((clientX - box.left) / box.width) * w, -(y + ((clientY - box.top) / box.height) * h)];
  }

  /** The point of the screen over a place. */
  pixel([x, y]) {
    const box = this.node.getBoundingClientRect();
    const { view } = this;
    return {
      x: box.left + ((x - view.x) / view.w) * box.width,
      y: box.top + ((-y - view.y) / view.h) * box.height,
    };
  }

  /** Show the whole of a box with a little room round it. */
  fit(whole = this.whole) {
    this.whole = whole;
    const { width, height } = this.node.getBoundingClientRect();
    if (!width || !height) return;
    const [wide, tall] = [whole.right - whole.left, whole.high - whole.low];
    const unit = Math.max(wide / (width - 24), tall / (height - 24));
    const [w, h] = [unit * width, unit * height];
    this.fitted = true;
    this.show({ x: whole.left - (w - wide) / 2, y: -whole.high - (h - tall) / 2, w, h });
  }

  zoom(factor, about = null) {
    const { x, y, w, h } = this.view;
    const least = LEAST_MM / Math.min(w, h);
    const most = (6 * Math.max(this.whole.right - this.whole.left, this.whole.high - this.whole.low)) / Math.max(w, h);
    const by = Math.min(Math.max(factor, least), Math.max(most, least));
    const [atX, atY] = about ? [about[0], -about[1]] : [x + w / 2, y + h / 2];
    this.fitted = false;
    this.show({ x: atX - (atX - x) * by, y: atY - (atY - y) * by, w: w * by, h: h * by });
  }

  pan(right, up) {
    this.fitted = false;
    this.show({ ...this.view, x: this.view.x + right, y: this.view.y - up });
  }

  show(view) {
    this.view = view;
    this.node.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
    // letters and handles keep their size on the screen
    this.node.style.setProperty("--unit", `${this.unit}`);
    this.onView?.(this.unit);
  }

  resized() {
    const shape = this.node.clientWidth > this.node.clientHeight;
    if (shape !== this.shape) this.onShape?.();
    this.shape = shape;
    if (this.fitted) return this.fit();
    const { width, height } = this.node.getBoundingClientRect();
    if (width && height) this.show({ ...this.view, h: (this.view.w * height) / width });
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1 / NEARER : NEARER, this.place(event.clientX, event.clientY));
  }

  press(event) {
    if (event.button !== 0) return;
    this.fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.fingers.size > 1) {
      this.held?.drop?.();
      this.held = null;
      return;
    }
    this.node.setPointerCapture(event.pointerId);
    const place = this.place(event.clientX, event.clientY);
    this.begun = { x: event.clientX, y: event.clientY, moved: false };
    this.held = this.grab(event.target, place) ?? null;
  }

  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    if (this.fingers.size > 1) this.pinch(event.pointerId, before, now);
    this.fingers.set(event.pointerId, now);
    if (this.fingers.size > 1) return;
    const far = Math.hypot(now[0] - this.begun.x, now[1] - this.begun.y);
    if (!this.begun.moved && far <= CLICK_PX) return;
    this.begun.moved = true;
    if (this.held?.move) return this.held.move(this.place(...now));
    this.pan((before[0] - now[0]) * this.unit, (now[1] - before[1]) * this.unit);
  }

  pinch(id, before, now) {
    const [other] = [...this.fingers].filter(([one]) => one !== id).map(([, at]) => at);
    const middle = this.place((now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
    const is = Math.hypot(now[0] - other[0], now[1] - other[1]);
    this.zoom(was / Math.max(is, 1), middle);
    this.pan(((before[0] - now[0]) / 2) * this.unit, ((now[1] - before[1]) / 2) * this.unit);
  }

  lift(event) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size) return;
    const { held } = this;
    this.held = null;
    if (event.type === "pointercancel") held?.drop?.();
    else held?.end?.(this.place(event.clientX, event.clientY), this.begun.moved);
  }

  key(event) {
    if (event.target !== this.node || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = KEYS[event.key];
    if (way) this.pan(way[0] * PAN * this.view.w, way[1] * PAN * this.view.h);
    else if (event.key === "+" || event.key === "=") this.zoom(NEARER);
    else if (event.key === "-") this.zoom(1 / NEARER);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const LETTER_PX = 8;
const TWO_LINES_PX = 74;

/** Hide words that are longer than what they stand on (`data-wide`, `data-tall` in mm). */
export function roomForWords(node, unit) {
  for (const words of node.querySelectorAll("text[data-wide]")) {
    const wide = Number(words.dataset.wide) / unit;
    const room = wide > 0.75 * LETTER_PX * words.textContent.length && Number(words.dataset.tall) / unit > TWO_LINES_PX;
    words.style.display = room ? "" : "none";
  }
}

/** Buttons that do with a press what wheel and fingers do; `say(key)` gives their words. */
export function zoomButtons(plane, button, say) {
  return [
    button("−", () => plane.zoom(1 / NEARER), say("common.farther")),
    button("+", () => plane.zoom(NEARER), say("common.nearer")),
    button(say("common.whole"), () => plane.fit()),
  ];
}
