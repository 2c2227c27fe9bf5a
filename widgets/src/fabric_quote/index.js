// Fabric and quote: the form is the page's own until it is sent; what it comes to, Python says.
import { download, el } from "../shared/dom.js";
import { Screen, shownAs } from "../shared/screen.js";
import { ClothForm } from "./cloth_form.js";
import { checkRow, numberRow, selectRow, textRow } from "./fields.js";
import { levelTable, priceTable } from "./results.js";
import "./style.css";

const MATCHES = ["none", "centred_motifs", "visible_seams", "all_seams"];

class QuotePage extends Screen {
  constructor(model, root) {
    super(model, root, "offer");
    this.form = structuredClone(model.get("form"));
    this.cloth = 0;
    this.build();
    this.listen();
    this.fill();
    this.show();
  }

  build() {
    const press = (key, act, extra = {}) => el("button", { type: "button", onclick: act, ...extra }, this.say(key));
    this.clothCard = el("section", { class: "card cloth" });
    this.layCard = el("section", { class: "card" });
    this.workCard = el("section", { class: "card" });
    this.compute = press("compute", () => this.ask({ do: "compute", form: this.form }), { class: "main" });
    this.stop = press("stop", () => this.ask({ do: "stop" }));
    this.bar = el("progress", { max: "1", "aria-label": this.say("share") });
    this.note = el("p", { class: "quiet" });
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    this.price = el("section", { class: "card", "aria-live": "polite" });
    this.levels = el("section", { class: "card" });
    this.gate = el("section", { class: "card gate" });
    this.files = el("section", { class: "card" });
    this.keep = press("keep", () => this.ask({ do: "keep" }));
    this.next = press("next_run", () => this.ask({ do: "next_run", form: this.form }));
    this.root.append(
      el("h1", {}, this.get("title") || this.say("title")),
      el(
        "div", { class: "columns" },
        el(
          "div", { class: "side" }, this.clothCard, this.layCard, this.workCard,
        ),
        el(
          "div", { class: "side" },
          el(
            "section", { class: "card go" },
            el("div", { class: "row" }, this.compute, this.stop), this.bar, this.note, this.said,
          ),
          this.price, this.levels, this.gate, this.files,
        ),
      ),
    );
  }

  listen() {
    this.follows("results shown working message answered address library can_keep title units", () => this.show());
    this.follows("form units", () => {
      this.form = structuredClone(this.get("form"));
      this.cloth = Math.min(this.cloth, this.form.cloths.length - 1);
      this.fill();
    });
    this.hear("msg:custom", (content, buffers) => content.file && download(content.file, buffers[0]));
    this.looksWhileWorking();
  }

  get busy() {
    return this.working;
  }

