// The pattern sheet: what is turned goes to Python as messages, what is true comes back as traitlets.
import { el, svg, unique } from "../shared/dom.js";
import { Plane, roomForWords, zoomButtons } from "../shared/plane.js";
import { Screen, shownAs } from "../shared/screen.js";
import { length } from "../shared/units.js";
import { Grain, shown } from "./grain.js";
import { drawPiece, shelves } from "./pieces.js";
import { seamCard, seamRow } from "./seams.js";
import "./style.css";

class Sheet extends Screen {
  constructor(model, root) {
    super(model, root, "sheet");
    this.piece = "";
    this.seam = "";
    this.turning = null;
    this.build();
    this.listen();
    this.lay();
    this.show();
  }

  build() {
    const button = (label, act, name) =>
      el("button", { type: "button", onclick: act, "aria-label": name }, label);
    this.plane = new Plane(this.say("plane"), (target, place) => this.grab(target, place));
    this.ground = svg("g");
    this.marks = svg("g");
    this.plane.node.append(this.ground, this.marks);
    this.grain = new Grain(this);
    this.strain = el("input", { id: unique("strain"), type: "checkbox", checked: true, onchange: () => this.show() });
    this.legend = el("ul", { class: "legend", "aria-label": this.say("legend") });
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    this.save = el("button", { type: "button", class: "main", onclick: () => this.ask({ do: "save" }) }, this.say("save"));
    this.one = el("section", { class: "card one" });
    this.seamOne = el("section", { class: "card seam-one", "aria-live": "polite" });
    this.list = el("section", { class: "card" });
    this.seams = el("section", { class: "card" });
    this.root.append(
      el("h2", {}, this.get("title") || this.say("title")),
      el("p", { class: "quiet" }, this.say("hint")),
      el(
        "div", { class: "bench" },
        el(
          "div", { class: "side" },
          el(
            "div", { class: "row" },
            el("label", { class: "check", for: this.strain.id }, this.strain, this.say("strain")),
            el("div", { class: "grow" }, this.legend),
            el("div", { class: "row zoom" }, ...zoomButtons(this.plane, button, (key) => this.say(key))),
          ),
          el("div", { class: "board" }, this.plane.node),
          el("div", { class: "row" }, el("div", { class: "grow" }, this.said), this.save),
        ),
        el("div", { class: "side" }, this.one, this.seamOne, this.list, this.seams),
      ),
    );
    this.legend.append(
      ...this.get("legend").map(({ percent, color }, k, all) =>
        el("li", {}, el("span", { class: "swatch", style: `background: rgb(${color.join(" ")})` }), `${percent.toFixed(0)}${k === all.length - 1 ? " %+" : " %"}`),
      ),
    );
  }

  listen() {
    this.follows("pieces seams strain units turned changed message answered title", ({ changed } = {}) => {
      if (changed && ("pieces" in changed || "strain" in changed)) this.lay();
      this.show();
    });
    this.plane.onView = () => this.follow();
    this.plane.onShape = () => {
      this.lay();
      this.show();
    };
  }

  dispose() {
    super.dispose();
    this.plane.dispose();
  }

  /** Pieces on shelves, as wide as suits the screen. */
  lay() {
    const box = this.plane.node.getBoundingClientRect();
    const { places, whole } = shelves(this.get("pieces"), box.width && box.height ? box.width / box.height : 1.4);
    this.places = places;
    this.plane.fit(whole);
  }

  /** What keeps its size on the screen, and words that have room there. */
  follow() {
    this.grain.follow();
    roomForWords(this.ground, this.plane.unit);
  }

  degrees(name) {
    if (this.turning?.name === name) return this.turning.degrees;
    return this.get("turned")[name] ?? 0;
  }

  // -- what a press on the drawing does

  grab(target, place) {
    const handle = target.closest("[data-grain]");
    if (handle) return this.grain.grab(handle.dataset.grain);
    const edge = target.closest("[data-seam]");
    const piece = target.closest("[data-piece]");
    return {
      end: (_, moved) => {
        if (moved) return;
        if (edge) this.chooseSeam(edge.dataset.seam);
        else if (piece) this.choose(piece.dataset.piece);
        else this.chooseSeam("");
      },
    };
  }

