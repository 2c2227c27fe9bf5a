// Meshes with pictures on them: what the piece is shown in beside its own surface, such as a new cover.
import {
  BufferAttribute, BufferGeometry, DoubleSide, Group, Mesh, MeshLambertMaterial, RepeatWrapping, SRGBColorSpace, Texture,
} from "three";
import { copied, floats, integers, linear } from "../shared/binary.js";

/** A group of the parts that Python tells: positions, faces, places in the picture, picture; or colours and none. */
export async function dressed(buffers, changed) {
  const group = new Group();
  for (let at = 0; at < buffers.length; at += 4) {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(floats(buffers[at]), 3));
    geometry.setIndex(new BufferAttribute(integers(buffers[at + 1]), 1));
    if (!buffers[at + 3].byteLength) {
      group.add(colored(geometry, buffers[at + 2]));
      continue;
    }
    geometry.setAttribute("uv", new BufferAttribute(floats(buffers[at + 2]), 2));
    geometry.computeVertexNormals();
    const picture = await createImageBitmap(new Blob([buffers[at + 3]]), { imageOrientation: "flipY" });
    const map = new Texture(picture);
    Object.assign(map, {
      wrapS: RepeatWrapping, wrapT: RepeatWrapping, colorSpace: SRGBColorSpace, flipY: false, needsUpdate: true,
    });
    group.add(new Mesh(geometry, new MeshLambertMaterial({ map, side: DoubleSide })));
  }
  changed();
  return group;
}

function colored(geometry, colors) {
  geometry.setAttribute("color", new BufferAttribute(linear(new Uint8Array(copied(colors))), 3, true));
  geometry.computeVertexNormals();
  return new Mesh(geometry, new MeshLambertMaterial({ vertexColors: true, side: DoubleSide }));
}
