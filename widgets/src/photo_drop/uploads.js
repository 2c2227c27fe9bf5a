// Photos on their way: four at once, each read, named by its content, sent from where it had come.
import { Silent } from "../shared/ask.js";
import { GatewayWay, Later, PageWay, Stopped } from "./ways.js";

const AT_ONCE = 4;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
const START_BYTES = 64;
const HEIF = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];

/** Whether a file's first bytes are those of a photo; as the kernel looks at them, too. */
export function isPhoto(start) {
  const text = (from, to) => String.fromCharCode(...start.slice(from, to));
  if (start[0] === 0xff && start[1] === 0xd8 && start[2] === 0xff) return true;
  if (text(0, 8) === "\x89PNG\r\n\x1a\n") return true;
  if (text(4, 8) !== "ftyp") return false;
  for (let at = 8; at + 4 <= start.length; at += 4) if (HEIF.includes(text(at, at + 4))) return true;
  return false;
}

export class Uploads {
  constructor(asking, say, told) {
    this.asking = asking;
    this.say = say;
    this.told = told;
    this.all = [];
    this.atWork = 0;
    this.wake = new Set();
    this.online = () => this.wake.forEach((go) => go());
    window.addEventListener("online", this.online);
  }

  dispose() {
    window.removeEventListener("online", this.online);
    this.stopAll();
  }

  add(files) {
    for (const file of files) {
      this.all.push({ file, name: file.name, bytes: file.size, sent: 0, state: "waiting", error: "" });
    }
    this.told();
    this.fill();
  }

  /** Those that are neither here nor refused. */
  get open() {
    return this.all.filter((one) => ["waiting", "reading", "sending", "offline"].includes(one.state));
  }

  stop(one) {
    one.stopped = true;
    one.state = "stopped";
    one.abort?.();
    one.wake?.();
    if (one.sha256 && this.way) this.way.giveUp(one).catch(() => {});
    this.told();
  }

  stopAll() {
    this.open.forEach((one) => this.stop(one));
  }

  again(one) {
    Object.assign(one, { state: "waiting", stopped: false, error: "", sent: 0 });
    this.told();
    this.fill();
  }

  forget(one) {
    this.all = this.all.filter((other) => other !== one);
    this.told();
  }

  fill() {
    while (this.atWork < AT_ONCE) {
      const next = this.all.find((one) => one.state === "waiting");
      if (!next) return;
      next.state = "reading";
      this.atWork += 1;
      this.bring(next).finally(() => {
        this.atWork -= 1;
        this.told();
        this.fill();
      });
    }
  }

  async bring(one) {
    try {
      await this.choose();
      await this.read(one);
      if (!one.stopped) await this.sendAll(one);
    } catch (error) {
      if (one.stopped || error instanceof Stopped) one.state = "stopped";
      else Object.assign(one, { state: "wrong", error: error.message || String(error) });
    }
  }

  /** The way that this page has; asked of Python once. */
  choose() {
    this.choosing ??= (async () => {
      const told = await this.asked({ do: "way" });
      this.most = told.most_bytes;
      if (told.kind === "gateway") {
        const way = new GatewayWay(this.asking, told.path, told.token, this.say);
        if (await way.answers()) return (this.way = way);
      }
      return (this.way = new PageWay(this.asking, told.piece_bytes));
    })();
    this.choosing.catch(() => (this.choosing = undefined));
    return this.choosing;
  }

  async asked(what) {
    try {
      return await this.asking.ask(what);
    } catch (error) {
      throw error instanceof Silent ? new Error(this.say("no_answer")) : error;
    }
  }

  /** Limits first, then its content's name. */
  async read(one) {
    const refuse = (key, values) => {
      throw new Error(this.say(key, { name: one.name, ...values }));
    };
    if (!one.bytes) refuse("is_empty");
    if (one.bytes > this.most) {
      refuse("too_large", { size: Math.ceil(one.bytes / 1e6), most: Math.floor(this.most / 1e6) });
    }
    if (!globalThis.crypto?.subtle) refuse("not_secure");
    try {
      if (!isPhoto(new Uint8Array(await one.file.slice(0, START_BYTES).arrayBuffer()))) refuse("no_photo");
      const digest = await crypto.subtle.digest("SHA-256", await one.file.arrayBuffer());
      one.sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch (error) {
      if (error instanceof DOMException) refuse("unreadable");
      throw error;
    }
  }

  /** Send until all of it is there; what breaks goes on by itself from where it was. */
  async sendAll(one) {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      try {
        let state = await this.way.begin(one);
        while (!state.stored) {
          this.moved(one, state.offset);
          wait = FIRST_WAIT_MS;
          state = await this.way.send(one, state.offset, (sent) => this.moved(one, sent));
          if (one.stopped) throw new Stopped();
        }
        const kept = await this.way.asking.ask({ do: "arrived", name: one.name, sha256: one.sha256, bytes: one.bytes });
        one.sent = one.bytes;
        one.keptAs = kept.name;
        one.state = "arrived";
        if (kept.double) one.error = this.say("double", { name: one.name, other: kept.name });
        return;
      } catch (error) {
        if (!(error instanceof Later || error instanceof Silent)) throw error;
        if (one.stopped) throw new Stopped();
        one.state = "offline";
        this.told();
        await this.pause(one, wait);
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        if (one.stopped) throw new Stopped();
      }
    }
  }

  moved(one, sent) {
    if (one.stopped) return;
    one.state = "sending";
    one.sent = Math.min(sent, one.bytes);
    this.told();
  }

  /** A while, or until the device is online again or the person stops it. */
  pause(one, wait) {
    return new Promise((done) => {
      const go = () => {
        clearTimeout(timer);
        this.wake.delete(go);
        one.wake = undefined;
        done();
      };
      const timer = setTimeout(go, wait);
      one.wake = go;
      this.wake.add(go);
    });
  }
}
