// One cloth of the form: from the shop's library or typed, and for further cloths their pieces.
import { el } from "../shared/dom.js";
import { length } from "../shared/units.js";
import { checkRow, numberRow, selectRow, textRow } from "./fields.js";

const LENGTHS = ["width_mm", "usable_mm", "along_mm", "over_mm"];
const MOTIF = ["motif_along_mm", "motif_across_mm"];
const OF_FABRIC = ["name", "currency", "nap", "half_drop", "price", ...LENGTHS, ...MOTIF];
const PLACE = ["x", "y", "long", "wide"];
const NEW_DEFECT_MM = [500, 500, 60, 60];

export class ClothForm {
  constructor(page) {
    this.page = page;
    this.form = page.form;
    this.at = page.cloth;
    this.cloth = page.form.cloths[page.cloth];
    this.units = page.get("units");
  }

  say(key, values) {
    return this.page.say(key, values);
  }

  set(name) {
    return (value) => {
      this.cloth[name] = value;
      this.page.show();
    };
  }

  nodes() {
    const { cloth, units } = this;
    const row = (name) => numberRow(this.say(`field.${name}`), name, cloth[name], this.set(name), units);
    const price = units === "inch" ? "a yard" : "";
    return [
      el("h2", {}, this.say("cloth")),
      this.tabs(),
      this.library(),
      textRow(this.say("field.name"), "name", cloth.name, this.set("name")),
      el("div", { class: "pair" }, ...LENGTHS.map(row)),
      el(
        "div", { class: "pair" },
        numberRow(this.say(price ? "field.price_yard" : "field.price"), "price", cloth.price, this.set("price"), price),
        textRow(this.say("field.currency"), "currency", cloth.currency, this.set("currency"), { maxlength: "3" }),
      ),
      el(
        "div", { class: "row" },
        checkRow(this.say("field.nap"), "nap", cloth.nap, this.set("nap")),
        checkRow(this.say("field.half_drop"), "half_drop", cloth.half_drop, this.set("half_drop")),
      ),
      row("roll_mm"),
      el("details", { open: cloth.defects.length > 0 }, el("summary", {}, this.say("more_of_roll")), el("div", { class: "pair" }, ...MOTIF.map(row)), ...this.defects()),
      ...(this.at ? this.own() : []),
    ];
  }

  tabs() {
    const { cloths } = this.form;
    const tab = (cloth, at) =>
      el("button", { type: "button", "aria-pressed": at === this.at ? "true" : "false", "data-key": `cloth ${at}`, onclick: () => this.page.chooseCloth(at) }, at ? cloth.name : this.say("face"));
    const added = () => {
      const name = this.say(cloths.length === 1 ? "welt" : "dust");
      cloths.push({ ...structuredClone(cloths[0]), name, along_mm: 0, over_mm: 0, half_drop: false, roll_mm: 0, defects: [], pieces: [] });
      this.page.chooseCloth(cloths.length - 1);
    };
    return el(
      "div", { class: "row", role: "group", "aria-label": this.say("cloths") },
      ...cloths.map(tab),
      cloths.length < 6 ? el("button", { type: "button", "data-key": "add", onclick: added }, this.say("add_cloth")) : null,
    );
  }

  /** Choosing one writes its values into the fields, where they may be changed. */
  library() {
    const fabrics = this.page.get("library");
    const words = (one) => `${one.name} · ${length(one.width_mm, this.units)}${one.supplier ? ` · ${one.supplier}` : ""}`;
    const chosen = fabrics.find((one) => OF_FABRIC.every((name) => one[name] === this.cloth[name]));
    const take = (id) => {
      const found = fabrics.find((one) => one.id === id);
      if (!found) return;
      for (const name of OF_FABRIC) this.cloth[name] = found[name];
      this.page.fill();
      this.page.show();
    };
    const options = [["", this.say(fabrics.length ? "typed" : "library_empty")], ...fabrics.map((one) => [one.id, words(one)])];
    return selectRow(this.say("library"), "library", options, chosen?.id ?? "", take);
  }

  defects() {
    const { defects } = this.cloth;
    const changed = () => {
      this.page.fill();
      this.page.show();
    };
    const row = (place, k) =>
      el(
        "div", { class: "row defect", role: "group", "aria-label": this.say("defect", { number: k + 1 }) },
        ...PLACE.map((name, i) => numberRow(this.say(`defect.${name}`), `defect ${k} ${i}`, place[i], (value) => {
          place[i] = value ?? 0;
          this.page.show();
        }, this.units)),
        el("button", { type: "button", "aria-label": `${this.say("remove")}: ${this.say("defect", { number: k + 1 })}`, onclick: () => {
          defects.splice(k, 1);
          changed();
        } }, this.say("remove")),
      );
    const add = () => {
      defects.push([...NEW_DEFECT_MM]);
      changed();
    };
    return [el("h3", {}, this.say("defects")), ...defects.map(row), el("button", { type: "button", "data-key": "add defect", onclick: add }, this.say("add_defect"))];
  }

  /** The pieces of a further cloth; one that another cloth has is taken from it. */
  own() {
    const { cloths } = this.form;
    const pieces = [...new Set([...this.page.get("pieces"), ...this.cloth.pieces])];
    const set = (name) => (on) => {
      cloths.forEach((cloth) => {
        cloth.pieces = cloth.pieces.filter((one) => one !== name);
      });
      if (on) this.cloth.pieces.push(name);
      this.page.show();
    };
    const away = () => {
      cloths.splice(this.at, 1);
      this.page.chooseCloth(0);
      this.page.show();
    };
    return [
      el("fieldset", {}, el("legend", {}, this.say("pieces")), el("div", { class: "row" }, ...pieces.map((name) => checkRow(name, `own ${name}`, this.cloth.pieces.includes(name), set(name))))),
      el("button", { type: "button", onclick: away }, this.say("remove_cloth")),
    ];
  }
}
