// Who of the shop sees a project: everybody, or its owner with those that are ticked.
import { el, unique } from "../shared/dom.js";

/** The form; nothing where there is nobody to keep it from. */
export function sharing(list, project, done) {
  const people = Object.entries(list.model.get("people")).filter(([subject]) => subject !== project.owner);
  if (!people.length) return [];
  const say = (key) => list.say(key);
  const group = unique("sees");
  const choice = (value, key, chosen) => {
    const input = el("input", { type: "radio", name: group, value, checked: chosen, onchange: () => show() });
    return { input, label: el("label", { class: "tick" }, input, say(key)) };
  };
  const shop = choice("shop", "projects.shop_sees", !project.kept_to.length);
  const some = choice("some", "projects.some_see", project.kept_to.length > 0);
  const ticks = people.map(([subject, name]) => ({
    subject, box: el("input", { type: "checkbox", checked: project.kept_to.includes(subject) }), name,
  }));
  const names = el(
    "div", { class: "names", role: "group", "aria-label": say("projects.some_see") },
    ...ticks.map(({ box, name, subject }) => el("label", { class: "tick" }, box, name || subject)),
  );
  const show = () => names.classList.toggle("hidden", !some.input.checked);
  const keep = (event) => {
    event.preventDefault();
    const chosen = ticks.filter(({ box }) => box.checked).map(({ subject }) => subject);
    // kept to its owner alone still names somebody; managers see it whoever is named
    const kept = [project.owner || list.model.get("person"), ...chosen];
    done({ do: "share", people: some.input.checked ? kept : [] });
  };
  show();
  return [
    el(
      "form", { class: "sharing", onsubmit: keep },
      el("fieldset", {}, el("legend", {}, say("projects.sees")), shop.label, some.label, names),
      el("button", { type: "submit", "aria-label": `${say("projects.keep_sharing")}: ${project.name}` }, say("projects.keep_sharing")),
    ),
  ];
}
