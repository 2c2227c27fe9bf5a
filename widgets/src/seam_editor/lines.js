// Seams as lines of some width, and the points of drawn seams as handles.
import { BufferGeometry, Float32BufferAttribute, Group, Points, PointsMaterial } from "three";
import { Line2 } from "three/examples/jsm/lines/Line2.js";
import { LineGeometry } from "three/examples/jsm/lines/LineGeometry.js";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { disk } from "../shared/disk.js";

const GRAB_PX = 14;

export class SeamLines {
  constructor(scene) {
    this.scene = scene;
    this.group = new Group();
    scene.scene.add(this.group);
    this.materials = {
      drawn: new LineMaterial({ color: 0x185fa0, linewidth: 4 }),
      draft: new LineMaterial({ color: 0xb0202a, linewidth: 4 }),
      edge: new LineMaterial({ color: 0x1f242b, linewidth: 4 }),
      chosen: new LineMaterial({ color: 0xb0202a, linewidth: 7 }),
    };
    for (const material of Object.values(this.materials)) {
      Object.assign(material, { polygonOffset: true, polygonOffsetFactor: -4, polygonOffsetUnits: -4 });
    }
    const dot = { size: 15, sizeAttenuation: false, depthTest: false, transparent: true };
    this.dots = {
      handle: new PointsMaterial({ ...dot, map: disk("#ffffff", "#185fa0") }),
      draft: new PointsMaterial({ ...dot, map: disk("#ffffff", "#b0202a") }),
    };
  }

  clear() {
    for (const child of [...this.group.children]) {
      child.geometry.dispose();
      this.group.remove(child);
    }
  }

  line(points, kind) {
    if (points.length < 2) return;
    const geometry = new LineGeometry();
    geometry.setPositions(points.flat());
    this.group.add(new Line2(geometry, this.materials[kind]));
  }

  points(places, kind) {
    if (!places.length) return;
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new Float32BufferAttribute(places.flat(), 3));
    const points = new Points(geometry, this.dots[kind]);
    points.renderOrder = 2;
    this.group.add(points);
  }

  resize(width, height) {
    for (const material of Object.values(this.materials)) material.resolution.set(width, height);
  }

  /** The handle at a pixel: {seam, point}, or null. Those behind the piece can't be taken. */
  handleAt(x, y, drawn, mesh) {
    let best = null;
    let least = GRAB_PX;
    drawn.forEach(({ points }, seam) =>
      points.forEach((place, point) => {
        const at = this.scene.pixel(place);
        const away = Math.hypot(at.x - x, at.y - y);
        if (away < least && this.isSeen(place, at, mesh)) {
          least = away;
          best = { seam, point };
        }
      }),
    );
    return best;
  }

  isSeen(place, at, mesh) {
    const hit = this.scene.hit(at.x, at.y, mesh);
    const far = Math.hypot(...place.map((value, k) => value - this.scene.camera.position.getComponent(k)));
    return !hit || hit.distance > far - 0.02;
  }

  /** The line nearest to a pixel, by its index, or -1. */
  lineAt(x, y, lines, mesh) {
    let best = -1;
    let least = 2 * GRAB_PX;
    lines.forEach((line, index) => {
      for (const place of line) {
        const at = this.scene.pixel(place);
        const away = Math.hypot(at.x - x, at.y - y);
        if (away < least && this.isSeen(place, at, mesh)) {
          least = away;
          best = index;
        }
      }
    });
    return best;
  }
}
