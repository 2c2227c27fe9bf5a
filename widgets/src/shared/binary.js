// Binary traitlets come as views; typed arrays want their own, aligned copy.

/** The bytes of a view as a buffer of their own. */
export function copied(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}
export const floats = (view) => new Float32Array(copied(view));
export const integers = (view) => new Uint32Array(copied(view));

// three.js takes vertex colours as linear light; photos' are for screens
export function linear(colors) {
  const table = Uint8Array.from({ length: 256 }, (_, part) => {
    const share = part / 255;
    return Math.round(255 * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  });
  return colors.map((part) => table[part]);
}
