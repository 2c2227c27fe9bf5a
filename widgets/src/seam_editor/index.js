// The seam editor: what is clicked goes to Python as messages, what is true comes back as traitlets.
import { copied, floats, integers } from "../shared/binary.js";
import { el } from "../shared/dom.js";
import { Scene } from "../shared/scene.js";
import { Screen, shownAs } from "../shared/screen.js";
import { Keys } from "./keys.js";
import { layOut, TOOLS } from "./layout.js";
import { SeamLines } from "./lines.js";
import { PanelMesh } from "./mesh.js";
import "./style.css";

class Editor extends Screen {
  constructor(model, root) {
    super(model, root, "seams");
    this.tool = "look";
    this.chosen = "";
    this.edge = -1;
    this.draft = [];
    this.first = "";
    layOut(this);
    this.build3d();
    this.listen();
    this.show();
  }

  build3d() {
    try {
      this.scene = new Scene(this.canvas);
    } catch {
      this.view.replaceChildren(el("p", { class: "card" }, this.say("no_gl")));
      return;
    }
    this.mesh = new PanelMesh(floats(this.get("vertices")), integers(this.get("faces")));
    this.lines = new SeamLines(this.scene);
    this.scene.scene.add(this.mesh.object, this.mesh.border);
    this.scene.onResize = (width, height) => this.lines.resize(width, height);
    this.scene.resize();
    this.scene.fit(this.mesh.object);
    this.scene.onClick(({ x, y }) => this.click(x, y));
    this.keys = new Keys(this);
    this.canvas.addEventListener("pointerdown", (event) => this.grab(event));
    // three.js takes the event first and turns the piece, unless a point was grabbed
    this.canvas.addEventListener("dblclick", () => this.finishSeam());
  }

  listen() {
    this.follows("labels panels drawn draft edges placed", () => this.show());
    this.follows("pieces units", () => this.side.show());
    this.follows("can_undo can_redo can_save changed message answered", () => this.showState());
  }

  dispose() {
    super.dispose();
    this.scene?.dispose();
  }

  ask(what) {
    const number = super.ask(what);
    this.showState();
    return number;
  }

  take(tool) {
    this.tool = tool;
    this.first = "";
    if (tool !== "seam") this.dropDraft();
    if (tool === "edge" && !this.get("placed")) this.ask({ do: "place" });
    this.showState();
    this.show3d();
    if (tool === "seed") this.name.focus();
  }

  // -- what a click does

  click(x, y) {
    if (this.grabbed) return;
    const hit = this.scene.hit(x, y, this.mesh.object);
    const place = hit?.point.toArray();
    const panel = hit ? this.panelOf(hit.faceIndex) : "";
    if (this.tool === "edge") this.chooseEdge(this.lines.lineAt(x, y, this.get("edges").map((one) => one.line), this.mesh.object));
    else if (!hit) return;
    else if (this.tool === "seam") this.addPoint(place);
    else if (this.tool === "seed") this.seed(place);
    else if (this.tool === "join") this.join(panel);
    else this.choose(panel);
  }

  panelOf(face) {
    const labels = new Int16Array(copied(this.get("labels")));
    return this.get("panels")[labels[face]]?.name ?? "";
  }

  choose(name) {
    this.chosen = name;
    this.show();
  }

  seed(place) {
    const name = this.name.value.trim();
    if (!name) {
      this.tell({ kind: "error", text: this.say("seed_needs_name") });
      this.name.focus();
    } else if (name === this.say("no_cloth")) this.ask({ do: "ignore", place });
    else {
      this.chosen = name;
      this.ask({ do: "seed", name, place });
    }
  }

  join(panel) {
    if (!panel) return;
    if (!this.first) {
      this.first = panel;
      this.choose(panel);
      this.tell({ kind: "note", text: this.say("join_second", { name: panel }) });
      return;
    }
    const into = this.first;
    this.first = "";
    if (panel !== into) this.ask({ do: "join", panel, into });
  }

  addPoint(place) {
    this.draft.push(place);
    this.ask({ do: "draft", points: this.draft });
    this.show3d();
    this.showState();
  }

