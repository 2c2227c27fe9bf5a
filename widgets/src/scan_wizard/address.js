// The page's address says which scan and which step; a notebook has an address of its own.
import { addressed } from "../shared/address.js";

export function stepOfAddress() {
  return new URLSearchParams(location.search).get("step") ?? "";
}

/** Say where the page is; `anew`: the browser's back button leads to where it was. */
export function goTo(scan, step, anew) {
  if (!addressed || !scan) return;
  const asked = new URLSearchParams(location.search);
  asked.delete("project");
  asked.set("scan", scan);
  asked.set("step", step);
  const address = `${location.pathname}?${asked}`;
  if (address === location.pathname + location.search) return;
  if (anew) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
