// The marker: what is moved goes to Python as messages; whether it may lie so, Python says.
import { el, svg, unique } from "../shared/dom.js";
import { Plane, boxOf, path, roomForWords, zoomButtons } from "../shared/plane.js";
import { Screen, shownAs } from "../shared/screen.js";
import { length } from "../shared/units.js";
import { Hand } from "./hand.js";
import { matchRows, summary } from "./side.js";
import { drawMatches, drawRoll } from "./roll.js";
import "./style.css";

const SPOT_MM = 24;
const SPOT_PX = 5;

class MarkerBoard extends Screen {
  constructor(model, root) {
    super(model, root, "marker");
    this.chosen = "";
    this.hand = new Hand(this);
    this.build();
    this.listen();
    this.show();
  }

  build() {
    const button = (label, act, name) =>
      el("button", { type: "button", onclick: act, "aria-label": name }, label);
    const press = (key, act, extra = {}) =>
      el("button", { type: "button", onclick: act, ...extra }, this.say(key));
    this.plane = new Plane(this.say("plane"), (target, place) => this.hand.grab(target, place));
    this.ground = svg("g");
    this.pieces = svg("g");
    this.marks = svg("g");
    this.ghost = svg("g");
    this.plane.node.append(this.ground, this.pieces, this.marks, this.ghost);
    this.pin = press("pin", () => this.togglePin(), { "data-key": "pin" });
    this.turn = press("turn", () => this.hand.turn(), { "data-key": "turn" });
    this.undo = press("undo", () => this.ask({ do: "undo" }));
    this.unpin = press("unpin_all", () => this.ask({ do: "pin", pinned: [] }));
    this.snap = el("input", { id: unique("snap"), type: "checkbox", checked: true });
    this.snapRow = el("label", { class: "check", for: this.snap.id }, this.snap, this.say("on_pattern"));
    this.seconds = el("input", { id: unique("seconds"), type: "number", min: "1", max: "600", step: "1", inputmode: "numeric" });
    this.nest = press("nest_again", () => this.nestAgain(), { class: "main" });
    this.stop = press("stop", () => this.ask({ do: "stop" }));
    this.bar = el("progress", { max: "1", "aria-label": this.say("share") });
    this.note = el("p", { class: "quiet" });
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    this.sum = el("section", { class: "card sum", "aria-live": "polite" });
    this.list = el("section", { class: "card" });
    this.match = el("section", { class: "card" });
    this.heading = el("h2");
    this.root.append(
      this.heading,
      el("p", { class: "quiet" }, this.say("hint")),
      el(
        "div", { class: "bench" },
        el(
          "div", { class: "side" },
          el(
            "div", { class: "row" },
            el("div", { class: "row grow tools", role: "group", "aria-label": this.say("tools") }, this.pin, this.turn, this.undo, this.unpin, this.snapRow),
            el("div", { class: "row" }, ...zoomButtons(this.plane, button, (key) => this.say(key))),
          ),
          el("div", { class: "board" }, this.plane.node),
          this.said,
          el(
            "div", { class: "row again" },
            this.nest, el("label", { for: this.seconds.id }, this.say("seconds")), this.seconds, this.stop,
            el("div", { class: "grow" }, this.bar, this.note),
          ),
        ),
        el("div", { class: "side" }, this.sum, this.match, this.list),
      ),
    );
  }

  listen() {
    const names = "title units fabric figures copies matches pinned seconds working can_undo message answered";
    this.follows(names, () => this.show());
    this.follows("tried", () => this.hand.tried(this.get("tried")));
    this.plane.onView = () => this.follow();
    this.looksWhileWorking();
  }

  get busy() {
    return this.working;
  }

  dispose() {
    super.dispose();
    this.plane.dispose();
  }

  /** What keeps its size on the screen, and words that have room there. */
  follow() {
    const { unit } = this.plane;
    roomForWords(this.plane.node, unit);
    // seen from afar they are small, or they hide the pieces
    const spotPx = Math.min(SPOT_PX, Math.max(2, SPOT_MM / unit));
    this.marks.querySelectorAll("circle").forEach((spot) => spot.setAttribute("r", spotPx * unit));
  }

  copy(key) {
    return this.get("copies").find((one) => keyOf(one) === key);
  }

  choose(key) {
    this.chosen = key;
    this.show();
  }

  isPinned(copy) {
    return this.get("pinned").some(([name, number]) => name === copy.piece && number === copy.copy);
  }

  togglePin(key = this.chosen) {
    const copy = this.copy(key);
    if (!copy) return;
    const others = this.get("pinned").filter(([name, number]) => name !== copy.piece || number !== copy.copy);
    this.ask({ do: "pin", pinned: this.isPinned(copy) ? others : [...others, [copy.piece, copy.copy]] });
  }

  nestAgain() {
    const seconds = Math.round(Number(this.seconds.value));
    if (seconds >= 1 && seconds <= 600) this.ask({ do: "nest", seconds });
    else this.seconds.focus();
  }

  /** Whether moves keep to whole repeats. */
  get onPattern() {
    return this.canSnap && this.snap.checked;
  }

  get canSnap() {
    const { along_mm: along, over_mm: over } = this.get("fabric");
    return this.get("figures").match !== "none" && (along > 0 || over > 0);
  }

  // -- showing

