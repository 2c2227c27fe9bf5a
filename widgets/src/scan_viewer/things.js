// What stands beside the surface: cameras, points, seams, the rim of what was seen, the box, the ruler.
import {
  Box3, Box3Helper, BufferAttribute, BufferGeometry, Color, Group, LineBasicMaterial, LineSegments, Points,
  PointsMaterial, Vector3,
} from "three";
import { Line2 } from "three/examples/jsm/lines/Line2.js";
import { LineGeometry } from "three/examples/jsm/lines/LineGeometry.js";
import { LineMaterial } from "three/examples/jsm/lines/LineMaterial.js";
import { copied, floats, linear } from "../shared/binary.js";
import { disk } from "../shared/disk.js";

/** Corners of a camera's drawing that are joined. */
const FRUSTUM = [0, 1, 0, 2, 0, 3, 0, 4, 1, 2, 2, 3, 3, 4, 4, 1];

export class Things {
  constructor(scene, get) {
    this.scene = scene;
    this.wide = [];
    this.cameras = segments(camerasDrawn(floats(get("cameras"))), 0x185fa0);
    this.cloud = cloud(floats(get("cloud")), new Uint8Array(copied(get("cloud_colors"))));
    this.rim = segments(floats(get("rim")), 0xb0202a);
    this.seams = new Group();
    for (const line of get("seams")) this.seams.add(this.line(line.flat(), 0x1f242b, 2.5));
    this.box = new Box3Helper(new Box3(), new Color(0x185fa0));
    this.ruler = new Group();
    for (const thing of [this.cameras, this.cloud, this.seams, this.box]) thing.visible = false;
    scene.scene.add(this.cameras, this.cloud, this.rim, this.seams, this.box, this.ruler);
  }

  line(positions, color, width, depth = true) {
    const geometry = new LineGeometry();
    geometry.setPositions(positions);
    const material = new LineMaterial({
      color, linewidth: width, depthTest: depth, polygonOffset: true, polygonOffsetFactor: -4, polygonOffsetUnits: -4,
    });
    const size = this.scene.size;
    material.resolution.set(size.x, size.y);
    this.wide.push(material);
    return new Line2(geometry, material);
  }

  setBox(box) {
    this.box.box.set(new Vector3(...box.slice(0, 3)), new Vector3(...box.slice(3)));
  }

  /** The ruler's ends, the straight way and the way along the surface. */
  setRuler(points, path) {
    for (const child of [...this.ruler.children]) {
      child.geometry.dispose();
      this.wide = this.wide.filter((one) => one !== child.material);
      this.ruler.remove(child);
    }
    if (path.length > 1) this.ruler.add(this.line(path.flat(), 0xb0202a, 4));
    if (points.length > 1) this.ruler.add(this.line(points.flat(), 0x185fa0, 2, false));
    if (!points.length) return;
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(points.flat()), 3));
    this.ends ??= new PointsMaterial({
      size: 15, sizeAttenuation: false, depthTest: false, transparent: true, map: disk("#ffffff", "#b0202a"),
    });
    const ends = new Points(geometry, this.ends);
    ends.renderOrder = 2;
    this.ruler.add(ends);
  }

  resize(width, height) {
    for (const material of this.wide) material.resolution.set(width, height);
  }
}

function segments(positions, color) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  const drawn = new LineSegments(geometry, new LineBasicMaterial({ color: new Color(color) }));
  drawn.frustumCulled = false;
  return drawn;
}

function camerasDrawn(corners) {
  const count = corners.length / 15;
  const out = new Float32Array(count * FRUSTUM.length * 3);
  for (let camera = 0, at = 0; camera < count; camera++) {
    for (const corner of FRUSTUM) {
      const from = 15 * camera + 3 * corner;
      out.set(corners.subarray(from, from + 3), at);
      at += 3;
    }
  }
  return out;
}

function cloud(positions, colors) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setAttribute("color", new BufferAttribute(linear(colors), 3, true));
  const points = new Points(geometry, new PointsMaterial({ size: 2.5, sizeAttenuation: false, vertexColors: true }));
  points.frustumCulled = false;
  return points;
}
