// The shop's projects: searched here, looked up anew every few seconds while the page is seen.
import { el, unique, words } from "../shared/dom.js";
import { helpLinks } from "../shared/help.js";
import { projectCard } from "./card.js";
import "./style.css";

const LOOK_EVERY_MS = 5000;

class List {
  constructor(model, place) {
    this.model = model;
    this.cards = new Map();
    this.pictures = new Map();
    this.wanted = new Map();
    this.search = el("input", { id: unique("search"), type: "search", class: "search", autocomplete: "off" });
    this.list = el("ul");
    this.count = el("p", { class: "quiet", role: "status", "aria-live": "polite" });
    this.said = el("p", { role: "status", "aria-live": "polite" });
    this.undo = el("button", { type: "button", onclick: () => this.restore() }, this.say("projects.undo"));
    this.done = el("div", { class: "row card done hidden" }, this.said, this.undo);
    this.wrong = el("p", { class: "card wrong hidden", role: "alert" });
    place.append(
      el(
        "div", { class: "stitchsketch project-list" },
        el("h1", {}, this.say("projects.title")),
        el("div", { class: "row ways" }, el("a", { class: "main", href: "new_scan.ipynb" }, this.say("projects.new"))),
        el("div", { class: "row" }, el("label", { for: this.search.id }, this.say("projects.search")), this.search),
        this.count, this.wrong, this.done, this.list, helpLinks((key) => this.say(key)),
      ),
    );
    // pictures are asked for as they come into view
    this.seen = new IntersectionObserver((entries) => {
      entries.filter((one) => one.isIntersecting).forEach(({ target }) => this.want(target));
    });
    this.search.addEventListener("input", () => this.show());
    const show = () => this.show();
    const told = (content, buffers) => this.told(content, buffers);
    const events = ["change:projects", "change:error", "change:said", "change:deleted"];
    events.forEach((event) => model.on(event, show));
    model.on("msg:custom", told);
    const timer = setInterval(() => document.hidden || model.send({ do: "look" }), LOOK_EVERY_MS);
    this.dispose = () => {
      clearInterval(timer);
      this.seen.disconnect();
      events.forEach((event) => model.off(event, show));
      model.off("msg:custom", told);
      this.pictures.forEach((url) => url && URL.revokeObjectURL(url));
    };
    show();
  }

  say(key, values) {
    return words(this.model.get("texts"), key, values);
  }

  status(status) {
    return this.say(`progress.status.${status}`);
  }

  ask(what) {
    this.model.send(what);
  }

  restore() {
    this.ask({ do: "restore", project: this.model.get("deleted").id });
  }

  show() {
    const asked = this.search.value.trim().toLowerCase();
    const all = this.model.get("projects");
    const found = all.filter((one) =>
      [one.name, one.customer, one.furniture].some((word) => word.toLowerCase().includes(asked)),
    );
    const focused = document.activeElement;
    this.list.replaceChildren(...found.map((one) => this.card(one)));
    if (focused !== document.activeElement && focused?.isConnected) focused.focus();
    const listed = all.length
      ? this.say("projects.count", { found: found.length, all: all.length }) : this.say("projects.none");
    if (this.count.textContent !== listed) this.count.textContent = listed;
    const [error, said] = [this.model.get("error"), this.model.get("said")];
    if (this.wrong.textContent !== error) this.wrong.textContent = error;
    this.wrong.classList.toggle("hidden", !error);
    if (this.said.textContent !== said) this.said.textContent = said;
    this.done.classList.toggle("hidden", !said);
    this.undo.classList.toggle("hidden", !this.model.get("deleted").id);
  }

  /** The card of a project; made anew only when something in it has changed, for its fields may be in use. */
  card(project) {
    const now = JSON.stringify(project);
    const kept = this.cards.get(project.id);
    if (kept?.as === now) return kept.card;
    const card = projectCard(this, project);
    this.cards.set(project.id, { as: now, card });
    return card;
  }

  /** Put a project's picture in its place, now or when it has come. */
  picture(project, place) {
    const key = `${project.id} ${project.run} ${project.status}`;
    Object.assign(place.dataset, { project: project.id, key });
    const url = this.pictures.get(key);
    if (url) place.append(el("img", { src: url, alt: "" }));
    else if (url === undefined) this.seen.observe(place);
  }

  want(place) {
    this.seen.unobserve(place);
    const { project, key } = place.dataset;
    if (this.pictures.has(key) || this.wanted.has(project)) return;
    this.wanted.set(project, place);
    this.ask({ do: "thumbnail", project });
  }

  told({ thumbnail }, buffers) {
    const place = this.wanted.get(thumbnail);
    if (!place) return;
    this.wanted.delete(thumbnail);
    const url = buffers.length ? URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" })) : null;
    this.pictures.set(place.dataset.key, url);
    if (url) place.replaceChildren(el("img", { src: url, alt: "" }));
  }
}

function render({ model, el: place }) {
  const list = new List(model, place);
  return () => list.dispose();
}

export default { render };
