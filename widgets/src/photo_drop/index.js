// Photo drop: photos are dropped or chosen, sent four at once, and shown with what is wrong with each.
import { Asking, Silent } from "../shared/ask.js";
import { el, unique, words } from "../shared/dom.js";
import { duration } from "../shared/units.js";
import { dropped, photosOnly } from "./files.js";
import { Out } from "./out.js";
import { Tile } from "./tile.js";
import { Uploads } from "./uploads.js";
import "./style.css";

const ACCEPT = "image/jpeg,image/png,image/heic,image/heif,.jpg,.jpeg,.png,.heic,.heif";
const LEAST_KNOWN_MS = 2000;

class PhotoDrop {
  constructor(model, root) {
    this.model = model;
    this.tiles = new Map();
    this.pictures = new Map();
    this.say = (key, values) => words(model.get("texts"), `drop.${key}`, values);
    this.asking = new Asking(model, (content, buffers) => this.heard(content, buffers));
    this.uploads = new Uploads(this.asking, this.say, () => this.soon());
    this.build(root);
    this.show = this.show.bind(this);
    model.on("change", this.show);
    this.leaving = (event) => this.uploads.open.length && event.preventDefault();
    window.addEventListener("beforeunload", this.leaving);
    model.send({ do: "thumbnails" });
    this.show();
  }

  build(root) {
    const input = (more) =>
      el("input", {
        type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true", multiple: true,
        onchange: (event) => {
          const files = [...event.target.files];
          event.target.value = "";
          this.uploads.add(more.folder ? photosOnly(files) : files);
        },
        ...(more.folder ? {} : { accept: ACCEPT }),
      });
    this.files = input({});
    this.folder = input({ folder: true });
    this.folder.webkitdirectory = true;
    const choose = el("button", { type: "button", class: "main", onclick: () => this.files.click() }, this.say("choose"));
    const whole = el("button", { type: "button", onclick: () => this.folder.click() }, this.say("choose_folder"));
    whole.classList.toggle("hidden", !("webkitdirectory" in this.folder));
    this.zone = el(
      "div", { class: "zone" },
      el("p", { class: "big" }, this.say("zone")), el("p", { class: "quiet" }, this.say("zone_todo")),
      el("div", { class: "row" }, choose, whole), this.files, this.folder,
    );
    for (const name of ["dragenter", "dragover"]) this.zone.addEventListener(name, (event) => this.over(event, true));
    for (const name of ["dragleave", "drop"]) this.zone.addEventListener(name, (event) => this.over(event, false));
    this.zone.addEventListener("drop", async (event) => this.uploads.add(await dropped(event.dataTransfer)));
    this.sent = el("p", { class: "said", role: "status", "aria-live": "polite" });
    this.bar = el("progress", { max: "1", "aria-label": this.say("all") });
    this.left = el("p", { class: "quiet" });
    this.stop = el("button", { type: "button", onclick: () => this.uploads.stopAll() }, this.say("stop_all"));
    this.sending = el("div", { class: "sending hidden" }, this.bar, el("div", { class: "row" }, this.left, el("span", { class: "grow" }), this.stop));
    this.looked = el("p", { class: "quiet" });
    this.whole = el("ul", { class: "whole" });
    this.wrong = el("p", { class: "said hidden", "data-kind": "error", role: "alert" });
    this.only = el("input", { type: "checkbox", id: unique("only"), onchange: () => this.show() });
    this.onlyLabel = el("label", { for: this.only.id });
    this.filter = el("div", { class: "row filter hidden" }, this.only, this.onlyLabel);
    this.out = new Out(this.say, (what) => this.change(what));
    this.list = el("ul", { class: "tiles" });
    // hundreds of photos don't push away what comes after them
    this.window = el("div", { class: "window hidden", role: "region", tabindex: "0", "aria-label": this.say("title") }, this.list);
    root.append(this.zone, this.wrong, this.sent, this.sending, this.looked, this.whole, this.filter, this.out.node, this.window);
  }

  /** Ask for a change of the scan's photos; what is wrong is shown where all faults are. */
  async change(what) {
    try {
      await this.asking.ask(what);
    } catch (error) {
      this.wrong.textContent = error instanceof Silent ? this.say("no_answer") : error.message;
      this.wrong.classList.remove("hidden");
      throw error;
    }
  }

