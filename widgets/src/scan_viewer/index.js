// The scan viewer: the page draws and asks; the mesh's levels and the ruler's answers come from Python.
import { Box3, Vector3 } from "three";
import { el } from "../shared/dom.js";
import { Scene } from "../shared/scene.js";
import { Screen, shownAs } from "../shared/screen.js";
import { dressed } from "./dressing.js";
import { Keys } from "./keys.js";
import { layOut, TOOLS } from "./layout.js";
import { Levels } from "./levels.js";
import { rulerCard } from "./ruler.js";
import { Surface } from "./surface.js";
import { Things } from "./things.js";
import "./style.css";

/** A little from above, so that the seat is seen with the front. */
const ABOVE = 0.35;

class Viewer extends Screen {
  constructor(model, root) {
    super(model, root, "scan");
    this.tool = "look";
    this.dressings = new Map();
    this.sides = sidesOf(this.get("front"));
    layOut(this);
    this.build3d();
    this.listen();
    this.take(TOOLS[0]);
  }

  build3d() {
    try {
      // smooth edges cost a processor more than they are worth
      this.scene = new Scene(this.canvas, { antialias: !drawnByProcessor(), preserveDrawingBuffer: false });
    } catch {
      this.view.replaceChildren(el("p", { class: "card" }, this.say("no_gl")));
      return;
    }
    this.surface = new Surface();
    this.things = new Things(this.scene, (name) => this.get(name));
    this.scene.scene.add(this.surface.object);
    this.scene.onResize = (width, height) => this.things.resize(width, height);
    this.scene.resize();
    this.bounds = new Box3(new Vector3(...this.get("low")), new Vector3(...this.get("high")));
    this.lookFrom(Object.values(this.sides)[0]);
    this.scene.onClick(({ x, y }) => this.click(x, y));
    this.keys = new Keys(this);
    this.levels = new Levels(
      this.scene, this.surface, this.get("sizes"), (at) => this.ask({ do: "level", at }), () => this.showDetail(),
    );
    this.scene.beforeFrame = () => this.levels.frame();
    this.mark();
  }

  listen() {
    this.hear("msg:custom", (content, buffers) => this.told(content, buffers));
    this.follows("points path measured units", () => this.showRuler());
    this.follows("box", () => this.takeBox());
    this.follows("message answered", () => this.showState());
  }

  dispose() {
    super.dispose();
    this.levels?.dispose();
    this.surface?.dispose();
    this.scene?.dispose();
  }

  /** What comes as a message with bytes: a level of detail, or what the piece is dressed in. */
  async told({ level, dressing }, buffers) {
    if (level !== undefined) this.levels.take(level, buffers);
    if (dressing === undefined) return;
    const group = await dressed(buffers, () => this.scene.draw());
    this.dressings.set(dressing, group);
    this.scene.scene.add(group);
    this.wear(this.skins.value);
  }

  take(tool) {
    this.tool = tool;
    this.showRuler();
    this.showBox();
    this.showState();
  }

  click(x, y) {
    if (this.tool !== "measure") return;
    const ray = this.scene.rayAt(x, y);
    this.ask({ do: "point", origin: ray.origin.toArray(), direction: ray.direction.toArray() });
  }

  lookFrom(from) {
    this.scene?.fit(this.bounds, from);
  }

  /** Show the piece in something: "photos", "panels", "plain", or "dressing 0". */
  wear(skin) {
    const at = skin.startsWith("dressing ") ? Number(skin.slice(9)) : -1;
    if (at >= 0 && !this.dressings.has(at)) return this.ask({ do: "dressing", at });
    this.dressings.forEach((group, key) => { group.visible = key === at; });
    this.surface.object.visible = at < 0;
    if (at < 0) this.surface.wear(skin);
    this.scene.draw();
  }

  /** What is marked on the piece and shown beside it. */
  mark() {
    if (!this.scene) return;
    const on = (name) => this.marks[name]?.checked ?? false;
    this.surface.stripe(on("unseen"));
    this.things.rim.visible = on("unseen");
    for (const name of ["seams", "cameras", "cloud"]) this.things[name].visible = on(name);
    this.levels.weigh();
    this.scene.draw();
  }

  takeBox() {
    this.crop.take(this.get("box"));
    this.showBox();
  }

  showBox() {
    this.crop.place.classList.toggle("hidden", this.tool !== "box");
    if (!this.scene) return;
    const shown = this.tool === "box";
    this.things.box.visible = shown;
    this.things.setBox(this.crop.box);
    this.surface.crop(shown ? this.crop.box : null);
    this.scene.draw();
  }

  showRuler() {
    const shown = this.tool === "measure";
    this.ruler.classList.toggle("hidden", !shown);
    this.ruler.replaceChildren(...(shown ? [rulerCard(this)] : []));
    if (!this.scene) return;
    this.things.ruler.visible = shown;
    this.things.setRuler(this.get("points"), this.get("path"));
    this.scene.draw();
  }

  showDetail() {
    const { sizes, shown, finest } = this.levels;
    this.root.dataset.level = shown;
    const count = sizes[shown].toLocaleString("en").replaceAll(",", " ");
    const text = this.say(shown < finest ? "detail_light" : "detail", { count });
    if (this.detail.textContent !== text) this.detail.textContent = text;
  }

  showState() {
    this.showBusy();
    for (const [tool, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-pressed", tool === this.tool ? "true" : "false");
    }
    this.hint.textContent = this.say(`hint.${this.tool}`);
    this.view.dataset.cross = this.tool === "measure" ? "yes" : "no";
    this.tell(this.get("message"));
  }
}

/** The four sides and the top, by name; numbered where the front isn't known. */
function sidesOf(front) {
  const [x, y] = front.length ? front : [0, -1];
  const around = [[x, y], [-y, x], [-x, -y], [y, -x]];
  const names = front.length ? ["front", "right", "back", "left"] : ["one", "two", "three", "four"];
  const sides = Object.fromEntries(around.map(([a, b], k) => [names[k], [a, b, ABOVE]]));
  return { ...sides, top: [0.02 * x, 0.02 * y, 1] };
}

function drawnByProcessor() {
  const gl = document.createElement("canvas").getContext("webgl2");
  const known = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = known ? gl.getParameter(known.UNMASKED_RENDERER_WEBGL) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software/i.test(name);
}

export default shownAs("scan-viewer", Viewer);
