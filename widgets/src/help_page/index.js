// A page of help; what it says comes whole from Python, pictures and all.
import { el, words } from "../shared/dom.js";
import { HELP } from "../shared/help.js";
import "./style.css";

function render({ model, el: place }) {
  const say = (key) => words(model.get("texts"), key);
  const article = el("article", {});
  article.innerHTML = model.get("html");
  const here = model.get("page");
  const links = HELP.map((name) =>
    el("a", { href: `help.ipynb?page=${name}`, "aria-current": name === here ? "page" : null }, say(`help.${name}`)),
  );
  place.append(
    el(
      "div", { class: "stitchsketch help-page" },
      el("nav", { class: "row", "aria-label": say("help.title") }, ...links, el("a", { href: "projects.ipynb" }, say("help.projects"))),
      article,
    ),
  );
}

export default { render };