  over(event, is) {
    event.preventDefault();
    this.zone.classList.toggle("over", is);
  }

  heard(content, buffers) {
    if (content?.is !== "thumbnail") return;
    const old = this.pictures.get(content.name);
    if (old) URL.revokeObjectURL(old);
    this.pictures.set(content.name, URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })));
    this.soon();
  }

  /** Show at the next frame, however much has moved since the last one. */
  soon() {
    this.frame ??= setTimeout(() => {
      this.frame = undefined;
      this.show();
    }, 60);
  }

  show() {
    const kept = this.model.get("photos");
    const names = new Set(kept.map((one) => one.name));
    // what has arrived is shown as the kernel knows it
    const known = new Set([...names, ...this.model.get("out")]);
    const coming = this.uploads.all.filter((one) => one.state !== "arrived" || !known.has(one.keptAs) || one.error);
    const open = this.uploads.open.length;
    if (this.model.get("sending") !== open) {
      this.model.set("sending", open);
      this.model.save_changes();
    }
    this.tell(kept, open);
    this.out.show(this.model.get("out"));
    const faulty = kept.filter((one) => one.notes.length);
    this.filter.classList.toggle("hidden", !faulty.length);
    this.onlyLabel.textContent = this.say("faulty", { count: faulty.length });
    const shown = this.only.checked && faulty.length ? faulty : kept;
    const wanted = [...coming.map((one) => [one, one]), ...shown.map((one) => [one.name, one])];
    const nodes = wanted.map(([key, one]) => this.tile(key).show(one, this.pictures.get(one.name)));
    for (const key of [...this.tiles.keys()]) if (!wanted.some(([other]) => other === key)) this.tiles.delete(key);
    arrange(this.list, nodes);
    this.window.classList.toggle("hidden", !nodes.length);
  }

  tile(key) {
    if (!this.tiles.has(key)) this.tiles.set(key, new Tile(this.uploads, this.say, (name) => this.out.take(name)));
    return this.tiles.get(key);
  }

  tell(kept, open) {
    const all = this.uploads.all.filter((one) => one.state !== "stopped" && one.state !== "wrong");
    const done = all.filter((one) => one.state === "arrived").length;
    const offline = this.uploads.open.some((one) => one.state === "offline");
    const said = offline ? this.say("sent_offline") : all.length ? this.say("sent", { done, all: all.length }) : "";
    if (this.sent.textContent !== said) this.sent.textContent = said;
    this.sending.classList.toggle("hidden", !open);
    const total = sum(all.map((one) => one.bytes));
    const sent = sum(all.map((one) => one.sent));
    this.bar.value = total ? sent / total : 0;
    if (!open) this.began = undefined;
    else this.began ??= { at: performance.now(), sent };
    const spent = this.began ? performance.now() - this.began.at : 0;
    const pace = spent > LEAST_KNOWN_MS ? (sent - this.began.sent) / spent : 0;
    this.left.textContent = pace > 0 ? this.say("left", { time: duration((total - sent) / pace / 1000) }) : "";
    const waiting = this.model.get("waiting");
    const good = kept.filter((one) => one.looked && !one.notes.length).length;
    this.looked.textContent = !kept.length ? this.say("none")
      : waiting ? this.say("looking", { waiting }) : this.say("looked", { good, all: kept.length });
    this.wrong.textContent = this.model.get("error");
    this.wrong.classList.toggle("hidden", !this.model.get("error"));
    this.whole.replaceChildren(...this.model.get("said").map((text) => el("li", {}, text)));
  }

  dispose() {
    window.removeEventListener("beforeunload", this.leaving);
    this.model.off("change", this.show);
    clearTimeout(this.frame);
    this.uploads.dispose();
    this.asking.dispose();
    this.pictures.forEach((url) => URL.revokeObjectURL(url));
  }
}

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** Put nodes in order without touching those that are there already: focus stays. */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  nodes.forEach((node, at) => list.children[at] !== node && list.insertBefore(node, list.children[at] ?? null));
}

function render({ model, el: place }) {
  const root = el("div", { class: "stitchsketch photo-drop" });
  place.append(root);
  const drop = new PhotoDrop(model, root);
  return () => drop.dispose();
}

export default { render };
