// The fabrics to be shown: the quote's own first, up to three of the shop's beside it, each with its look.
import { el, unique } from "../shared/dom.js";

const MOST = 4;
const COLORS = ["#7a8b99", "#3f5873"];

export class Fabrics {
  constructor(page) {
    this.page = page;
    this.form = structuredClone(page.get("form"));
    this.node = el("section", { class: "card" });
    this.drawn = "";
  }

  get state() {
    return JSON.stringify([this.form, this.page.get("choices"), this.page.get("others")]);
  }

  say(key, values) {
    return this.page.say(key, values);
  }

  changed() {
    this.page.show();
  }

  /** The fields anew, unless they stand there as they should. */
  show() {
    const state = this.state;
    if (state === this.drawn) return;
    this.drawn = state;
    this.node.replaceChildren(
      el("h3", {}, this.say("fabrics")), ...this.form.map((one, k) => this.fabric(one, k)),
      this.welts(), ...this.others(),
      ...(this.form.length < MOST && this.page.get("choices").length > 1 ? [this.adding()] : []),
    );
  }

  name(of) {
    return this.page.get("choices").find((one) => one.of === of)?.name ?? of;
  }

  fabric(one, k) {
    const photo = this.page.get("choices").find((own) => own.of === one.of)?.swatch;
    const kinds = this.page.get("kinds").filter(([kind]) => kind !== "swatch" || photo);
    const name = this.name(one.of);
    const away = () => {
      this.form.splice(k, 1);
      this.changed();
    };
    return el(
      "fieldset", {}, el("legend", {}, name),
      this.select(this.say("kind"), `kind ${k}`, kinds, one.kind, (kind) => {
        one.kind = kind;
        one.colors = [];
      }),
      one.kind === "swatch" ? null : el(
        "div", { class: "row" },
        this.check(this.say("own_colors"), `own ${k}`, one.colors.length > 0, (on) => {
          one.colors = on ? [...COLORS] : [];
        }),
        ...one.colors.map((color, i) => this.color(this.say("color", { number: i + 1 }), `color ${k} ${i}`, color, (value) => {
          one.colors[i] = value;
        })),
      ),
      k ? el("button", { type: "button", "data-key": `away ${k}`, "aria-label": `${this.say("away")}: ${name}`, onclick: away }, this.say("away")) : null,
    );
  }

  /** One cloth for the welts of all: fabrics are compared, not welts. */
  welts() {
    const { welt } = this.form[0];
    const set = (value) => this.form.forEach((one) => {
      one.welt = value;
    });
    return el(
      "div", { class: "row" },
      this.check(this.say("welt"), "welt", Boolean(welt), (on) => set(on ? COLORS[1] : "")),
      welt ? this.color(this.say("welt_color"), "welt color", welt, set) : null,
    );
  }

  /** The job's other cloths on their own panels; those of the library with a photo look like that. */
  others() {
    return this.page.get("others").filter((one) => !one.swatch).map(({ name, color }, k) => {
      const set = (value) => this.form.forEach((one) => {
        one.others = { ...one.others, [name]: value };
      });
      return el("div", { class: "row" }, this.color(this.say("other_color", { name }), `other ${k}`, this.form[0].others?.[name] ?? color, set));
    });
  }

  adding() {
    const taken = new Set(this.form.map((one) => one.of));
    const left = this.page.get("choices").filter((one) => !taken.has(one.of));
    const add = (of) => {
      const found = left.find((one) => one.of === of);
      if (!found) return;
      this.form.push({ of, kind: found.swatch ? "swatch" : "plain", colors: [], welt: this.form[0].welt, others: this.form[0].others });
      this.changed();
    };
    const options = [["", this.say("add_none")], ...left.map((one) => [one.of, one.name])];
    return this.select(this.say("add"), "add", options, "", add);
  }

  select(label, key, options, value, set) {
    const id = unique("cover");
    const nodes = options.map(([one, words]) => el("option", { value: one, selected: one === value }, words));
    const act = (event) => {
      set(event.target.value);
      this.changed();
    };
    return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id, "data-key": key, onchange: act }, ...nodes));
  }

  check(label, key, on, set) {
    const id = unique("cover");
    const act = (event) => {
      set(event.target.checked);
      this.changed();
    };
    return el("label", { class: "check", for: id }, el("input", { id, type: "checkbox", checked: on, "data-key": key, onchange: act }), label);
  }

  color(label, key, value, set) {
    const id = unique("cover");
    // while it is chosen the field must stay: a new one would close the system's chooser
    const act = (event) => {
      set(event.target.value);
      this.drawn = this.state;
    };
    return el("label", { class: "check", for: id }, el("input", { id, type: "color", value, "data-key": key, oninput: act }), label);
  }
}
