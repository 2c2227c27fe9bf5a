// A piece in 3D: drawn only when something has changed, turned by hand or by keys, clicked exactly.
import {
  Box3, Color, DirectionalLight, HemisphereLight, PerspectiveCamera, Raycaster, Scene as ThreeScene,
  Sphere, Spherical, Vector2, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";

const CLICK_PX = 6;
// How much is in sight across the shorter side of the canvas.
const FIELD_DEG = 35;
const TURN = 0.12;
const NEARER = 0.85;

export class Scene {
  /** `canvas` fills its parent; `onClick(event-like {x, y})` in pixels of the canvas. */
  constructor(canvas, options = {}) {
    this.canvas = canvas;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true, ...options });
    this.scene = new ThreeScene();
    this.scene.background = new Color(0xf1efe9);
    this.camera = new PerspectiveCamera(FIELD_DEG, 1, 0.01, 100);
    this.camera.up.set(0, 0, 1);
    this.scene.add(new HemisphereLight(0xffffff, 0xb8b0a4, 2.2), this.camera);
    const lamp = new DirectionalLight(0xffffff, 1.6);
    lamp.position.set(0.5, 0.8, 1);
    this.camera.add(lamp);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener("change", () => this.draw());
    this.ray = new Raycaster();
    this.waiting = false;
    this.frames = 0;
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(canvas.parentElement);
    this.resize();
  }

  dispose() {
    this.watch.disconnect();
    this.controls.dispose();
    this.renderer.dispose();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.beforeFrame?.();
      this.renderer.render(this.scene, this.camera);
      this.frames += 1;
    });
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(2, window.devicePixelRatio) * (this.share ?? 1));
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    // what was seen stays in sight when the canvas becomes narrow
    const half = Math.tan((FIELD_DEG * Math.PI) / 360) / Math.min(1, this.camera.aspect);
    this.camera.fov = (Math.atan(half) * 360) / Math.PI;
    this.camera.updateProjectionMatrix();
    this.onResize?.(width, height);
    this.draw();
  }

  /** Draw with so many pixels for one of the screen's, 1 for all. */
  sharpen(share) {
    this.share = share;
    this.resize();
  }

  get size() {
    const box = this.canvas.getBoundingClientRect();
    return new Vector2(box.width, box.height);
  }

  /** Look at the whole of an object or box from a side: "front" (from -y, a little above), "top", or [x, y, z]. */
  fit(object, side = "front") {
    const box = object.isBox3 ? object : new Box3().setFromObject(object);
    const sphere = box.getBoundingSphere(new Sphere());
    const half = (this.camera.fov * Math.PI) / 360;
    const away = (1.05 * sphere.radius) / Math.sin(Math.min(half, Math.atan(Math.tan(half) * this.camera.aspect)));
    const sides = { top: [0, -0.02, 1], front: [0.45, -1, 0.75] };
    const from = new Vector3(...(sides[side] ?? side));
    this.controls.target.copy(sphere.center);
    this.camera.position.copy(sphere.center).addScaledVector(from.normalize(), away);
    this.camera.near = away / 100;
    this.camera.far = away * 10;
    this.camera.updateProjectionMatrix();
    this.controls.minDistance = sphere.radius / 20;
    this.controls.maxDistance = away * 4;
    this.controls.update();
    this.draw();
  }

  turn(right, up) {
    const from = this.camera.position.clone().sub(this.controls.target);
    const ball = new Spherical().setFromVector3(new Vector3(from.x, from.z, -from.y));
    ball.theta += TURN * right;
    ball.phi = Math.min(Math.PI - 0.05, Math.max(0.05, ball.phi - TURN * up));
    const back = new Vector3().setFromSpherical(ball);
    this.camera.position.copy(this.controls.target).add(new Vector3(back.x, -back.z, back.y));
    this.controls.update();
    this.draw();
  }

  nearer(steps) {
    const from = this.camera.position.clone().sub(this.controls.target);
    const away = Math.min(
      this.controls.maxDistance, Math.max(this.controls.minDistance, from.length() * NEARER ** steps),
    );
    this.camera.position.copy(this.controls.target).addScaledVector(from.normalize(), away);
    this.controls.update();
    this.draw();
  }

  /** The ray through a pixel of the canvas. */
  rayAt(x, y) {
    const size = this.size;
    // three.js brings the camera up to date when it draws: a click may come before that
    this.camera.updateMatrixWorld();
    this.ray.setFromCamera(new Vector2((2 * x) / size.x - 1, 1 - (2 * y) / size.y), this.camera);
    return this.ray.ray;
  }

  /** Where a pixel of the canvas meets an object: {point, faceIndex}, or undefined. */
  hit(x, y, object) {
    this.rayAt(x, y);
    return this.ray.intersectObject(object, false)[0];
  }

  /** The pixel of a place, and whether it is before the camera. */
  pixel(place) {
    const size = this.size;
    this.camera.updateMatrixWorld();
    const seen = new Vector3(...place).project(this.camera);
    return { x: ((seen.x + 1) / 2) * size.x, y: ((1 - seen.y) / 2) * size.y, ahead: seen.z < 1 };
  }

  /** Tell of clicks (not of drags), at their pixel. */
  onClick(told) {
    let down = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      down = event.isPrimary && event.button === 0 ? [event.offsetX, event.offsetY] : null;
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (!down || !event.isPrimary) return;
      const moved = Math.hypot(event.offsetX - down[0], event.offsetY - down[1]);
      down = null;
      if (moved <= CLICK_PX) told({ x: event.offsetX, y: event.offsetY });
    });
  }
}