  show() {
    const [copies, figures, fabric, units] = ["copies", "figures", "fabric", "units"].map((name) => this.get(name));
    const had = document.activeElement?.dataset?.key;
    this.heading.textContent = this.get("title") || this.say("title");
    this.showBusy();
    if (!this.copy(this.chosen)) this.chosen = "";
    const there = copies.length > 0;
    if (there) {
      const { whole, nodes } = drawRoll(fabric, figures, units, (key, values) => this.say(key, values));
      this.ground.replaceChildren(...nodes);
      if (JSON.stringify(whole) !== JSON.stringify(this.plane.whole)) {
        if (this.plane.fitted) this.plane.fit(whole);
        else this.plane.whole = whole;
      }
    } else this.ground.replaceChildren();
    this.pieces.replaceChildren(...copies.map((copy) => this.draw(copy)));
    this.marks.replaceChildren(...drawMatches(this.get("matches")));
    this.follow();
    this.hand.shown();
    this.showSide(copies, figures, fabric, units);
    this.showState(there, units);
    if (had) this.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  draw(copy) {
    const key = keyOf(copy);
    const box = boxOf(copy.cut);
    const pinned = this.isPinned(copy);
    const [x, y] = [(box.left + box.right) / 2, (box.low + box.high) / 2];
    const [dx, dy] = this.hand.shift(key);
    const node = svg(
      "g",
      {
        class: `copy${key === this.chosen ? " chosen" : ""}${pinned ? " pinned" : ""}${this.hand.isRefused(key) ? " refused" : ""}`, "data-copy": key, "data-key": `copy ${key}`,
        tabindex: "0", role: "button", "aria-pressed": key === this.chosen ? "true" : "false",
        "aria-label": this.say(pinned ? "copy_pinned" : "copy", { name: copy.label }), transform: `translate(${dx} ${-dy})`,
      },
      svg("path", { d: path(copy.cut, true), class: "cut", fill: `rgb(${copy.color.join(" ")})` }),
      svg("path", { d: path(copy.sew, true), class: "sew" }),
      ...copy.notches.map((line) => svg("path", { d: path(line), class: "notch" })),
      svg("path", { d: `${path(copy.grain)}${path(copy.head)}`, class: "arrow" }),
      svg("text", { x, y: -y, class: "strong", "data-wide": box.right - box.left, "data-tall": 1e6 }, (pinned ? "▪ " : "") + copy.label),
    );
    node.addEventListener("keydown", (event) => this.hand.key(event, key));
    node.addEventListener("focus", () => this.chosen !== key && node.matches(":focus-visible") && this.choose(key));
    return node;
  }

  showSide(copies, figures, fabric, units) {
    const say = (key, values) => this.say(key, values);
    this.sum.replaceChildren(...(copies.length ? summary(figures, fabric, units, say) : [el("p", { class: "quiet" }, this.say("none"))]));
    const rows = matchRows(this.get("matches"), units, say);
    this.match.classList.toggle("hidden", !rows.length);
    this.match.replaceChildren(el("h3", {}, this.say("matches")), el("ul", {}, ...rows));
    this.list.classList.toggle("hidden", !copies.length);
    this.list.replaceChildren(
      el("h3", {}, this.say("pieces")),
      el("ul", {}, ...copies.map((copy) => el("li", { class: "row nowrap" }, this.pick(copy), this.pinButton(copy)))),
    );
  }

  pick(copy) {
    const key = keyOf(copy);
    return el(
      "button",
      { type: "button", class: "pick grow", "aria-pressed": key === this.chosen ? "true" : "false", "data-key": `pick ${key}`, onclick: () => this.choose(key) },
      el("span", { class: "swatch", style: `background: rgb(${copy.color.join(" ")})` }), copy.label,
    );
  }

  pinButton(copy) {
    const key = keyOf(copy);
    return el(
      "button",
      {
        type: "button", "aria-pressed": this.isPinned(copy) ? "true" : "false", "data-key": `pin ${key}`,
        "aria-label": `${this.say("pin")}: ${copy.label}`, onclick: () => this.togglePin(key),
      },
      this.say("pin"),
    );
  }

  showState(there, units) {
    const { share, note } = this.get("working");
    const { busy } = this;
    const chosen = this.copy(this.chosen);
    this.pin.disabled = !chosen;
    this.pin.setAttribute("aria-pressed", chosen && this.isPinned(chosen) ? "true" : "false");
    this.turn.disabled = !chosen;
    this.undo.disabled = !this.get("can_undo");
    this.unpin.disabled = !this.get("pinned").length;
    this.snapRow.classList.toggle("hidden", !this.canSnap);
    this.nest.disabled = busy || !there;
    for (const node of [this.stop, this.bar, this.note]) node.classList.toggle("hidden", !busy);
    this.bar.value = share ?? 0;
    this.note.textContent = note ?? "";
    if (document.activeElement !== this.seconds) this.seconds.value = `${this.get("seconds")}`;
    const message = this.hand.why ? { kind: "error", text: this.hand.why } : this.get("message");
    this.tell(message.text ? message : chosen ? { text: this.where(chosen, units) } : {});
  }

  where(copy, units) {
    const box = boxOf(copy.cut);
    return this.say("where", { name: copy.label, along: length(box.left, units), across: length(box.low, units) });
  }
}

export const keyOf = (copy) => `${copy.piece} ${copy.copy}`;

export default shownAs("marker-view", MarkerBoard);
