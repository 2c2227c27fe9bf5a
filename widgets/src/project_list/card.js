// One project of the list: its picture, how far it is, the way to its screens, and what can be done with it.
import { el, unique } from "../shared/dom.js";
import { sharing } from "./sharing.js";

export function projectCard(list, project) {
  const say = (key, values) => list.say(key, values);
  const link = (key, page, query) =>
    el("a", { href: `${page}.ipynb?${query}`, "aria-label": `${say(key)}: ${project.name}` }, say(key));
  const when = new Date(project.created).toLocaleDateString("en", { dateStyle: "medium" });
  const about = [project.customer, project.furniture, when].filter(Boolean).join(" · ");
  const status = project.run ? list.status(project.status) : say("projects.no_run");
  const picture = el("div", { class: "picture", "aria-hidden": "true" });
  list.picture(project, picture);
  const run = `run=${project.run}`;
  const ways = project.run
    ? [
        link("projects.scan", "scan", run), link("projects.pattern", "pattern", run),
        link("projects.quote", "fabric_quote", run), link("projects.progress", "new_scan", run),
      ]
    : project.scan ? [link("projects.go_on", "new_scan", `scan=${project.scan}`)] : [];
  return el(
    "li", { class: "card project" }, picture,
    el(
      "div", { class: "what" }, el("h2", {}, project.name), el("p", { class: "quiet" }, about),
      el("span", { class: "badge", "data-status": project.status ?? "" }, status), keptTo(list, project),
    ),
    el("div", { class: "row ways" }, ...ways), more(list, project),
  );
}

/** Who sees it, where not the whole shop does. */
function keptTo(list, project) {
  if (!project.kept_to.length) return null;
  const people = list.model.get("people");
  const names = [...new Set([project.owner, ...project.kept_to])].filter(Boolean).map((one) => people[one] ?? one);
  return el("p", { class: "quiet kept" }, list.say("projects.kept_to", { names: names.join(", ") }));
}

/** Rename, duplicate, delete: behind a button, for they are seldom wanted. */
function more(list, project) {
  const say = (key) => list.say(key);
  const press = (key, act) =>
    el("button", { type: "button", "aria-label": `${say(key)}: ${project.name}`, onclick: act }, say(key));
  const name = el("input", { id: unique("name"), value: project.name, maxlength: "400", autocomplete: "off" });
  const details = el("details", {});
  const done = (what) => {
    details.open = false;
    list.ask({ project: project.id, ...what });
  };
  const rename = (event) => {
    event.preventDefault();
    const now = name.value.trim();
    if (now && now !== project.name) done({ do: "rename", name: now });
  };
  details.append(
    el("summary", { "aria-label": `${say("projects.more")}: ${project.name}` }, say("projects.more")),
    el(
      "div", { class: "acts" }, ...sharing(list, project, done),
      el(
        "form", { class: "row", onsubmit: rename }, el("label", { for: name.id }, say("projects.name")), name,
        el("button", { type: "submit" }, say("projects.rename")),
      ),
      el(
        "div", { class: "row" }, press("projects.duplicate", () => done({ do: "duplicate" })),
        press("projects.delete", () => done({ do: "delete" })),
      ),
    ),
  );
  return details;
}
