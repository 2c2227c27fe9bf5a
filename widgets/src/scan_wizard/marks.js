// The two ends of a known length, marked in two photos or more: by click, or by arrows and Enter.
import { el, svg, unique } from "../shared/dom.js";

const ENDS = ["a", "b"];
const STEP = 0.01;
const FINE = 0.001;

export class MarkPad {
  constructor(model, asking, say, typed) {
    Object.assign(this, { model, asking, say, typed, end: "a", photo: "", cross: [0.5, 0.5], size: null });
    this.choice = el("select", { id: unique("marked"), onchange: () => this.open(this.choice.value) });
    this.ends = ENDS.map((end) =>
      el("button", { type: "button", "data-end": end, onclick: () => this.choose(end) }, this.say(`end.${end}`)),
    );
    this.picture = el("img", { alt: "", draggable: "false" });
    this.over = svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.pad = el(
      "div",
      {
        class: "pad hidden", tabindex: "0", role: "application", "aria-label": this.say("pad"),
        onpointerdown: (event) => this.click(event), onkeydown: (event) => this.key(event),
      },
      this.picture, this.over,
    );
    this.said = el("p", { class: "quiet", role: "status", "aria-live": "polite" });
    this.wrong = el("p", { class: "wrong hidden", role: "alert" });
    this.node = el(
      "section", { class: "card marks hidden" }, el("h3", {}, this.say("marks_title")), el("p", {}, this.say("marks_about")),
      el("div", { class: "row" }, el("label", { for: this.choice.id }, this.say("marks_photo")), this.choice, ...this.ends),
      this.pad, this.said, this.wrong,
    );
  }

  show(seen) {
    this.node.classList.toggle("hidden", !seen);
    if (!seen) return;
    const photos = this.model.get("photos");
    if (this.choice.dataset.told !== photos.join("\n")) {
      this.choice.dataset.told = photos.join("\n");
      this.choice.replaceChildren(el("option", { value: "" }, this.say("marks_choose")), ...photos.map((name) => el("option", { value: name }, name)));
      this.choice.value = this.photo;
    }
    const wrong = this.model.get("wrong").marks ?? "";
    this.wrong.textContent = wrong;
    this.wrong.classList.toggle("hidden", !wrong);
    this.draw();
  }

  async open(name) {
    this.photo = name;
    this.size = null;
    this.pad.classList.add("hidden");
    if (!name) return;
    const answer = await this.asking.ask({ do: "picture", photo: name }).catch((error) => ({ wrong: error.message }));
    if (answer.wrong !== undefined || this.photo !== name) {
      this.said.textContent = answer.wrong ?? "";
      return;
    }
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(new Blob([answer.buffers[0]], { type: "image/jpeg" }));
    this.picture.src = this.url;
    this.size = [answer.width, answer.height];
    this.pad.style.aspectRatio = `${answer.width} / ${answer.height}`;
    this.pad.classList.remove("hidden");
    this.choose(this.marks.a[name] ? "b" : "a");
  }

  get marks() {
    const kept = this.model.get("values").marks ?? {};
    return { a: kept.a ?? {}, b: kept.b ?? {} };
  }

  choose(end) {
    this.end = end;
    this.draw();
  }

  click(event) {
    const box = this.pad.getBoundingClientRect();
    this.cross = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    this.set();
  }

  key(event) {
    const step = event.shiftKey ? FINE : STEP;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (moves[event.key]) this.cross = this.cross.map((at, k) => Math.min(1, Math.max(0, at + moves[event.key][k])));
    else if (event.key === "Enter" || event.key === " ") this.set();
    else return;
    event.preventDefault();
    this.draw();
  }

  set() {
    if (!this.size) return;
    const marks = this.marks;
    const place = this.cross.map((at, k) => Math.round(10 * at * this.size[k]) / 10);
    this.typed({ marks: { ...marks, [this.end]: { ...marks[this.end], [this.photo]: place } } });
    if (this.end === "a" && !marks.b[this.photo]) this.end = "b";
    this.draw();
  }

  draw() {
    const marks = this.marks;
    for (const button of this.ends) button.setAttribute("aria-pressed", String(button.dataset.end === this.end));
    this.said.textContent = this.say("marks_count", { a: Object.keys(marks.a).length, b: Object.keys(marks.b).length });
    if (!this.size) return;
    const shown = ENDS.filter((end) => marks[end][this.photo]).map((end) => {
      const [x, y] = marks[end][this.photo].map((at, k) => at / this.size[k]);
      return this.mark(x, y, end);
    });
    this.over.replaceChildren(...shown, this.mark(...this.cross, "cross"));
  }

  mark(x, y, kind) {
    const tall = this.size[0] / this.size[1];
    const arm = 0.02;
    return svg("path", { d: `M${x - arm} ${y} H${x + arm} M${x} ${y - arm * tall} V${y + arm * tall}`, class: kind });
  }

  dispose() {
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
