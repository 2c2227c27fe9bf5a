// The wizard of a new scan: one step at a time, each with an address; what is typed stays.
import { Asking } from "../shared/ask.js";
import { el, words } from "../shared/dom.js";
import { addressed } from "../shared/address.js";
import { goTo, stepOfAddress } from "./address.js";
import { Drafts } from "./drafts.js";
import { Form } from "./form.js";
import { MarkPad } from "./marks.js";
import { save, sandboxed } from "./papers.js";
import "./style.css";

const LOOK_EVERY_MS = 1500;
const SLOTS = { photos: ["drop", "coach"], run: ["progress", "after"] };

class Wizard {
  constructor(model, root) {
    this.model = model;
    this.say = (key, values) => words(model.get("texts"), `new.${key}`, values);
    this.asking = new Asking(model);
    this.drafts = new Drafts(model.get("person"));
    this.views = new Map();
    const draft = this.drafts.read(model.get("scan"));
    if (draft) this.put({ ...model.get("values"), ...draft });
    this.form = new Form(model, this.say, (values) => this.typed(values));
    this.marks = new MarkPad(model, this.asking, this.say, (values) => this.typed(values));
    this.build(root);
    this.show = this.show.bind(this);
    model.on("change", this.show);
    this.back = () => this.go(stepOfAddress() || model.get("steps")[0], false);
    if (addressed) window.addEventListener("popstate", this.back);
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.show();
  }

  build(root) {
    this.title = el("h1", {});
    this.list = el("ol", { class: "steps" });
    this.heading = el("h2", { tabindex: "-1" });
    this.about = el("div", { class: "about" });
    this.said = el("p", { class: "said", role: "alert" });
    this.slots = {};
    const slot = (name) => (this.slots[name] = el("div", { class: `slot ${name}` }));
    this.print = this.button("print", () => this.printMats());
    this.report = this.button("report_save", () => this.showReport());
    this.pattern = el("a", { class: "button main" }, this.say("pattern"));
    this.again = this.button("photos_again", () => this.go("photos"));
    this.frame = el("div", {});
    this.ended = el("section", { class: "card ended" }, el("h3", {}, this.say("ended_title")), el("div", { class: "row" }, this.pattern, this.report, this.again), this.frame);
    this.facts = el("ul", { class: "facts" });
    this.previous = this.button("back", () => this.move(-1));
    this.next = this.button("next", () => this.move(1), "main");
    this.start = this.button("start", () => this.startRun(), "main");
    this.feet = el("div", { class: "row feet" }, this.previous, el("span", { class: "grow" }), this.next, this.start);
    root.append(
      this.title, el("nav", { "aria-label": this.say("steps") }, this.list), this.said,
      el(
        "section", { class: "step", "aria-live": "off" }, this.heading, this.about, this.facts, this.form.node, this.print, this.marks.node,
        slot("drop"), slot("coach"), this.ended, slot("progress"), slot("after"),
      ),
      this.feet,
    );
  }

  button(key, press, kind = "") {
    return el("button", { type: "button", class: kind, onclick: press }, this.say(key));
  }

  put(values) {
    this.model.set("values", values);
    this.model.save_changes();
  }

  typed(values) {
    const all = { ...this.model.get("values"), ...values };
    this.drafts.write(this.model.get("scan"), all);
    this.put(all);
  }

  move(by) {
    const steps = this.model.get("steps");
    this.go(steps[steps.indexOf(this.model.get("step")) + by]);
  }

  async go(step, told = true) {
    if (this.going) return; // where a second press leads hangs on where the first one does
    this.going = true;
    try {
      await this.reallyGo(step, told);
    } finally {
      this.going = false;
    }
  }

  async reallyGo(step, told) {
    const scan = this.model.get("scan");
    const before = this.model.get("step");
    await this.asked({ do: "go", step, values: this.model.get("values") });
    if (!scan && this.model.get("scan")) this.drafts.kept(this.model.get("scan"), this.model.get("values"));
    const after = this.model.get("step");
    if (told) goTo(this.model.get("scan"), after, before !== after);
    const wrong = Object.keys(this.model.get("wrong"));
    if (wrong.length) this.form.focus(wrong[0]);
    else if (before !== after) this.heading.focus();
  }

  async startRun() {
    this.start.disabled = true;
    await this.asked({ do: "start", values: this.model.get("values") });
    goTo(this.model.get("scan"), this.model.get("step"), true);
    this.show();
    this.heading.focus();
  }

  async asked(what) {
    this.feet.setAttribute("aria-busy", "true");
    try {
      return await this.asking.ask(what, [], 120_000);
    } catch (error) {
      if (!error.forGood) this.model.set("message", { kind: "error", text: this.say("no_answer") });
      return null;
    } finally {
      this.feet.removeAttribute("aria-busy");
    }
  }

  look() {
    if (this.model.get("step") === "run" && this.model.get("starting") && !document.hidden) this.model.send({ do: "look" });
  }

  async printMats() {
    this.print.disabled = true;
    const answer = await this.asked({ do: "mats" });
    if (answer) save(answer.buffers[0], "application/pdf", answer.name);
    this.print.disabled = false;
  }

