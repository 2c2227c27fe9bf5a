// Rows of a form: a label with its field. Lengths stand in mm in the form, and in the shop's unit here.
import { el, unique } from "../shared/dom.js";

const MM_PER_INCH = 25.4;
const M_PER_YARD = 0.9144;

const rounded = (value, decimals) => `${Number(value.toFixed(decimals))}`;

/** How a number is typed: its unit's word, and to and from what the form holds. */
export function typed(kind) {
  if (kind === "inch") return { unit: "in", shown: (mm) => rounded(mm / MM_PER_INCH, 3), meant: (value) => value * MM_PER_INCH, step: "any" };
  if (kind === "a yard") return { unit: "", shown: (price) => rounded(price * M_PER_YARD, 2), meant: (value) => value / M_PER_YARD, step: "any" };
  return { unit: kind, shown: (value) => rounded(value, 3), meant: (value) => value, step: "any" };
}

export function numberRow(label, key, value, set, kind) {
  const { unit, shown, meant, step } = typed(kind);
  const id = unique(key);
  const input = el("input", {
    id, type: "number", min: "0", step, value: shown(value ?? 0), inputmode: "decimal", "data-key": key,
    onchange: (event) => set(event.target.value === "" ? null : meant(Number(event.target.value))),
  });
  return el("div", { class: "field" }, el("label", { for: id }, label), el("span", { class: "typed" }, input, unit ? el("span", { class: "quiet" }, unit) : null));
}

export function textRow(label, key, value, set, extra = {}) {
  const id = unique(key);
  const input = el("input", { id, value, maxlength: "200", autocomplete: "off", "data-key": key, oninput: (event) => set(event.target.value), ...extra });
  return el("div", { class: "field" }, el("label", { for: id }, label), input);
}

export function selectRow(label, key, options, value, set) {
  const id = unique(key);
  const nodes = options.map(([one, words]) => el("option", { value: one, selected: one === value }, words));
  return el(
    "div", { class: "field" }, el("label", { for: id }, label),
    el("select", { id, "data-key": key, onchange: (event) => set(event.target.value) }, ...nodes),
  );
}

export function checkRow(label, key, value, set) {
  const id = unique(key);
  const input = el("input", { id, type: "checkbox", checked: Boolean(value), "data-key": key, onchange: (event) => set(event.target.checked) });
  return el("label", { class: "check", for: id }, input, label);
}
