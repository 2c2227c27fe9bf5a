// The shop's projects: searched here, looked up anew every few seconds while the page is seen.
import { el, unique, words } from "../shared/dom.js";
import "./style.css";

const LOOK_EVERY_MS = 5000;

function render({ model, el: place }) {
  const say = (key, values) => words(model.get("texts"), key, values);
  const search = el("input", { id: unique("search"), type: "search", class: "search", autocomplete: "off" });
  const list = el("ul");
  const count = el("p", { class: "quiet", role: "status", "aria-live": "polite" });
  const wrong = el("p", { class: "card hidden", role: "alert" });
  place.append(
    el(
      "div", { class: "stitchsketch project-list" },
      el("h1", {}, say("projects.title")),
      el("div", { class: "row" }, el("label", { for: search.id }, say("projects.search")), search),
      count, wrong, list,
    ),
  );

  const link = (key, page, run, name) =>
    el("a", { href: `${page}.ipynb?run=${run}`, "aria-label": `${say(key)}: ${name}` }, say(key));

  const card = (project) => {
    const when = new Date(project.created).toLocaleDateString("en", { dateStyle: "medium" });
    const about = [project.customer, project.furniture, when].filter(Boolean).join(" · ");
    const status = project.run ? say(`progress.status.${project.status}`) : say("projects.no_run");
    return el(
      "li", { class: "card project" },
      el(
        "div", {}, el("h2", {}, project.name), el("p", { class: "quiet" }, about),
        el("span", { class: "badge", "data-status": project.status ?? "" }, status),
      ),
      project.run
        ? el(
            "div", { class: "row" }, link("projects.pattern", "pattern", project.run, project.name),
            link("projects.progress", "new_scan", project.run, project.name),
          )
        : null,
    );
  };

  const show = () => {
    const asked = search.value.trim().toLowerCase();
    const all = model.get("projects");
    const found = all.filter((one) =>
      [one.name, one.customer, one.furniture].some((word) => word.toLowerCase().includes(asked)),
    );
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...found.map(card));
    if (focused) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    const listed = all.length ? say("projects.count", { found: found.length, all: all.length }) : say("projects.none");
    if (count.textContent !== listed) count.textContent = listed;
    wrong.textContent = model.get("error");
    wrong.classList.toggle("hidden", !model.get("error"));
  };

  search.addEventListener("input", show);
  const told = ["change:projects", "change:error"];
  told.forEach((event) => model.on(event, show));
  const timer = setInterval(() => document.hidden || model.send({ do: "look" }), LOOK_EVERY_MS);
  show();
  return () => {
    clearInterval(timer);
    told.forEach((event) => model.off(event, show));
  };
}

export default { render };