  async showReport() {
    const answer = await this.asked({ do: "report" });
    if (!answer) return;
    save(answer.buffers[0], "text/html", answer.name);
    this.frame.replaceChildren(sandboxed(answer.buffers[0], this.say("report")));
  }

  show() {
    const get = (name) => this.model.get(name);
    const step = get("step");
    const name = get("scan") ? get("values").name : "";
    const title = name ? this.say("title_of", { name }) : this.say("title");
    if (this.title.textContent !== title) this.title.textContent = title;
    this.showSteps(step);
    const heading = this.say(`step.${step}`);
    if (this.heading.textContent !== heading) this.heading.textContent = heading;
    this.heading.classList.toggle("unseen", step === "run"); // the run has a heading of its own
    const message = get("message");
    if (this.said.textContent !== (message.text ?? "")) this.said.textContent = message.text ?? "";
    this.said.dataset.kind = message.kind ?? "";
    this.said.classList.toggle("hidden", !message.text);
    this.showAbout(step);
    this.form.show(step);
    this.marks.show(step === "size" && get("values").scale_by === "length");
    this.print.classList.toggle("hidden", step !== "mats" || get("values").scale_by !== "mats");
    this.facts.classList.toggle("hidden", step !== "start" && step !== "size");
    this.list_(this.facts, get("facts"));
    for (const [at, names] of Object.entries(SLOTS)) names.forEach((one) => this.fill(one, step === at));
    this.showFeet(step);
  }

  showSteps(step) {
    const steps = this.model.get("steps");
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.step : "";
    this.list.replaceChildren(
      ...steps.map((one, number) =>
        el(
          "li", {},
          el(
            "button",
            {
              type: "button", "data-step": one, "aria-current": one === step ? "step" : null,
              disabled: !this.model.get("scan") && number > 0 ? true : null, onclick: () => this.go(one),
            },
            el("span", { class: "number", "aria-hidden": "true" }, `${number + 1}`), this.say(`step.${one}`),
          ),
        ),
      ),
    );
    if (focused) this.list.querySelector(`[data-step="${focused}"]`)?.focus();
  }

  /** What a step tells, a sentence a line. */
  showAbout(step) {
    const by = this.model.get("values").scale_by;
    const key = step === "mats" ? `about.mats_${by}` : `about.${step}`;
    const text = this.say(key);
    const lines = text.endsWith(key) ? [] : text.split("\n");
    if (this.about.dataset.key === key) return;
    this.about.dataset.key = key;
    const list = lines.length > 1 ? el("ol", {}, ...lines.map((line) => el("li", {}, line))) : el("p", {}, lines[0] ?? "");
    this.about.replaceChildren(...(lines.length ? [list] : []));
  }

  list_(node, lines) {
    const told = lines.join("\n");
    if (node.dataset.told === told) return;
    node.dataset.told = told;
    node.replaceChildren(...lines.map((line) => el("li", {}, line)));
  }

  showFeet(step) {
    const steps = this.model.get("steps");
    const at = steps.indexOf(step);
    const [starting, run] = [this.model.get("starting"), this.model.get("run")];
    this.previous.classList.toggle("hidden", at === 0);
    this.next.classList.toggle("hidden", step === "start" || step === "run");
    this.start.classList.toggle("hidden", step !== "start");
    this.start.disabled = !this.model.get("can_start") || starting;
    this.start.textContent = this.say(run ? "start_again" : "start");
    this.ended.classList.toggle("hidden", step !== "run" || !this.model.get("done"));
    this.pattern.setAttribute("href", `pattern.ipynb?run=${encodeURIComponent(run)}`);
    if (step === "run" && !run && !this.model.get("message").text) {
      this.facts.classList.remove("hidden");
      this.list_(this.facts, [this.say(starting ? "starting" : "not_started")]);
    }
  }

  /** Another widget in its place; it stays there, hidden, while other steps are shown. */
  async fill(name, seen) {
    const slot = this.slots[name];
    slot.classList.toggle("hidden", !seen);
    const reference = this.model.get(name);
    if (this.views.get(name)?.reference === reference) return;
    const old = this.views.get(name)?.view;
    const entry = { reference };
    this.views.set(name, entry);
    (await old)?.remove();
    if (!reference) return;
    const manager = this.model.widget_manager;
    entry.view = manager.get_model(reference.replace("IPY_MODEL_", "")).then((other) => manager.create_view(other));
    const view = await entry.view;
    if (this.views.get(name) === entry) slot.replaceChildren(view.el);
    else view.remove();
  }

  dispose() {
    clearInterval(this.timer);
    window.removeEventListener("popstate", this.back);
    this.model.off("change", this.show);
    this.marks.dispose();
    this.asking.dispose();
    for (const { view } of this.views.values()) view?.then((one) => one.remove());
  }
}

function render({ model, el: place }) {
  const root = el("div", { class: "stitchsketch scan-wizard" });
  place.append(root);
  const wizard = new Wizard(model, root);
  return () => wizard.dispose();
}

export default { render };
