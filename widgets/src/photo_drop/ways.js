// The two ways a photo goes: straight to the gateway, or in pieces as messages to the kernel.
// Each has begin, send and giveUp; an error is transient (try later) or for good.
import { Silent, Wrong } from "../shared/ask.js";

const PART_BYTES = 8 << 20;
const KEPT = "stitchsketch-upload-";
const LATER = new Set([0, 408, 409, 425, 429, 500, 502, 503, 504]);
const PATIENCE_MS = 60_000;
const ANSWERS_MS = 15_000;

/** The line broke, or whoever takes the photos is busy: go on in a while. */
export class Later extends Error {}
export class Stopped extends Error {}

/** As messages of the page: one piece at a time for each photo, the next when it has arrived. */
export class PageWay {
  constructor(asking, pieceBytes) {
    this.asking = asking;
    this.pieceBytes = pieceBytes;
  }

  begin(one) {
    return this.asked({ do: "begin", ...named(one) });
  }

  async send(one, offset, told) {
    const piece = await one.file.slice(offset, offset + this.pieceBytes).arrayBuffer();
    if (one.stopped) throw new Stopped();
    const state = await this.asked({ do: "piece", ...named(one), offset }, [piece]);
    told(state.offset);
    return state;
  }

  giveUp(one) {
    return this.asked({ do: "give_up", ...named(one) });
  }

  async asked(what, buffers = []) {
    try {
      return await this.asking.ask(what, buffers);
    } catch (error) {
      if (error instanceof Silent || !error.forGood) throw new Later(error.message);
      throw error;
    }
  }
}

/** To the gateway by its resumable uploads, with the person's token in a header. */
export class GatewayWay {
  constructor(asking, path, token, say) {
    this.asking = asking;
    this.path = path.replace(/\/$/, "");
    this.token = token;
    this.say = say;
    this.ids = new Map();
  }

  /** Whether the gateway answers at the page's own host, soon enough that nobody waits in vain. */
  async answers() {
    try {
      const answer = await fetch(`${this.path}/health`, {
        cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ANSWERS_MS),
      });
      return answer.ok && (await answer.json()).status === "up";
    } catch {
      return false;
    }
  }

  async begin(one) {
    const known = this.ids.get(one.sha256) ?? recall(one.sha256);
    if (known) {
      const state = await this.ask("GET", `/images/uploads/${known}`, one, { missing: true });
      if (state) return this.begun(one, state);
      forget(one.sha256);
    }
    const body = JSON.stringify({ name: one.name, total_bytes: one.bytes, sha256: one.sha256 });
    const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
    return this.begun(one, await this.ask("POST", "/images/uploads", one, { body, headers }));
  }

  begun(one, state) {
    this.ids.set(one.sha256, state.id);
    if (state.stored) forget(one.sha256);
    else remember(one.sha256, state.id);
    return { offset: state.offset_bytes, stored: Boolean(state.stored) };
  }

  async send(one, offset, told) {
    const path = `/images/uploads/${this.ids.get(one.sha256)}`;
    const body = one.file.slice(offset, offset + PART_BYTES);
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" };
    const state = await this.ask("PATCH", path, one, { body, headers, told: (sent) => told(offset + sent) });
    return this.begun(one, state);
  }

  async giveUp(one) {
    const id = this.ids.get(one.sha256) ?? recall(one.sha256);
    forget(one.sha256);
    if (id) await this.ask("DELETE", `/images/uploads/${id}`, {}, { missing: true });
  }

  async ask(method, path, one, options = {}) {
    for (let again = true; ; again = false) {
      const answer = await this.request(method, path, one, options);
      if (answer.status === 401 && again) {
        this.token = (await this.asking.ask({ do: "way" })).token;
        continue;
      }
      if (answer.status < 300) return answer.body;
      if (answer.status === 404 && options.missing) return null;
      if (LATER.has(answer.status)) throw new Later();
      // what had come of it is forgotten there: begin anew
      if (answer.status === 404) {
        forget(one.sha256);
        this.ids.delete(one.sha256);
        throw new Later();
      }
      if (answer.status === 401) throw new Wrong(this.say("not_signed_in"), true);
      const told = answer.body ?? {};
      throw new Wrong([told.detail ?? `${answer.status}`, told.todo].filter(Boolean).join(" "), true);
    }
  }

  /** XMLHttpRequest, as fetch tells nothing of how much has been sent. */
  request(method, path, one, { body, headers = {}, told }) {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest();
      request.open(method, this.path + path);
      request.timeout = PATIENCE_MS * (body instanceof Blob ? 10 : 1);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (told) request.upload.onprogress = (event) => told(event.loaded);
      one.abort = () => request.abort();
      request.onabort = () => fail(new Stopped());
      request.onerror = request.ontimeout = () => fail(new Later());
      request.onload = () => done({ status: request.status, body: parsed(request.responseText) });
      request.send(body);
    });
  }
}

const named = (one) => ({ name: one.name, sha256: one.sha256, bytes: one.bytes });

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// which upload at the gateway a photo belongs to, for a page that was loaded again
function recall(sha256) {
  try {
    return localStorage.getItem(KEPT + sha256);
  } catch {
    return null;
  }
}

function remember(sha256, id) {
  try {
    localStorage.setItem(KEPT + sha256, id);
  } catch { /* it is sent anew then */ }
}

function forget(sha256) {
  try {
    localStorage.removeItem(KEPT + sha256);
  } catch { /* nothing was kept */ }
}
