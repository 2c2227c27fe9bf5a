// The new cover before it is cut: the page chooses fabrics and draws; markers and files, Python makes.
import { Box3, Vector3 } from "three";
import { CoverScene } from "../cover_page/scene.js";
import { dressed } from "../scan_viewer/dressing.js";
import { Surface } from "../scan_viewer/surface.js";
import { download, el } from "../shared/dom.js";
import { Screen, shownAs } from "../shared/screen.js";
import { cloth } from "../shared/units.js";
import { Fabrics } from "./fabrics.js";
import "./style.css";

const ABOVE = 0.35;
const MB = 1e6;
// the ball round the furniture, which the camera is set to, is larger than what is seen of it
const NEARER = 2.2;

class CoverView extends Screen {
  constructor(model, root) {
    super(model, root, "cover");
    this.view = this.get("worn").length ? "new" : "old";
    this.chosen = 0;
    this.groups = new Map();
    this.waiting = new Set();
    this.fabrics = new Fabrics(this);
    this.build();
    this.build3d();
    this.listen();
    this.show();
  }

  build() {
    const press = (key, act, extra = {}) => el("button", { type: "button", onclick: act, ...extra }, this.say(key));
    this.canvas = el("canvas", { tabindex: "0", role: "application", "aria-label": this.say("canvas") });
    this.captions = el("ul", { class: "captions" });
    this.place = el("div", { class: "view" }, this.canvas, this.captions);
    this.switches = el("div", { class: "row", role: "group", "aria-label": this.say("views") });
    this.which = el("div", { class: "row", role: "group", "aria-label": this.say("fabrics") });
    this.legend = el("ul", { class: "row legend" });
    this.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
    this.old = el("p", { class: "wrong" }, this.say("stale"));
    this.prices = el("section", { class: "card" });
    this.dress = press("dress", () => this.ask({ do: "dress", form: this.fabrics.form }), { class: "main", "data-key": "dress" });
    this.make = press("make", () => this.ask({ do: "make" }), { "data-key": "make" });
    this.stop = press("stop", () => this.ask({ do: "stop" }));
    this.bar = el("progress", { max: "1", "aria-label": this.say("share") });
    this.note = el("p", { class: "quiet" });
    this.files = el("section", { class: "card" });
    this.root.append(
      el("h2", {}, this.say("title")),
      el("p", { class: "quiet" }, this.say("hint")),
      el(
        "div", { class: "bench" },
        el("div", { class: "side" }, this.switches, this.place, this.legend, this.which, this.said, this.old),
        el(
          "div", { class: "side" }, this.prices, this.fabrics.node,
          el("div", { class: "row" }, this.dress, this.stop), this.bar, this.note, this.files,
        ),
      ),
    );
  }