  choose(name) {
    this.piece = name;
    this.show();
  }

  chooseSeam(id) {
    this.seam = this.seam === id ? "" : id;
    this.show();
  }

  turn(name, degrees) {
    this.turning = null;
    this.ask({ do: "turn", piece: name, degrees });
    this.grain.draw();
  }

  // -- showing

  show() {
    const pieces = this.get("pieces");
    const had = document.activeElement?.dataset?.key;
    this.showBusy();
    const strain = this.strain.checked ? this.get("strain") : {};
    this.ground.replaceChildren(
      ...pieces.map((piece, k) => drawPiece(piece, this.places[k], {
        strain: strain[piece.name], chosen: piece.name === this.piece, say: (key, values) => this.say(key, values),
        units: this.get("units"),
      })),
    );
    this.legend.classList.toggle("hidden", !this.strain.checked);
    this.drawSeam();
    this.grain.draw();
    this.follow();
    this.showSide(pieces);
    this.save.classList.toggle("hidden", !this.get("can_save"));
    this.save.disabled = !this.get("changed");
    const message = this.get("message");
    this.tell(message.text ? message : { text: this.get("changed") ? this.say("unsaved") : "" });
    if (had) this.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  drawSeam() {
    const seam = this.get("seams").find((one) => one.id === this.seam);
    const lines = (seam?.edges ?? []).map(([name, at], side) => {
      const k = this.get("pieces").findIndex((piece) => piece.name === name);
      return this.sideOf(k, at, side);
    });
    this.marks.replaceChildren(...lines);
  }

  sideOf(k, at, side) {
    const [x, y] = this.places[k];
    const { line } = this.get("pieces")[k].edges[at];
    const points = line.map(([px, py]) => `${px + x} ${-(py + y)}`).join("L");
    return svg("path", { d: `M${points}`, class: `seam-side side-${side}` });
  }

  showSide(pieces) {
    const [units, seams] = [this.get("units"), this.get("seams")];
    const chosen = pieces.find((piece) => piece.name === this.piece);
    this.one.replaceChildren(el("h3", {}, chosen ? chosen.name : this.say("piece")), ...(chosen ? this.about(chosen, units) : [el("p", { class: "quiet" }, this.say("piece_none"))]));
    this.seamOne.replaceChildren(...seamCard(seams.find((one) => one.id === this.seam), pieces, units, (key, values) => this.say(key, values)));
    this.list.replaceChildren(
      el("h3", {}, this.say("pieces")),
      el("ul", {}, ...pieces.map((piece) => el("li", {}, this.pieceButton(piece, units)))),
    );
    this.seams.replaceChildren(
      el("h3", {}, this.say("seams")),
      el("ul", {}, ...seams.map((seam) => el("li", {}, seamRow(seam, seam.id === this.seam, units, (key, values) => this.say(key, values), () => this.chooseSeam(seam.id))))),
    );
  }

  pieceButton(piece, units) {
    return el(
      "button",
      {
        type: "button", class: "pick", "aria-pressed": piece.name === this.piece ? "true" : "false",
        "data-key": `piece ${piece.name}`, onclick: () => this.choose(piece.name),
      },
      el("span", { class: "swatch", style: `background: rgb(${piece.color.join(" ")})` }),
      piece.name, el("span", { class: "quiet" }, shown(piece, units)),
    );
  }

  about(piece, units) {
    const [wide, tall] = piece.size_mm;
    const sizes = { across: length(wide, units), along: length(tall, units) };
    const count = { count: piece.quantity };
    const [mean, high] = piece.strain_percent;
    return [
      el("p", {}, el("strong", { class: "size" }, this.say("size", sizes)), " ", this.say(piece.mirrored ? "cut_pairs" : "cut", count)),
      el("p", {}, piece.within_mm === null ? this.say("within_unknown") : this.say("within", { within: shown(piece, units) })),
      high === null ? null : el("p", { class: "quiet" }, this.say("strain_of", { mean: mean.toFixed(1), high: high.toFixed(1) })),
      ...piece.notes.map((note) => el("p", { class: "quiet" }, note)),
      this.grain.controls(piece),
    ].filter(Boolean);
  }
}

export default shownAs("pattern-sheet", Sheet);