  dropPoint() {
    this.draft.pop();
    this.ask({ do: "draft", points: this.draft });
    this.show3d();
    this.showState();
  }

  dropDraft() {
    if (!this.draft.length) return;
    this.draft = [];
    this.ask({ do: "draft", points: [] });
    this.show3d();
    this.showState();
  }

  finishSeam() {
    if (this.tool !== "seam" || this.draft.length < 2) return;
    const points = this.draft;
    this.draft = [];
    this.ask({ do: "seam", points });
    this.showState();
  }

  chooseEdge(index) {
    this.edge = index;
    this.show();
    this.side.edges.querySelector(".chosen select")?.focus();
  }

  // -- dragging a point of a drawn seam

  grab(event) {
    if (this.tool !== "seam" || !event.isPrimary) return;
    const handle = this.lines.handleAt(event.offsetX, event.offsetY, this.get("drawn"), this.mesh.object);
    if (!handle) return;
    this.scene.controls.enabled = false;
    this.grabbed = { ...handle, place: null };
    this.canvas.setPointerCapture(event.pointerId);
    const move = (moved) => this.drag(moved.offsetX, moved.offsetY);
    const up = () => {
      this.canvas.removeEventListener("pointermove", move);
      this.scene.controls.enabled = true;
      this.put();
    };
    this.canvas.addEventListener("pointermove", move);
    this.canvas.addEventListener("pointerup", up, { once: true });
    this.canvas.addEventListener("pointercancel", up, { once: true });
  }

  drag(x, y) {
    const hit = this.scene.hit(x, y, this.mesh.object);
    if (!hit) return;
    this.grabbed.place = hit.point.toArray();
    this.show3d();
  }

  put() {
    const { seam, point, place } = this.grabbed;
    // after the click that ends the drag was told
    setTimeout(() => {
      this.grabbed = null;
      if (place) this.ask({ do: "move", seam, point, place });
      this.show3d();
    });
  }

  // -- showing

  show() {
    const panels = this.get("panels");
    if (!panels.some((panel) => panel.name === this.chosen)) this.chosen = "";
    if (this.mesh) {
      this.mesh.paint(new Int16Array(copied(this.get("labels"))), panels, this.chosen);
      this.show3d();
    }
    this.side.show();
    this.showState();
  }

  show3d() {
    if (!this.scene) return;
    this.lines.clear();
    const drawn = this.get("drawn");
    if (this.tool === "edge" && this.get("placed")) {
      this.get("edges").forEach((edge, k) => this.lines.line(edge.line, k === this.edge ? "chosen" : "edge"));
    } else drawn.forEach((seam) => this.lines.line(seam.line, "drawn"));
    if (this.tool === "seam") {
      this.lines.points(drawn.flatMap((seam, k) => this.moved(seam.points, k)), "handle");
      this.lines.line(this.get("draft"), "draft");
      this.lines.points(this.draft, "draft");
    }
    this.scene.draw();
  }

  moved(points, seam) {
    const { grabbed } = this;
    if (!grabbed?.place || grabbed.seam !== seam) return points;
    return points.map((place, point) => (point === grabbed.point ? grabbed.place : place));
  }

  showState() {
    this.showBusy();
    for (const [tool, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-pressed", tool === this.tool ? "true" : "false");
    }
    this.hint.textContent = this.say(`hint.${this.tool}`);
    this.seedRow.classList.toggle("hidden", this.tool !== "seed");
    this.over.classList.toggle("hidden", this.tool !== "seam" || !this.draft.length);
    this.view.dataset.cross = this.tool === "look" ? "no" : "yes";
    this.finish.disabled = this.draft.length < 2;
    this.undo.disabled = !this.get("can_undo");
    this.redo.disabled = !this.get("can_redo");
    this.save.classList.toggle("hidden", !this.get("can_save"));
    this.save.disabled = !this.get("changed");
    const message = this.get("message");
    if (this.busy) this.tell({ kind: "note", text: this.say("working") });
    else if (message.text) this.tell(message);
    else if (!this.first) this.tell(this.get("changed") ? { kind: "note", text: this.say("unsaved") } : {});
  }
}

export default shownAs("seam-editor", Editor);
