// One photo: its picture, its name, how far it is, and what is wrong with it.
import { el } from "../shared/dom.js";

const ENDED = new Set(["arrived", "wrong", "stopped"]);

export class Tile {
  constructor(uploads, say, takeOut) {
    this.uploads = uploads;
    this.takeOut = takeOut;
    this.say = say;
    this.picture = el("img", { alt: "", class: "hidden" });
    this.name = el("p", { class: "name" });
    this.state = el("p", { class: "quiet" });
    this.bar = el("progress", { max: "1", class: "hidden" });
    this.notes = el("ul", { class: "notes" });
    this.buttons = el("div", { class: "row" });
    this.node = el(
      "li", { class: "tile" },
      el("div", { class: "picture" }, this.picture),
      el("div", { class: "about" }, this.name, this.state, this.bar, this.notes, this.buttons),
    );
  }

  /** A photo of the scan, or one on its way. */
  show(one, picture) {
    const told = JSON.stringify([one.state, one.looked, one.notes, one.error, one.mats, picture]);
    if (one.file) this.move(one);
    if (told === this.told) return this.node;
    this.told = told;
    this.name.textContent = one.name;
    this.picture.classList.toggle("hidden", !picture);
    if (picture && this.picture.src !== picture) this.picture.src = picture;
    if (one.file) this.keptAs = undefined;
    if (one.file) this.coming(one);
    else this.kept(one);
    return this.node;
  }

  /** What changes all the time while a photo is sent. */
  move(one) {
    const share = one.bytes ? one.sent / one.bytes : 0;
    this.bar.value = share;
    const said = one.state === "sending" ? this.say("state.sending", { percent: Math.floor(100 * share) }) : this.stateOf(one);
    if (this.state.textContent !== said) this.state.textContent = said;
  }

  stateOf(one) {
    return one.state === "wrong" ? "" : this.say(`state.${one.state}`);
  }

  coming(one) {
    this.bar.setAttribute("aria-label", this.say("one", { name: one.name }));
    this.bar.classList.toggle("hidden", ENDED.has(one.state) || one.state === "waiting");
    this.node.dataset.state = one.state;
    this.notes.replaceChildren(...(one.error ? [this.note(one.state === "wrong" ? "refuse" : "warn", one.error)] : []));
    const focused = this.buttons.contains(document.activeElement);
    this.buttons.replaceChildren(...this.choices(one));
    if (focused) this.buttons.querySelector("button")?.focus();
  }

  choices(one) {
    const button = (key, label, press) =>
      el("button", { type: "button", "aria-label": this.say(label, { name: one.name }), onclick: press }, this.say(key));
    if (!ENDED.has(one.state)) {
      return [el("button", { type: "button", class: "cross", "aria-label": this.say("stop_one", { name: one.name }), onclick: () => this.uploads.stop(one) }, "✕")];
    }
    const off = el("button", { type: "button", class: "cross", "aria-label": this.say("forget_one", { name: one.name }), onclick: () => this.uploads.forget(one) }, "✕");
    return one.state === "arrived" ? [off] : [button("again", "again_one", () => this.uploads.again(one)), off];
  }

  kept(one) {
    this.bar.classList.add("hidden");
    if (this.keptAs !== one.name) {
      this.keptAs = one.name;
      this.buttons.replaceChildren(
        el("button", { type: "button", "aria-label": this.say("take_out_one", { name: one.name }), onclick: () => this.takeOut(one.name) }, this.say("take_out")),
      );
    }
    const worst = one.notes.some((note) => note.severity === "refuse") ? "refuse" : one.notes.length ? "warn" : "good";
    this.node.dataset.state = one.looked ? worst : "looking";
    const seen = one.mats.length ? this.say("mats", { mats: one.mats.join(", ") }) : "";
    const state = !one.looked ? this.say("state.looking") : worst === "good" ? this.say("state.good") : "";
    this.state.textContent = [state, seen].filter(Boolean).join(" · ");
    this.notes.replaceChildren(...one.notes.map((note) => this.note(note.severity, note.text)));
  }

  note(severity, text) {
    return el("li", { "data-severity": severity }, el("strong", {}, `${this.say(`severity.${severity}`)}: `), text);
  }
}
