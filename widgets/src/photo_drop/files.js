// Files of a drop, those in folders too.

const SUFFIXES = /\.(jpe?g|png|hei[cf])$/i;

/** The files that were dropped; of a folder only those that by their names are photos. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) {
    if (entry.isFile) found.push(await file(entry));
    else found.push(...photosOnly(await below(entry)));
  }
  return found.filter(Boolean);
}

/** Of a whole folder: what is hidden or no photo was not meant. */
export const photosOnly = (files) => [...files].filter((one) => SUFFIXES.test(one.name) && !one.name.startsWith("."));

const file = (entry) => new Promise((done) => entry.file(done, () => done(null)));

async function below(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    // a reader gives a hundred at a time
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) return found;
    for (const entry of some) {
      if (entry.isFile) found.push(await file(entry));
      else if (entry.isDirectory) found.push(...(await below(entry)));
    }
  }
}
