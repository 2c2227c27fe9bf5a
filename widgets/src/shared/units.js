// Lengths as a person reads them; everything else is in mm or metres.

const MM_PER_INCH = 25.4;
const PARTS = 16;

/** "312 mm", or "12 5/16 in" (to a sixteenth). */
export function length(mm, units) {
  if (units !== "inch") return `${Math.round(mm).toLocaleString("en").replaceAll(",", " ")} mm`;
  const parts = Math.round((mm / MM_PER_INCH) * PARTS);
  const whole = Math.floor(parts / PARTS);
  let over = parts % PARTS;
  let under = PARTS;
  while (over && over % 2 === 0) {
    over /= 2;
    under /= 2;
  }
  if (!over) return `${whole} in`;
  return whole ? `${whole} ${over}/${under} in` : `${over}/${under} in`;
}
