// Numbers as people read them, from decimal strings: the same table as the templates' units.
// Amounts are whole micros in a Number: exact up to 9e15, beyond anything a book holds. Nothing here is submitted.
export const ONE = 1_000_000;
const CENT = 10_000;
const MINUS = "−";
const NOTHING = "–";

/** "0.63" is 630000; null and "" stay null. */
export function micros(text) {
  if (text === null || text === undefined || text === "") return null;
  const negative = text.startsWith("-");
  const [whole, part = ""] = text.replace(/^[+-]/, "").split(".");
  const value = Number(whole || "0") * ONE + Number(part.padEnd(6, "0").slice(0, 6));
  return negative ? -value : value;
}

/** 630000 is "0.63": what the API takes. */
export function decimal(value) {
  const whole = Math.floor(Math.abs(value) / ONE);
  const part = String(Math.abs(value) % ONE).padStart(6, "0").replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

function rounded(value, unit, places) {
  const scaled = BigInt(Math.abs(value)) * 10n ** BigInt(places);
  const whole = Number((2n * scaled + BigInt(unit)) / (2n * BigInt(unit)));
  return value < 0 ? -whole : whole;
}

function digits(value, places, trim = false) {
  const scale = 10 ** places;
  const text = Math.floor(Math.abs(value) / scale).toLocaleString("en-US");
  if (!places) return text;
  let part = String(Math.abs(value) % scale).padStart(places, "0");
  if (trim) part = part.replace(/0+$/, "");
  return part ? `${text}.${part}` : text;
}

const minus = (value) => (value < 0 ? MINUS : "");
const sign = (value) => (value > 0 ? "+" : minus(value));

function places(tick) {
  const text = digits(rounded(tick, CENT, 4), 4, true);
  return text.includes(".") ? text.split(".")[1].length : 0;
}

/** "63¢", "98.2¢": with a tick its decimals, else as many as needed, two at most. */
export function cents(value, tick) {
  if (value === null) return NOTHING;
  const count = tick ? places(tick) : 2;
  const shown = rounded(value, CENT, count);
  return `${minus(shown)}${digits(shown, count, !tick)}¢`;
}

export function averageCents(value) {
  if (value === null) return NOTHING;
  const shown = rounded(value, CENT, 2);
  return `${minus(shown)}${digits(shown, 2)}¢`;
}

export function chance(value, count = 0) {
  if (value === null) return NOTHING;
  const shown = rounded(value, CENT, count);
  return `${digits(shown, count)}%`;
}

export function usdc(value) {
  if (value === null) return NOTHING;
  const shown = rounded(value, CENT, 0);
  return `${minus(shown)}$${digits(shown, 2)}`;
}

export function usdcChange(value) {
  if (value === null) return NOTHING;
  const shown = rounded(value, CENT, 0);
  return `${sign(shown)}$${digits(shown, 2)}`;
}

export function usdcWhole(value) {
  const shown = rounded(value, ONE, 0);
  return `${minus(shown)}$${digits(shown, 0)}`;
}

export function shares(value) {
  if (value === null) return NOTHING;
  return digits(rounded(value, CENT, 0), 2, true);
}

export function percentChange(value, count = 2) {
  const shown = rounded(value, CENT, count);
  return `${sign(shown)}${digits(shown, count)}%`;
}

/** Milliseconds as "0.3 s", "14 min": rounded down. */
export function age(ms) {
  if (ms < 10_000) return `${(Math.max(0, Math.floor(ms / 100)) / 10).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}

/** The class of a gain or a loss in USDC: none for what shows as $0.00. */
export function tone(value) {
  const shown = rounded(value, CENT, 0);
  return !shown ? "eq" : shown > 0 ? "up" : "dn";
}

/** Change a node's text only when it differs; flash its background when a price moved. */
export function patch(node, text, moved = 0) {
  if (!node || node.textContent === text) return;
  node.textContent = text;
  if (!moved) return;
  node.removeAttribute("data-tick");
  void node.offsetWidth; // restarts the fade
  node.dataset.tick = moved > 0 ? "up" : "down";
  clearTimeout(node.tickTimer);
  node.tickTimer = setTimeout(() => node.removeAttribute("data-tick"), 700);
}
