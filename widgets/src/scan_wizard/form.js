// The questions of a step, each with its label, help and what is wrong with the answer.
import { el, unique } from "../shared/dom.js";

const MM_PER_INCH = 25.4;

export class Form {
  constructor(model, say, typed) {
    this.model = model;
    this.say = say;
    this.typed = typed;
    this.node = el("form", { class: "questions", onsubmit: (event) => event.preventDefault() });
    this.rows = new Map();
    for (const [step, fields] of Object.entries(model.get("fields"))) {
      for (const field of fields) this.add(step, field);
    }
  }

  get units() {
    return this.model.get("values").units === "inch" ? "inch" : "mm";
  }

  add(step, field) {
    const { input, node } = field.kind === "radio" ? this.radio(field) : this.one(field);
    const help = this.optional(`help.${field.name}`);
    const about = el("p", { class: "quiet", id: unique("help") }, help);
    const wrong = el("p", { class: "wrong hidden", id: unique("wrong") });
    if (input) input.setAttribute("aria-describedby", `${about.id} ${wrong.id}`);
    node.append(about, wrong);
    about.classList.toggle("hidden", !help);
    this.node.append(node);
    this.rows.set(field.name, { step, field, input, node, wrong });
  }

  one(field) {
    const id = unique(field.name);
    const label = el("label", { for: id });
    let input;
    if (field.kind === "choice") {
      input = el("select", { id }, ...field.choices.map(([value, words]) => el("option", { value }, words)));
    } else if (field.kind === "check") {
      input = el("input", { id, type: "checkbox" });
    } else {
      const number = field.kind === "length";
      input = el("input", { id, type: number ? "number" : "text", step: "any", min: "0", maxlength: "200", autocomplete: "off", inputmode: number ? "decimal" : null, required: field.must });
    }
    const tell = () => this.typed({ [field.name]: this.answer(field, input) });
    input.addEventListener(field.kind === "choice" || field.kind === "check" ? "change" : "input", tell);
    const node = el("div", { class: `question ${field.kind}` }, ...(field.kind === "check" ? [input, label] : [label, input]));
    return { input, node };
  }

  radio(field) {
    const name = unique(field.name);
    const choices = field.choices.map(([value, words]) => {
      const id = unique(field.name);
      const input = el("input", { type: "radio", id, name, value, onchange: () => this.typed({ [field.name]: value }) });
      return el("div", { class: "row" }, input, el("label", { for: id }, words));
    });
    const node = el("fieldset", { class: "question radio" }, el("legend", {}, this.say(`field.${field.name}`)), ...choices);
    return { input: null, node };
  }

  answer(field, input) {
    if (field.kind === "check") return input.checked;
    if (field.kind !== "length") return input.value;
    if (input.value === "" || !Number.isFinite(input.valueAsNumber)) return null;
    return this.units === "inch" ? input.valueAsNumber * MM_PER_INCH : input.valueAsNumber;
  }

  shownLength(mm) {
    if (mm === null || mm === undefined) return "";
    const shown = this.units === "inch" ? Math.round((mm / MM_PER_INCH) * 1000) / 1000 : mm;
    return String(shown);
  }

  optional(key) {
    const text = this.say(key);
    return text.endsWith(key) ? "" : text;
  }

  show(step) {
    const values = this.model.get("values");
    const faults = this.model.get("wrong");
    for (const { step: of, field, input, node, wrong } of this.rows.values()) {
      node.classList.toggle("hidden", of !== step || !asked(field, values));
      const fault = faults[field.name] ?? "";
      if (wrong.textContent !== fault) wrong.textContent = fault;
      wrong.classList.toggle("hidden", !fault);
      if (!input) {
        for (const one of node.querySelectorAll("input")) one.checked = one.value === values[field.name];
        continue;
      }
      if (fault) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      this.label(field, node);
      if (document.activeElement !== input) this.fill(field, input, values[field.name]);
    }
    this.node.classList.toggle("hidden", ![...this.rows.values()].some((one) => one.step === step));
  }

  label(field, node) {
    const words = this.say(`field.${field.name}`);
    const unit = field.kind === "length" ? ` (${this.units === "inch" ? this.say("unit.inch") : this.say("unit.mm")})` : "";
    const label = node.querySelector("label");
    if (label.textContent !== words + unit) label.textContent = words + unit;
  }

  fill(field, input, value) {
    if (field.kind === "check") input.checked = value === true;
    else {
      const text = field.kind === "length" ? this.shownLength(value) : value ?? "";
      if (input.value !== text) input.value = text;
    }
  }

  focus(name) {
    this.rows.get(name)?.input?.focus();
  }
}

/** A question is asked when the one that it hangs on is answered so; null: answered at all. */
function asked(field, values) {
  if (!field.when) return true;
  const [name, value] = field.when;
  return value === null ? Boolean(values[name]) : values[name] === value;
}
