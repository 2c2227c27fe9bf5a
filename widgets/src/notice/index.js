// A sentence in place of a screen that can't be shown: what is wrong, what to do.
import { el } from "../shared/dom.js";
import "../shared/style.css";

function render({ model, el: place }) {
  place.append(
    el(
      "div", { class: "stitchsketch card", role: "alert" },
      el("h2", {}, model.get("what")), el("p", {}, model.get("todo")),
    ),
  );
}

export default { render };
