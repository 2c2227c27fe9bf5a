// Papers that the kernel made: saved as files, or shown in a frame that can't do anything.
import { el } from "../shared/dom.js";

export function save(bytes, type, name) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A page in a frame: no scripts, no address, nothing of the page round it. */
export function sandboxed(bytes, title) {
  const frame = el("iframe", { title, sandbox: "", class: "paper" });
  frame.srcdoc = new TextDecoder().decode(bytes);
  return frame;
}
