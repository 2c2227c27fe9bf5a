// What was typed, kept in the browser until the shop's store has it: a reload loses nothing.

const BEGIN = "stitchsketch-scan";
/** These the project keeps; other people of this browser need not find them here. */
const OF_PROJECT = ["name", "customer", "furniture", "units"];

export class Drafts {
  constructor(person) {
    this.place = (scan) => `${BEGIN}-${person}-${scan || "new"}`;
  }

  read(scan) {
    try {
      return JSON.parse(localStorage.getItem(this.place(scan)) ?? "null");
    } catch {
      return null;
    }
  }

  write(scan, values) {
    const kept = { ...values };
    if (scan) OF_PROJECT.forEach((name) => delete kept[name]);
    try {
      localStorage.setItem(this.place(scan), JSON.stringify(kept));
    } catch { /* a private window keeps nothing */ }
  }

  /** The new scan has an identity now. */
  kept(scan, values) {
    this.write(scan, values);
    try {
      localStorage.removeItem(this.place(""));
    } catch { /* nothing was kept */ }
  }
}