  build3d() {
    try {
      this.scene = new CoverScene(this.canvas);
    } catch {
      this.place.replaceChildren(el("p", { class: "card" }, this.say("no_gl")));
      return;
    }
    this.scene.onResize = () => this.lay();
    const turns = {
      ArrowLeft: () => this.scene.turn(-1, 0), ArrowRight: () => this.scene.turn(1, 0), ArrowUp: () => this.scene.turn(0, 1),
      ArrowDown: () => this.scene.turn(0, -1), "+": () => this.scene.nearer(1), "=": () => this.scene.nearer(1), "-": () => this.scene.nearer(-1),
    };
    this.canvas.addEventListener("keydown", (event) => {
      if (!turns[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      turns[event.key]();
    });
    this.want("old");
  }

  listen() {
    this.hear("msg:custom", (content, buffers) => this.told(content, buffers));
    this.follows("views files working message answered stale units choices others legend", () => this.show());
    this.follows("worn", () => this.wornAnew());
    this.looksWhileWorking();
  }

  get busy() {
    return this.working;
  }

  dispose() {
    super.dispose();
    this.scene?.dispose();
  }

  /** Ask for what is to be drawn, once. */
  want(what, at = 0) {
    const key = `${what} ${at}`;
    if (this.groups.has(key) || this.waiting.has(key)) return;
    this.waiting.add(key);
    this.ask({ do: what, at });
  }

  async told(content, buffers) {
    if (content.file) return download(content.file, buffers[0]);
    if (!content.is) return;
    const key = `${content.is} ${content.at ?? 0}`;
    this.waiting.delete(key);
    if (content.is === "splat") return this.showSplats(buffers[0]);
    if (!this.scene) return;
    const object = content.is === "old" ? this.oldCover(content, buffers) : await dressed(buffers, () => {});
    this.groups.get(key)?.removeFromParent();
    this.groups.set(key, object);
    object.visible = false;
    this.scene.scene.add(object);
    this.lay();
  }

  oldCover({ low, high, front }, buffers) {
    this.surface = new Surface();
    this.surface.show(Surface.level(buffers));
    this.surface.stripe(false);
    const [x, y] = front.length ? front : [0, -1];
    this.scene.fit(new Box3(new Vector3(...low), new Vector3(...high)), [x - 0.45 * y, y + 0.45 * x, ABOVE]);
    this.scene.nearer(this.scene.aspect > 1 ? NEARER : NEARER / 2);
    return this.surface.object;
  }

  /** Fabrics were dressed anew: what was drawn of the last ones goes. */
  wornAnew() {
    for (const [key, object] of this.groups) {
      if (!key.startsWith("worn ")) continue;
      object.removeFromParent();
      this.groups.delete(key);
    }
    this.chosen = Math.min(this.chosen, Math.max(0, this.get("worn").length - 1));
    if (this.view !== "beside") this.view = "new";
    this.show();
  }

  look(view, chosen = this.chosen) {
    this.view = view;
    this.chosen = chosen;
    this.show();
  }

  showSplats(page) {
    const text = new TextDecoder().decode(page);
    // a page of its own: it sees nothing of this one, and asks no host for anything
    this.frame = el("iframe", { title: this.say("view.splat"), sandbox: "allow-scripts", srcdoc: text });
    this.place.append(this.frame);
    this.show();
  }

  /** What each part of the picture shows: a place in it, words, how to dress for it. */
  get parts() {
    const all = (what, at, caption = "", box = [0, 0, 1, 1], whole = true) => ({
      what, at, caption, box, whole,
      dress: () => this.groups.forEach((object, key) => {
        object.visible = key === `${what} ${at}`;
      }),
    });
    const worn = this.get("worn");
    // fewer fabrics may be worn than when one was chosen, and any change of theirs may come first
    const chosen = Math.min(this.chosen, worn.length - 1);
    if (this.view === "new" && worn.length) return [all("worn", chosen, worn[chosen].name)];
    if (this.view === "strain") return [all("strain", 0)];
    if (this.view !== "beside") return [all("old", 0)];
    const columns = worn.length > 2 || this.scene.aspect > 1 ? Math.min(2, worn.length) : 1;
    const rows = Math.ceil(worn.length / columns);
    return worn.map((one, k) =>
      all("worn", k, one.name, [(k % columns) / columns, Math.floor(k / columns) / rows, 1 / columns, 1 / rows], false),
    );
  }

  /** Draw what the switches say, as far as it is here; ask for the rest. */
  lay() {
    if (!this.scene) return;
    const parts = this.parts;
    for (const { what, at } of parts) this.want(what, at);
    this.surface?.wear(this.view === "panels" ? "panels" : "photos");
    this.scene.parts = parts.filter(({ what, at }) => this.groups.has(`${what} ${at}`));
    const named = this.scene.parts.filter((part) => part.caption);
    this.captions.replaceChildren(...named.map(({ box, caption }) =>
      el("li", { style: `left: ${100 * box[0]}%; top: ${100 * box[1]}%` }, caption),
    ));
    this.root.dataset.drawn = this.scene.parts.map(({ what, at }) => `${what} ${at}`).join(", ");
    this.scene.draw();
  }

  show() {
    this.showBusy();
    const had = document.activeElement?.dataset?.key;
    const [worn, views, units] = [this.get("worn"), this.get("views"), this.get("units")];
    const { what, share, note } = this.get("working");
    const known = ["old", ...(worn.length ? ["new"] : []), ...(worn.length > 1 ? ["beside"] : []), ...views.filter((one) => one !== "old")];
    const press = (key, words, pressed, act) =>
      el("button", { type: "button", "data-key": key, "aria-pressed": pressed ? "true" : "false", onclick: act }, words);
    this.switches.replaceChildren(...known.map((view) =>
      press(`view ${view}`, this.say(`view.${view}`), view === this.view, () => this.look(view)),
    ));
    this.which.classList.toggle("hidden", worn.length < 2);
    this.which.replaceChildren(...worn.map((one, k) =>
      press(`fabric ${k}`, one.name, this.view === "new" && k === this.chosen, () => this.look("new", k)),
    ));
    this.legend.classList.toggle("hidden", this.view !== "strain");
    this.legend.replaceChildren(...this.get("legend").map(([percent, color]) =>
      el("li", {}, el("span", { class: "swatch", style: `background: rgb(${color.join(",")})` }), `${percent.toFixed(0)} %`),
    ));
    if (this.view === "splat" && !this.frame) this.want("splat");
    this.frame?.classList.toggle("hidden", this.view !== "splat");
    this.old.classList.toggle("hidden", !this.get("stale"));
    for (const node of [this.stop, this.bar, this.note]) node.classList.toggle("hidden", !this.working);
    this.bar.value = share ?? 0;
    this.note.textContent = what ? `${this.say(`making.${what}`)} ${note}` : "";
    this.dress.disabled = this.working;
    this.make.disabled = this.working || !worn.length;
    this.showPrices(worn, units);
    this.showFiles();
    this.fabrics.show();
    this.lay();
    this.tell(this.get("message"));
    if (had) this.root.querySelector(`[data-key="${CSS.escape(had)}"]`)?.focus();
  }

  showPrices(worn, units) {
    this.prices.classList.toggle("hidden", !worn.length);
    const head = ["fabric", "takes", "price"].map((key) => el("th", { scope: "col" }, this.say(`col.${key}`)));
    const rows = worn.map((one) => el(
      "tr", {}, el("th", { scope: "row" }, one.name), el("td", {}, cloth(one.used_mm, units)),
      el("td", {}, one.cost > 0 ? `${one.cost.toFixed(2)} ${one.currency}` : "–"),
    ));
    const table = el("table", {}, el("caption", { class: "unseen" }, this.say("prices")), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
    const notes = worn.flatMap((one) => one.notes);
    this.prices.replaceChildren(el("h3", {}, this.say("prices")), table, ...[...new Set(notes)].map((words) => el("p", { class: "quiet" }, words)));
  }

  showFiles() {
    const files = this.get("files");
    const size = (bytes) => (bytes < MB ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / MB).toFixed(1)} MB`);
    const give = ([name, words, bytes]) =>
      el("li", {}, el("button", { type: "button", "data-key": `file ${name}`, onclick: () => this.ask({ do: "file", name }) }, `${words}: ${name} (${size(bytes)})`));
    this.files.replaceChildren(
      el("h3", {}, this.say("for_customer")), el("p", { class: "quiet" }, this.say("for_customer_hint")),
      el("div", { class: "row" }, this.make), ...(files.length ? [el("ul", { class: "files" }, ...files.map(give))] : []),
    );
  }
}

export default shownAs("cover-view", CoverView);
