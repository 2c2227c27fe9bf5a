// A screen that asks Python by numbered messages and shows what comes back as traitlets.
import { el, words } from "./dom.js";

const LOOK_EVERY_MS = 500;

export class Screen {
  /** `room` begins the keys of the screen's own texts; those of all screens begin with "common.". */
  constructor(model, root, room) {
    this.model = model;
    this.root = root;
    this.room = room;
    this.asked = 0;
    this.stops = [];
  }

  get(name) {
    return this.model.get(name);
  }

  say(key, values) {
    return words(this.get("texts"), key.startsWith("common.") ? key : `${this.room}.${key}`, values);
  }

  /** Send a message; its number comes back as `answered` once it was dealt with. */
  ask(what) {
    this.asked += 1;
    this.root.dataset.asked = this.asked;
    this.showBusy();
    this.model.send({ ...what, number: this.asked });
    return this.asked;
  }

  get busy() {
    return this.get("answered") < this.asked;
  }

  showBusy() {
    this.root.dataset.answered = this.get("answered");
    this.root.setAttribute("aria-busy", this.busy ? "true" : "false");
  }

  /** Act on an event of the model until the screen goes. */
  hear(event, act) {
    this.model.on(event, act);
    this.stops.push(() => this.model.off(event, act));
  }

  /** Act when one of the traitlets changes; `names` are parted by blanks. */
  follows(names, act) {
    names.split(" ").forEach((name) => this.hear(`change:${name}`, act));
  }

  /** Ask how far Python is, as long as it is at work. */
  looksWhileWorking() {
    const timer = setInterval(() => this.working && this.ask({ do: "look" }), LOOK_EVERY_MS);
    this.stops.push(() => clearInterval(timer));
  }

  get working() {
    return this.get("working").share !== undefined;
  }

  /** Put a sentence into `said`; one that stands there already isn't read out again. */
  tell({ kind = "", text = "" }) {
    this.said.dataset.kind = kind;
    if (this.said.textContent !== text) this.said.textContent = text;
  }

  dispose() {
    this.stops.forEach((stop) => stop());
  }
}

/** What a widget's script gives away: a screen of `Kind` in a place of class `name`. */
export const shownAs = (name, Kind) => ({
  render({ model, el: place }) {
    const root = el("div", { class: `stitchsketch ${name}` });
    place.append(root);
    root.screen = new Kind(model, root);
    return () => root.screen.dispose();
  },
});
