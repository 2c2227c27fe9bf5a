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

/** "45 s", "7 min", "1 h 20 min": rounder the longer it is. */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A small length with its decimals: "0.4 mm", "0.02 in". */
export function fine(mm, units) {
  if (mm === null || mm === undefined || !Number.isFinite(mm)) return "?";
  return units === "inch" ? `${(mm / MM_PER_INCH).toFixed(2)} in` : `${mm.toFixed(1)} mm`;
}

/** A length of cloth: "3.13 m", or "3.42 yd". */
export function cloth(mm, units) {
  return units === "inch" ? `${(mm / 914.4).toFixed(2)} yd` : `${(mm / 1000).toFixed(2)} m`;
}
