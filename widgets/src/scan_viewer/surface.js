// The piece's surface: one shader for photos' colours, panels and plain cloth; what nobody saw is striped.
import { BufferAttribute, BufferGeometry, DoubleSide, Mesh, ShaderMaterial, Vector3 } from "three";
import { copied, floats, integers } from "../shared/binary.js";

const CLOTH = [196, 186, 172];

const VERTEX = `
attribute vec3 photo;
attribute vec3 panel;
attribute float seen;
uniform int skin;
uniform vec3 cloth;
varying vec3 shade;
varying float known;
#ifdef BOXED
varying vec3 place;
#endif
void main() {
  vec3 turned = normalize(normalMatrix * normal);
  float light = 0.50 + 0.42 * abs(turned.z) + 0.12 * max(0.0, normal.z);
  vec3 color = skin == 0 ? photo : skin == 1 ? panel : cloth;
  shade = min(vec3(1.0), color * light);
  known = seen;
#ifdef BOXED
  place = position;
#endif
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}`;

const FRAGMENT = `
uniform bool striped;
uniform vec3 low;
uniform vec3 high;
varying vec3 shade;
varying float known;
#ifdef BOXED
varying vec3 place;
#endif
void main() {
  vec3 color = shade;
  if (striped && known < 0.5) {
    float band = mod(gl_FragCoord.x + gl_FragCoord.y, 12.0);
    color = band < 6.0 ? vec3(0.69, 0.13, 0.16) : vec3(1.0);
  }
#ifdef BOXED
  if (any(lessThan(place, low)) || any(greaterThan(place, high))) color = mix(color, vec3(0.945, 0.937, 0.914), 0.75);
#endif
  gl_FragColor = vec4(color, 1.0);
}`;

export class Surface {
  constructor() {
    this.material = new ShaderMaterial({
      vertexShader: VERTEX, fragmentShader: FRAGMENT, side: DoubleSide,
      polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1,
      uniforms: {
        skin: { value: 0 }, striped: { value: true }, cloth: { value: new Vector3(...CLOTH).divideScalar(255) },
        low: { value: new Vector3() }, high: { value: new Vector3() },
      },
    });
    this.object = new Mesh(new BufferGeometry(), this.material);
    this.object.frustumCulled = false;
  }

  /** A level of detail from its buffers, as Python tells them. */
  static level([positions, faces, photo, seen, panel]) {
    const geometry = new BufferGeometry();
    const bytes = (view, size) => new BufferAttribute(new Uint8Array(copied(view)), size, true);
    geometry.setAttribute("position", new BufferAttribute(floats(positions), 3));
    geometry.setIndex(new BufferAttribute(integers(faces), 1));
    geometry.computeVertexNormals();
    geometry.setAttribute("photo", bytes(photo, 3));
    geometry.setAttribute("seen", bytes(seen, 1));
    geometry.setAttribute("panel", bytes(panel.byteLength ? panel : photo, 3));
    return geometry;
  }

  show(geometry) {
    this.object.geometry = geometry;
  }

  /** "photos", "panels" or "plain". */
  wear(skin) {
    this.material.uniforms.skin.value = { photos: 0, panels: 1 }[skin] ?? 2;
  }

  stripe(whether) {
    this.material.uniforms.striped.value = whether;
  }

  /** Pale what lies outside of a box; null: nothing does. */
  crop(box) {
    const boxed = box !== null;
    if (boxed !== Boolean(this.material.defines.BOXED)) {
      if (boxed) this.material.defines.BOXED = 1;
      else delete this.material.defines.BOXED;
      this.material.needsUpdate = true;
    }
    if (!boxed) return;
    this.material.uniforms.low.value.fromArray(box);
    this.material.uniforms.high.value.fromArray(box, 3);
  }

  dispose() {
    this.material.dispose();
  }
}
