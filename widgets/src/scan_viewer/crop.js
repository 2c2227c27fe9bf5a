// The box: six sliders, each with its length beside it; what lies outside is paled.
import { el, unique } from "../shared/dom.js";
import { length } from "../shared/units.js";

const SIDES = ["left", "near", "bottom", "right", "far", "top"];
const STEP_MM = 5;
const LEAST_MM = 20;

export class Crop {
  constructor(viewer) {
    this.viewer = viewer;
    this.box = [...viewer.get("box")];
    const found = viewer.get("found_box");
    const [low, high] = [viewer.get("low"), viewer.get("high")];
    this.sliders = SIDES.map((side, at) => {
      const axis = at % 3;
      const reach = 0.15 * (high[axis] - low[axis]);
      const least = Math.min(low[axis], found[axis], this.box[axis]) - reach;
      const most = Math.max(high[axis], found[axis + 3], this.box[axis + 3]) + reach;
      const input = el("input", {
        // a slider's steps count from its least
        id: unique("box"), type: "range", min: String(STEP_MM * Math.floor((1000 * least) / STEP_MM)),
        max: String(STEP_MM * Math.ceil((1000 * most) / STEP_MM)),
        step: String(STEP_MM), oninput: () => this.set(at, Number(input.value) / 1000),
      });
      return input;
    });
    this.told = SIDES.map(() => el("output", { class: "quiet" }));
    const rows = SIDES.map((side, at) =>
      el(
        "div", { class: "slider" }, el("label", { for: this.sliders[at].id }, viewer.say(`box.${side}`)),
        this.told[at], this.sliders[at],
      ),
    );
    this.size = el("p", {});
    this.save = el(
      "button", { type: "button", class: "main", onclick: () => this.keep() }, viewer.say("box_save"),
    );
    this.drop = el(
      "button", { type: "button", onclick: () => viewer.ask({ do: "drop_box" }) }, viewer.say("box_drop"),
    );
    this.place = el(
      "section", { class: "card" }, el("h2", {}, viewer.say("tool.box")),
      el("p", { class: "quiet" }, viewer.say("box_hint")), ...rows, this.size,
      viewer.get("can_save") ? el("div", { class: "row" }, this.save, this.drop) : null,
    );
    this.show();
  }

  keep() {
    this.viewer.ask({ do: "save_box", low: this.box.slice(0, 3), high: this.box.slice(3) });
  }

  /** Move one side; it never passes the one across. */
  set(at, place) {
    const other = this.box[(at + 3) % 6];
    const least = LEAST_MM / 1000;
    this.box[at] = at < 3 ? Math.min(place, other - least) : Math.max(place, other + least);
    this.show();
    this.viewer.showBox();
  }

  /** The box as Python has it. */
  take(box) {
    this.box = [...box];
    this.show();
  }

  show() {
    const units = this.viewer.get("units");
    const shown = (metres) => (this.viewer.get("metric") ? length(1000 * metres, units) : metres.toFixed(3));
    this.box.forEach((place, at) => {
      this.sliders[at].value = String(Math.round(1000 * place));
      const said = place < 0 ? `−${shown(-place)}` : shown(place);
      this.told[at].textContent = said;
      this.sliders[at].setAttribute("aria-valuetext", said);
    });
    const [width, depth, height] = [0, 1, 2].map((axis) => shown(this.box[axis + 3] - this.box[axis]));
    this.size.textContent = this.viewer.say("box_size", { width, depth, height });
  }
}
