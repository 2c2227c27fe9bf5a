// Photos taken out of the scan: the last one with an undo, all of them to be put back.
import { el } from "../shared/dom.js";

export class Out {
  constructor(say, ask) {
    this.say = say;
    this.ask = ask;
    this.said = el("p", { role: "status", "aria-live": "polite" });
    this.undo = el("button", { type: "button", onclick: () => this.back(this.last) }, say("undo"));
    this.summary = el("summary");
    this.list = el("ul", { class: "names" });
    this.details = el("details", {}, this.summary, el("p", { class: "quiet" }, say("out_kept")), this.list);
    this.node = el("div", { class: "out hidden" }, el("div", { class: "row" }, this.said, this.undo), this.details);
  }

  async take(name) {
    await this.ask({ do: "take_out", name });
    this.last = name;
    this.node.classList.remove("hidden");
    this.said.textContent = this.say("taken_out", { name });
    this.undo.classList.remove("hidden");
    // the button that was pressed is gone with its photo
    this.undo.focus();
  }

  async back(name) {
    await this.ask({ do: "put_back", name });
    this.last = undefined;
    this.said.textContent = this.say("put_back", { name });
    this.undo.classList.add("hidden");
    if (!this.details.classList.contains("hidden")) this.summary.focus();
  }

  show(names) {
    this.node.classList.toggle("hidden", !names.length && !this.said.textContent);
    this.details.classList.toggle("hidden", !names.length);
    this.undo.classList.toggle("hidden", !names.includes(this.last));
    if (this.told === names.join("/")) return;
    this.told = names.join("/");
    this.summary.textContent = this.say("out", { count: names.length });
    this.list.replaceChildren(...names.map((name) => el(
      "li", { class: "row" }, el("span", { class: "name" }, name),
      el("button", { type: "button", "aria-label": this.say("back_one", { name }), onclick: () => this.back(name) }, this.say("back")),
    )));
  }
}