  /** The form's fields anew: what was typed and not sent is in `form`, and stays. */
  fill() {
    const { form } = this;
    const units = this.get("units");
    const say = (key, values) => this.say(key, values);
    const had = document.activeElement?.dataset?.key;
    const set = (name) => (value) => {
      form[name] = value;
      this.show();
    };
    const options = (values, key) => values.map((value) => [value, say(`${key}.${value}`)]);
    this.clothCard.replaceChildren(...new ClothForm(this).nodes());
    this.layCard.replaceChildren(
      el("h2", {}, say("laying")),
      selectRow(say("field.match"), "match", options(MATCHES, "match"), form.match, set("match")),
      checkRow(say("field.compare"), "compare", form.compare, set("compare")),
      checkRow(say("field.railroad"), "railroad", form.railroad, set("railroad")),
      checkRow(say("field.strips"), "strips", form.strips, set("strips")),
      numberRow(say("field.separation_mm"), "separation_mm", form.separation_mm, set("separation_mm"), units),
      numberRow(say("field.seconds"), "seconds", form.seconds, set("seconds"), "s"),
      selectRow(say("field.stretch"), "stretch", this.get("stretches"), form.stretch, set("stretch")),
    );
    this.workCard.replaceChildren(
      el("h2", {}, say("work")),
      numberRow(say("field.rate", { currency: form.cloths[0].currency }), "rate", form.rate, set("rate"), ""),
      numberRow(say("field.hours"), "hours", form.hours, set("hours"), "h"),
      textRow(say("field.customer"), "customer", form.customer, set("customer")),
    );
    if (had) this.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  chooseCloth(at) {
    this.cloth = at;
    this.fill();
    if (at < this.get("form").cloths.length && this.get("results").laid) this.ask({ do: "show", cloth: at });
  }

  // -- showing

  show() {
    const [results, units] = [this.get("results"), this.get("units")];
    const say = (key, values) => this.say(key, values);
    const { share, note } = this.get("working");
    const { busy } = this;
    const had = document.activeElement?.dataset?.key;
    this.showBusy();
    this.compute.disabled = busy;
    for (const node of [this.stop, this.bar, this.note]) node.classList.toggle("hidden", !busy);
    this.bar.value = share ?? 0;
    this.note.textContent = note ?? "";
    this.price.replaceChildren(el("h2", {}, say("costs")), ...priceTable(results, units, say));
    this.levels.classList.toggle("hidden", !results.levels.length);
    this.levels.replaceChildren(el("h2", {}, say("levels")), ...levelTable(results.levels, units, say));
    this.showGate(results);
    this.showFiles(results);
    this.showSaid(results, busy);
    this.remember(this.get("address"));
    if (had) this.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  showSaid(results, busy) {
    const changed = JSON.stringify(this.form) !== JSON.stringify(this.get("form"));
    const message = this.get("message");
    let { kind = "", text = "" } = message;
    if (!text && !busy && changed) text = this.say("changed");
    if (!text && results.stretch_differs) text = this.say("stretch_differs");
    this.tell({ kind, text });
  }

  /** Why it doesn't sew, and the reason to cut it all the same: given by a person, or not at all. */
  showGate(results) {
    this.gate.classList.toggle("hidden", !results.faults.length);
    if (!results.faults.length || this.gate.contains(document.activeElement)) return;
    let reason = results.override;
    const row = textRow(this.say("field.override"), "override", reason, (value) => {
      reason = value;
    });
    const act = (event) => {
      event.preventDefault();
      document.activeElement?.blur();
      this.ask({ do: "override", reason });
    };
    this.gate.replaceChildren(
      el("h2", {}, this.say("gate")),
      el("ul", {}, ...results.faults.map((words) => el("li", {}, words))),
      el("p", {}, this.say(results.override ? "gate_overridden" : "gate_closed")),
      el("form", { onsubmit: act }, row, el("button", { type: "submit" }, this.say("override"))),
    );
  }

  showFiles(results) {
    const may = results.laid && (!results.faults.length || results.override);
    const button = ([name, label]) =>
      el("button", { type: "button", disabled: !may, "data-key": `file ${name}`, class: name === "quote.pdf" ? "main" : "", onclick: () => this.ask({ do: "file", name }) }, label);
    this.next.disabled = this.working;
    this.keep.disabled = !may;
    this.keep.classList.toggle("hidden", !this.get("can_keep"));
    this.files.replaceChildren(
      el("h2", {}, this.say("files")),
      ...(may ? [] : [el("p", { class: "quiet" }, this.say(results.laid ? "files_gate" : "files_none"))]),
      el("div", { class: "row files" }, ...this.get("files").map(button)),
      el("div", { class: "row" }, this.keep, this.next),
    );
  }

  /** The address names the offer, and a reload opens it again; not in JupyterLab, whose address it isn't. */
  remember(identity) {
    if (!identity || !location.pathname.includes("/voila/render/")) return;
    const address = new URL(location.href);
    if (address.searchParams.get("quote") === identity) return;
    address.searchParams.set("quote", identity);
    history.replaceState(history.state, "", address);
  }
}

export default shownAs("fabric-quote", QuotePage);
