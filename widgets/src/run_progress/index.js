// A run's progress: asks Python once in a while, shows what came back.
import { el, words } from "../shared/dom.js";
import { addressed } from "../shared/address.js";
import { duration } from "../shared/units.js";
import "./style.css";

const ASK_EVERY_MS = 1200;
const MARKS = { completed: "✓", reused: "✓", failed: "!", dead: "!", cancelled: "–" };

class Progress {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.bar = el("progress", { max: "1" });
    this.now = el("p", { class: "now", role: "status", "aria-live": "polite" });
    this.left = el("p", { class: "quiet" });
    this.whose = el("p", { class: "quiet", role: "status", "aria-live": "polite" });
    this.wrong = el("div", { class: "card wrong", role: "alert" });
    this.stop = this.button("stop", "stop");
    this.again = this.button("go_on", "go_on", "main");
    this.stages = el("ol");
    this.log = el("ol", { class: "log" });
    this.bar.setAttribute("aria-label", this.say("share"));
    root.append(
      el("h1", {}, model.get("title") || this.say("title")),
      el("div", { class: "card" }, this.whose, this.now, this.bar, this.left, el("div", { class: "row" }, this.stop, this.again)),
      this.wrong,
      el(
        "div", { class: "halves" },
        el("section", { class: "card" }, el("h2", {}, this.say("stages")), this.stages),
        el("section", { class: "card" }, el("h2", {}, this.say("found")), this.log),
      ),
    );
    this.show = this.show.bind(this);
    model.on("change", this.show);
    this.timer = setInterval(() => this.ask("look"), ASK_EVERY_MS);
    this.show();
  }

  dispose() {
    clearInterval(this.timer);
    this.model.off("change", this.show);
  }

  ask(what) {
    // a page in the background asks nothing; it looks again when it is seen
    if (what !== "look" || !document.hidden) this.model.send({ do: what });
  }

  say(key, values) {
    return words(this.model.get("texts"), `progress.${key}`, values);
  }

  button(key, what, kind = "") {
    const press = () => {
      button.disabled = true;
      this.ask(what);
    };
    const button = el("button", { type: "button", class: kind, onclick: press }, this.say(key));
    return button;
  }

  show() {
    const get = (name) => this.model.get(name);
    const [status, stages] = [get("status"), get("stages")];
    const at = stages.findIndex((stage) => stage.status === "running");
    const name = at < 0 ? "" : this.stage(stages[at].name);
    const what = status === "running" && name
      ? this.say("now", { number: at + 1, count: stages.length, stage: name })
      : this.say(`status.${status}`);
    if (this.now.textContent !== what) this.now.textContent = what;
    if (this.whose.textContent !== get("followed")) this.whose.textContent = get("followed");
    this.whose.classList.toggle("hidden", !get("followed"));
    this.address(get("run"));
    this.bar.value = get("share");
    const left = get("left_s");
    const note = (get("note").split(": ")[1] ?? "").trim();
    const rest = left === null ? this.say("left_unknown") : this.say("left", { time: duration(left) });
    this.left.textContent = status === "running" ? [rest, note].filter(Boolean).join(" · ") : "";
    this.left.classList.toggle("hidden", status !== "running");
    this.stop.classList.toggle("hidden", !get("can_stop"));
    this.stop.disabled = !get("can_stop");
    this.again.classList.toggle("hidden", !get("can_go_on"));
    this.again.disabled = !get("can_go_on");
    this.again.textContent = this.say(status === "completed" ? "run_again" : "go_on");
    this.wrong.classList.toggle("hidden", !get("error"));
    if (this.wrong.textContent !== get("error")) this.wrong.textContent = get("error");
    const log = get("log");
    this.renew(this.stages, stages, (stage) => this.row(stage));
    this.renew(this.log, log.length ? log : [this.say("nothing_yet")], (line) => el("li", {}, line));
  }

  /** Lists are drawn anew only when they have changed: the page asks all the time. */
  renew(list, rows, made) {
    const now = JSON.stringify(rows);
    if (list.shows === now) return;
    list.shows = now;
    list.replaceChildren(...rows.map(made));
  }

  /** A reload shows the run that is shown now. */
  address(run) {
    const asked = new URLSearchParams(location.search);
    if (!addressed || !run || !asked.has("run") || asked.get("run") === run) return;
    asked.set("run", run);
    history.replaceState(null, "", `${location.pathname}?${asked}`);
  }

  stage(name) {
    const key = `stage.${name}`;
    const said = this.say(key);
    return said.endsWith(key) ? name : said;
  }

  row(stage) {
    const time = stage.status === "running" ? `${Math.round(100 * stage.share)} %` : this.time(stage);
    return el(
      "li", { class: "stage", "data-status": stage.status },
      el("span", { class: "mark", "aria-hidden": "true" }, MARKS[stage.status] ?? ""),
      el("span", {}, this.stage(stage.name), el("span", { class: "unseen" }, ` ${this.say(`status.${stage.status}`)}`)),
      el("span", { class: "time" }, time),
    );
  }

  time(stage) {
    if (stage.status === "reused") return this.say("kept");
    return stage.seconds ? duration(stage.seconds) : "";
  }
}

function render({ model, el: place }) {
  const root = el("div", { class: "stitchsketch run-progress" });
  place.append(root);
  const progress = new Progress(model, root);
  return () => progress.dispose();
}

export default { render };
