// The mesh with a colour for each face, and the borders between panels as lines.
import {
  BufferAttribute, BufferGeometry, Color, LineBasicMaterial, LineSegments, Mesh, MeshStandardMaterial,
} from "three";

const NO_PANEL = [222, 220, 216];

export class PanelMesh {
  constructor(vertices, faces) {
    this.vertices = vertices;
    this.faces = faces;
    const indexed = new BufferGeometry();
    indexed.setAttribute("position", new BufferAttribute(vertices, 3));
    indexed.setIndex(new BufferAttribute(faces, 1));
    indexed.computeVertexNormals();
    const geometry = indexed.toNonIndexed();
    this.colors = new Uint8Array(faces.length * 3);
    geometry.setAttribute("color", new BufferAttribute(this.colors, 3, true));
    const material = new MeshStandardMaterial({
      vertexColors: true, roughness: 0.9, side: 2, polygonOffset: true, polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
    });
    this.object = new Mesh(geometry, material);
    this.border = new LineSegments(
      new BufferGeometry(), new LineBasicMaterial({ color: new Color(0x1f242b) }),
    );
    this.sides = sidesOf(faces);
  }

  /** Colour each face by its label; the chosen panel stays bright, others pale a little. */
  paint(labels, panels, chosen) {
    const chosenAt = panels.findIndex((panel) => panel.name === chosen);
    const shade = panels.map((panel, k) => lit(panel.color, chosenAt < 0 || chosenAt === k ? 0 : 0.45));
    const none = lit(NO_PANEL, 0);
    for (let face = 0; face < labels.length; face++) {
      const color = shade[labels[face]] ?? none;
      for (let corner = 0; corner < 3; corner++) this.colors.set(color, 9 * face + 3 * corner);
    }
    this.object.geometry.attributes.color.needsUpdate = true;
    this.drawBorder(labels);
  }

  drawBorder(labels) {
    const points = [];
    const { vertices, sides } = this;
    for (let at = 0; at < sides.length; at += 4) {
      if (labels[sides[at + 2]] === labels[sides[at + 3]]) continue;
      for (const end of [sides[at], sides[at + 1]]) {
        points.push(vertices[3 * end], vertices[3 * end + 1], vertices[3 * end + 2]);
      }
    }
    this.border.geometry.dispose();
    this.border.geometry = new BufferGeometry();
    this.border.geometry.setAttribute("position", new BufferAttribute(new Float32Array(points), 3));
  }
}

// vertex colours are taken as linear light, palettes are given for screens
function lit(color, paler) {
  return color.map((part) => {
    const share = (part + (236 - part) * paler) / 255;
    return Math.round(255 * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  });
}

/** Inner edges as (a, b, face, face). */
function sidesOf(faces) {
  const open = new Map();
  const sides = [];
  const count = faces.length / 3;
  const most = faces.reduce((most, vertex) => Math.max(most, vertex), 0) + 1;
  for (let face = 0; face < count; face++) {
    for (let corner = 0; corner < 3; corner++) {
      const a = faces[3 * face + corner];
      const b = faces[3 * face + ((corner + 1) % 3)];
      const key = a < b ? a * most + b : b * most + a;
      const other = open.get(key);
      if (other === undefined) open.set(key, face);
      else {
        sides.push(a, b, other, face);
        open.delete(key);
      }
    }
  }
  return Uint32Array.from(sides);
}
