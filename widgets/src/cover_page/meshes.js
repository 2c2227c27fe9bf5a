// Meshes and cloths out of the page's own data.
import {
  BufferAttribute, BufferGeometry, Color, DataTexture, DoubleSide, LinearFilter, Mesh, MeshBasicMaterial,
  MeshPhysicalMaterial, MeshStandardMaterial, PlaneGeometry, RGBAFormat, RepeatWrapping, SRGBColorSpace, Texture,
} from "three";

function bytes(text) {
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) out[at] = raw.charCodeAt(at);
  return out;
}

function geometryOf({ low, size, points, faces }) {
  const coded = new Uint16Array(bytes(points).buffer);
  const place = new Float32Array(coded.length);
  for (let at = 0; at < coded.length; at++) place[at] = low[at % 3] + (coded[at] / 65535) * size[at % 3];
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(place, 3));
  geometry.setIndex(new BufferAttribute(new Uint32Array(bytes(faces).buffer), 1));
  geometry.computeVertexNormals();
  return geometry;
}

/** The panels, which `dress` gives a fabric; panels share no points, so seams stay sharp. */
export function clothMesh(data) {
  const geometry = geometryOf(data);
  const light = bytes(data.light);
  const shade = new Uint8Array(light.length * 3);
  for (let at = 0; at < shade.length; at++) shade[at] = light[Math.floor(at / 3)];
  geometry.setAttribute("color", new BufferAttribute(shade, 3, true));
  const object = new Mesh(geometry, new MeshBasicMaterial());
  const places = new Map();
  return {
    object,
    dress(offer, material) {
      if (object.material === material) return;
      if (!places.has(offer)) {
        places.set(offer, new BufferAttribute(new Float32Array(bytes(offer.uv).buffer), 2));
      }
      geometry.setAttribute("uv", places.get(offer));
      object.material = material;
    },
  };
}

/** What has its own colours: the old cover, legs. */
export function bareMesh(data) {
  const geometry = geometryOf(data);
  const material = new MeshStandardMaterial({ roughness: 0.95, side: DoubleSide, color: 0x999999 });
  if (data.colors) {
    geometry.setAttribute("color", new BufferAttribute(bytes(data.colors), 3, true));
    material.vertexColors = true;
    material.color.set(0xffffff);
  }
  return new Mesh(geometry, material);
}

async function picture(address, renderer) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const texture = new Texture(image);
  texture.wrapS = RepeatWrapping;
  texture.wrapT = RepeatWrapping;
  texture.anisotropy = Math.min(8, renderer.capabilities.getMaxAnisotropy());
  texture.needsUpdate = true;
  return texture;
}

export async function clothMaterial(offer, renderer) {
  const [map, normalMap] = await Promise.all([picture(offer.color, renderer), picture(offer.normal, renderer)]);
  map.colorSpace = SRGBColorSpace;
  return new MeshPhysicalMaterial({
    map, normalMap, roughness: offer.roughness, vertexColors: true, side: DoubleSide,
    sheen: offer.sheen, sheenRoughness: 0.6, sheenColor: new Color(0.5, 0.5, 0.5),
  });
}

/** Where the furniture takes light from the floor. */
export function floorShadow({ floor, floor_size: size, floor_box: [x, y, wide, height] }) {
  const hidden = bytes(floor);
  const pixels = new Uint8Array(4 * hidden.length);
  for (let at = 0; at < hidden.length; at++) pixels[4 * at + 3] = 0.62 * hidden[at];
  const texture = new DataTexture(pixels, size, size, RGBAFormat);
  texture.magFilter = LinearFilter;
  texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  const material = new MeshBasicMaterial({ map: texture, transparent: true, depthWrite: false });
  const object = new Mesh(new PlaneGeometry(wide, wide), material);
  object.position.set(x + wide / 2, y + wide / 2, height);
  return object;
}
