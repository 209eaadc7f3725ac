/** Numbers and times as text; settings.js writes values of parameters. */

export const NOTHING = "–";

const SIGNIFICANT_DIGITS = 4;
const MAX_DIGITS = 9; // of values that are hardly different
const [MIN_FIXED, MAX_FIXED] = [1e-4, 1e6]; // outside of this interval numbers have an exponent

/**
 * A number, rounded: 0.0312, 64, 123456, 3.2e-5, 1.235e6. It is the shortest text with at most four
 * significant digits; whole numbers below a million are in full. The server writes numbers alike.
 * @param {number | null | undefined} value
 */
export function number(value) {
  return value == null ? NOTHING : rounded(value, SIGNIFICANT_DIGITS);
}

/**
 * A number with another number of significant digits.
 * @param {number} value
 * @param {number} digits
 */
export function rounded(value, digits) {
  if (Number.isInteger(value) && Math.abs(value) < MAX_FIXED) return String(value);
  const text = value.toPrecision(digits);
  const size = Math.abs(Number(text));
  if (size >= MIN_FIXED && size < MAX_FIXED) return String(Number(text));
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

/** How many significant digits tell different values of a table apart, from four to nine. */
export function digitsApart(values) {
  const distinct = [...new Set(values.filter((value) => value != null))];
  for (let digits = SIGNIFICANT_DIGITS; digits < MAX_DIGITS; digits++) {
    if (new Set(distinct.map((value) => rounded(value, digits))).size === distinct.length) {
      return digits;
    }
  }
  return MAX_DIGITS;
}

/** A count with thousands separators. */
export function count(value) {
  return value.toLocaleString("en");
}

/** A count and its noun: 1 trial, 12 trials. */
export function counted(amount, noun) {
  return `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

/** A share in whole percent. */
export function percent(share) {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

/** A time span: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(seconds) {
  if (seconds == null) return NOTHING;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** An estimated time span, rounded to the precision of an estimate. */
export function estimate(seconds) {
  if (seconds < 90) return `${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : duration(seconds);
}

/** A rate per second or per minute: 12 trials/min, 3.4 trials/s. */
export function rate(amount, seconds, noun) {
  if (!seconds || !amount) return "";
  const perSecond = amount / seconds;
  const [value, unit] = perSecond >= 1 ? [perSecond, "s"] : [perSecond * 60, "min"];
  const text = value >= 100 ? count(Math.round(value)) : Number(value.toPrecision(2));
  return `${text} ${noun}/${unit}`;
}

/** A date and time in the user's time zone. */
export function moment(iso) {
  if (!iso) return NOTHING;
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** A time of day in the user's time zone. */
export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString(undefined, { timeStyle: "short" });
}

/** A text with a capital at its start. */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
