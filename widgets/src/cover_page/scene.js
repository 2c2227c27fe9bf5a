// One camera, several parts of the picture: old and new beside a line, or fabrics side by side.
import { Scene } from "../shared/scene.js";

// furniture is about so many times as wide as high
const NARROW = 1.3;

export class CoverScene extends Scene {
  constructor(canvas) {
    super(canvas);
    this.parts = [];
    this.scene.background.set(0xe7e5e0);
    this.renderer.setScissorTest(true);
  }

  get aspect() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    return clientWidth / Math.max(1, clientHeight);
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
      this.frames += 1;
    });
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    for (const part of this.parts ?? []) {
      const [left, top, wide, tall] = part.box;
      const box = [left * width, (1 - top - tall) * height, wide * width, tall * height];
      part.dress();
      // a part of one whole picture is cut out of it; a part by itself has the camera's whole view
      this.renderer.setScissor(...box);
      this.renderer.setViewport(...(part.whole ? [0, 0, width, height] : box));
      this.camera.aspect = part.whole ? width / height : box[2] / Math.max(1, box[3]);
      // a part that is narrower than what the camera was set up for sees as much, smaller
      this.camera.zoom = Math.min(1, this.camera.aspect / Math.min(this.aspect, NARROW));
      this.camera.updateProjectionMatrix();
      this.renderer.render(this.scene, this.camera);
    }
  }
}
