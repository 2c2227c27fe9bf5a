// Binary traitlets come as views; typed arrays want their own, aligned copy.

/** The bytes of a view as a buffer of their own. */
export function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
export const floats = (view) => new Float32Array(copied(view));
export const integers = (view) => new Uint32Array(copied(view));
