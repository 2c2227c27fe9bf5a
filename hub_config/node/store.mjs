// What the demo's provider remembers, in one private file, so that a restart signs nobody out.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export function storeIn(path) {
  let kept = {};
  try {
    kept = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const now = () => Math.floor(Date.now() / 1000);

  function save() {
    for (const [key, one] of Object.entries(kept)) if (one.ends <= now()) delete kept[key];
    writeFileSync(`${path}.new`, JSON.stringify(kept), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  return class Adapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      kept[`${this.model}:${id}`] = { payload, ends: now() + (expiresIn || 86400) };
      save();
    }

    async find(id) {
      const one = kept[`${this.model}:${id}`];
      return one && one.ends > now() ? one.payload : undefined;
    }

    async findByUid(uid) {
      return this.#where((payload) => payload.uid === uid);
    }

    async findByUserCode(userCode) {
      return this.#where((payload) => payload.userCode === userCode);
    }

    async consume(id) {
      const one = kept[`${this.model}:${id}`];
      if (one) one.payload.consumed = now();
      save();
    }

    async destroy(id) {
      delete kept[`${this.model}:${id}`];
      save();
    }

    async revokeByGrantId(grantId) {
      for (const [key, one] of Object.entries(kept)) if (one.payload.grantId === grantId) delete kept[key];
      save();
    }

    #where(fits) {
      return Object.entries(kept).find(
        ([key, one]) => key.startsWith(`${this.model}:`) && one.ends > now() && fits(one.payload),
      )?.[1].payload;
    }
  };
}
