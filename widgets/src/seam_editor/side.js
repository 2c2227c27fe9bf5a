// Beside the picture: the flat piece, the panels, the drawn seams, and how each edge is made.
import { el, unique } from "../shared/dom.js";
import { length } from "../shared/units.js";
import { pieceCard } from "./piece.js";

export class Side {
  constructor(editor) {
    this.editor = editor;
    this.piece = el("section", { class: "card", "aria-live": "off" });
    this.list = el("section", { class: "card" });
    this.seams = el("section", { class: "card" });
    this.edges = el("section", { class: "card" });
    this.place = el("div", { class: "side" }, this.piece, this.list, this.seams, this.edges);
  }

  get(name) {
    return this.editor.get(name);
  }

  say(key, values) {
    return this.editor.say(key, values);
  }

  show() {
    const [texts, units, pieces, panels] = ["texts", "units", "pieces", "panels"].map((name) => this.get(name));
    const chosen = panels.find((panel) => panel.name === this.editor.chosen);
    const had = document.activeElement?.dataset?.key;
    this.piece.replaceChildren(
      el("h2", {}, chosen ? this.say("piece", { name: chosen.name }) : this.say("piece_none")),
      pieceCard(texts, units, chosen, pieces[this.editor.chosen]),
      ...(chosen ? [this.renameRow(chosen.name)] : []),
    );
    this.list.replaceChildren(
      el("h2", {}, this.say("panels")),
      el("ul", {}, ...panels.map((panel) => el("li", {}, this.panelButton(panel, pieces[panel.name], units)))),
    );
    this.editor.names.replaceChildren(...panels.map((panel) => el("option", { value: panel.name })));
    this.showDrawn();
    this.showEdges(units);
    if (had) this.editor.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  panelButton(panel, piece, units) {
    const size = piece?.outline_mm ? `${length(piece.across_mm, units)} × ${length(piece.along_mm, units)}` : "";
    const pressed = panel.name === this.editor.chosen ? "true" : "false";
    const swatch = el("span", { class: "swatch", style: `background: rgb(${panel.color.join(" ")})` });
    const act = () => (this.editor.tool === "join" ? this.editor.join(panel.name) : this.editor.choose(panel.name));
    return el(
      "button",
      { type: "button", class: "panel-button", "aria-pressed": pressed, "data-key": `panel ${panel.name}`, onclick: act },
      swatch, panel.name, el("span", { class: "quiet" }, size),
    );
  }

  renameRow(name) {
    const input = el("input", { id: unique("rename"), value: name, maxlength: "32", spellcheck: "false", autocomplete: "off", "data-key": "rename" });
    const rename = (event) => {
      event.preventDefault();
      const now = input.value.trim();
      if (!now || now === name) return;
      this.editor.ask({ do: "rename", old: name, new: now });
      this.editor.chosen = now;
    };
    return el(
      "form", { class: "row", onsubmit: rename },
      el("label", { for: input.id }, this.say("panel_name")), input,
      el("button", { type: "submit" }, this.say("rename")),
    );
  }

  showDrawn() {
    const drawn = this.get("drawn");
    this.seams.classList.toggle("hidden", !drawn.length);
    const row = (seam, k) => {
      const what = this.say("drawn_one", { number: k + 1, count: seam.points.length });
      const away = el(
        "button",
        { type: "button", "aria-label": `${this.say("remove")}: ${what}`, onclick: () => this.editor.ask({ do: "remove", seam: k }) },
        this.say("remove"),
      );
      return el("li", { class: "row" }, el("span", { class: "grow" }, what), away);
    };
    this.seams.replaceChildren(el("h2", {}, this.say("drawn")), el("ul", {}, ...drawn.map(row)));
  }

  showEdges(units) {
    const edges = this.get("edges");
    const placed = this.get("placed");
    const list = el(
      "button", { type: "button", "data-key": "place", onclick: () => this.editor.ask({ do: "place" }) },
      this.say(edges.length ? "edges_again" : "edges_place"),
    );
    this.edges.replaceChildren(
      el("h2", {}, this.say("edges")),
      ...(placed ? [] : [...(edges.length ? [el("p", { class: "quiet" }, this.say("edges_old"))] : []), list]),
      el("ul", {}, ...(placed ? edges.map((edge, k) => this.edgeRow(edge, k, units)) : [])),
    );
  }

  edgeRow(edge, k, units) {
    const kinds = this.get("kinds").map(([value, label]) =>
      el("option", { value, selected: value === edge.kind }, label),
    );
    const change = (event) => {
      this.editor.ask({ do: "kind", place: edge.place, kind: event.target.value });
      this.editor.ask({ do: "place" });
    };
    return el(
      "li", { class: k === this.editor.edge ? "edge chosen" : "edge" },
      el("span", {}, el("strong", {}, edge.id), ` ${edge.left} | ${edge.right ?? this.say("edge_open")}`),
      el("select", { "aria-label": this.say("edge_kind", { id: edge.id }), "data-key": `edge ${edge.id}`, onchange: change }, ...kinds),
      el("span", { class: "quiet" }, length(edge.length_mm, units)),
    );
  }
}
