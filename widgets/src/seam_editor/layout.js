// What stands where on the screen: buttons, the picture, and what lies beside it.
import { el, unique } from "../shared/dom.js";
import { Side } from "./side.js";

export const TOOLS = ["look", "seam", "seed", "join", "edge"];

/** Give an editor its elements and put them into its root. */
export function layOut(editor) {
  const press = (key, act, extra = {}) =>
    el("button", { type: "button", onclick: act, ...extra }, editor.say(key));
  editor.buttons = Object.fromEntries(
    TOOLS.map((tool) => [tool, press(`tool.${tool}`, () => editor.take(tool))]),
  );
  editor.undo = press("undo", () => editor.ask({ do: "undo" }));
  editor.redo = press("redo", () => editor.ask({ do: "redo" }));
  editor.save = press("save", () => editor.ask({ do: "save" }), { class: "main" });
  editor.finish = press("finish", () => editor.finishSeam(), { class: "main" });
  editor.drop = press("drop", () => editor.dropDraft());
  editor.hint = el("p", { class: "quiet hint" });
  editor.said = el("p", { class: "said", role: "status", "aria-live": "polite" });
  editor.canvas = el("canvas", { tabindex: "0", role: "application", "aria-label": editor.say("canvas") });
  editor.cross = el("div", { class: "cross", "aria-hidden": "true" });
  editor.over = el("div", { class: "over" }, editor.finish, editor.drop);
  editor.view = el("div", { class: "view" }, editor.canvas, editor.cross, editor.over);
  editor.name = el("input", { id: unique("name"), maxlength: "32", autocomplete: "off", spellcheck: "false" });
  editor.name.setAttribute("list", unique("names"));
  editor.names = el("datalist", { id: editor.name.getAttribute("list") });
  editor.seedRow = el(
    "div", { class: "row seed" },
    el("label", { for: editor.name.id }, editor.say("seed_name")), editor.name, editor.names,
    press("no_cloth", () => { editor.name.value = editor.say("no_cloth"); }),
  );
  editor.side = new Side(editor);
  editor.root.append(
    el("h1", {}, editor.get("title") || editor.say("title")),
    el(
      "div", { class: "row" },
      el("div", { class: "row tools grow", role: "group", "aria-label": editor.say("tools") }, ...Object.values(editor.buttons)),
      el("div", { class: "row acts" }, editor.undo, editor.redo, editor.save),
    ),
    editor.hint, editor.seedRow,
    el(
      "div", { class: "bench" },
      el(
        "div", { class: "side" }, editor.view,
        el(
          "div", { class: "row" },
          press("front", () => editor.scene?.fit(editor.mesh.object, "front")),
          press("top", () => editor.scene?.fit(editor.mesh.object, "top")),
          el("div", { class: "grow" }, editor.said),
        ),
      ),
      editor.side.place,
    ),
  );
}
