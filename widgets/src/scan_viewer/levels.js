// Levels of detail: the page measures what each costs, turns the finest that is fluent, and stands in full.
import { Surface } from "./surface.js";

/** 30 frames a second, with something left for the rest of the page. */
const FRAME_MS = 33;
const BUDGET_MS = 26;
/** After this without a move the piece stands still. */
const STILL_MS = 220;
const MOST_PATIENCE_MS = 1500;
/** While it moves, the picture may be so coarse where even the lightest level is slow. */
const COARSEST = 0.5;

export class Levels {
  /** `ask(at)` brings a level; `changed()` is told of what is shown. */
  constructor(scene, surface, sizes, ask, changed) {
    Object.assign(this, { scene, surface, sizes, ask, changed });
    this.geometries = sizes.map(() => null);
    this.costs = sizes.map(() => Infinity);
    this.shown = -1;
    this.moving = false;
    this.ratio = 1;
    this.last = 0;
    // full detail first, then the light ones that turning needs
    this.order = [sizes.length - 1, ...sizes.keys()].slice(0, sizes.length);
    scene.controls.addEventListener("change", () => this.moved());
    this.next();
  }

  next() {
    const at = this.order.find((one) => !this.geometries[one]);
    if (at !== undefined) this.ask(at);
  }

  /** A level has come. */
  take(at, buffers) {
    this.geometries[at] = Surface.level(buffers);
    this.costs[at] = this.cost(at);
    this.choose();
    this.next();
  }

  get finest() {
    return this.geometries.findLastIndex((one) => one !== null);
  }

  /** The finest that can be turned fluently, else the lightest that is here. */
  get fluent() {
    const good = this.costs.findLastIndex((cost) => cost <= BUDGET_MS);
    return good >= 0 ? good : this.geometries.findIndex((one) => one !== null);
  }

  /** What a frame of a level takes, ms: drawn and waited for, twice, for the first also loads it. */
  cost(at) {
    const { renderer, scene, camera } = this.scene;
    const before = this.surface.object.geometry;
    this.surface.show(this.geometries[at]);
    const gl = renderer.getContext();
    const pixel = new Uint8Array(4);
    let took = Infinity;
    for (let time = 0; time < 2; time++) {
      const started = performance.now();
      renderer.render(scene, camera);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      took = performance.now() - started;
    }
    this.surface.show(before);
    return took;
  }

  /** All levels anew: something else is shown beside them. */
  weigh() {
    this.geometries.forEach((one, at) => {
      if (one) this.costs[at] = this.cost(at);
    });
    this.choose();
  }

  moved() {
    if (!this.moving) {
      this.moving = true;
      this.last = 0;
      this.choose();
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), this.patience);
  }

  /** How long without a move means that it stands still: on a busy machine a frame alone may take longer. */
  get patience() {
    return Math.min(MOST_PATIENCE_MS, Math.max(STILL_MS, 4 * (this.slowest ?? 0)));
  }

  /** Called before each frame: the time since the last says whether the piece turns fluently. */
  frame(now = performance.now()) {
    const took = now - this.last;
    const follows = this.moving && this.last && took < MOST_PATIENCE_MS;
    this.last = now;
    if (!follows) return;
    this.slowest = Math.max(took, 0.9 * (this.slowest ?? 0));
    this.usual = this.usual === undefined ? took : 0.8 * this.usual + 0.2 * took;
    if (this.usual <= FRAME_MS) return;
    // slower than it was measured: what is shown costs more than it seemed
    this.costs[this.shown] = Math.max(this.costs[this.shown], this.usual);
    const lighter = this.fluent;
    if (lighter < this.shown) this.put(lighter);
    else if (this.ratio > COARSEST) this.sharpness(Math.max(COARSEST, this.ratio - 0.25));
    this.usual = undefined;
  }

  rest() {
    this.moving = false;
    this.usual = undefined;
    this.sharpness(1);
    this.choose();
    this.scene.draw();
  }

  choose() {
    this.put(this.moving ? this.fluent : this.finest);
  }

  put(at) {
    if (at < 0 || at === this.shown) return;
    this.shown = at;
    this.surface.show(this.geometries[at]);
    this.scene.draw();
    this.changed();
  }

  sharpness(ratio) {
    if (ratio === this.ratio) return;
    this.ratio = ratio;
    this.scene.sharpen(ratio);
  }

  dispose() {
    clearTimeout(this.timer);
    this.geometries.forEach((one) => one?.dispose());
  }
}
