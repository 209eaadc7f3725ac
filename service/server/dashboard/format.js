/** Numbers, parameters and times as text for people. */

const MINUS = "\u2212";
export const NOTHING = "–";

/** A measured number to four significant digits: 0.03120, 1.234, 3.2e-5. */
export function number(value) {
  if (value == null) return NOTHING;
  if (value === 0) return "0";
  const size = Math.abs(value);
  return sign(size < 1e-3 || size >= 1e6 ? exponential(value, 4) : value.toPrecision(4));
}

/** A count with its thousands apart. */
export function count(value) {
  return value.toLocaleString("en");
}

/**
 * A parameter's value to the digits that matter on its scale: 0.9, 0.9987, 3.2e-4, 64, relu.
 * @param {any} value
 * @param {{scale?: string} | undefined} spec
 */
export function setting(value, spec) {
  if (value === undefined) return "";
  if (typeof value !== "number" || Number.isInteger(value)) return sign(String(value));
  if (spec?.scale === "reverse_log" && value < 1) {
    const places = 1 - Math.floor(Math.log10(1 - value) + 1e-9);
    return sign(String(Number(value.toFixed(Math.min(20, Math.max(1, places))))));
  }
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3) return sign(exponential(value, 2));
  return sign(String(Number(value.toPrecision(3))));
}

function exponential(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

function sign(text) {
  return text.replace("-", (dash, at) => (at === 0 ? MINUS : dash));
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

/** A time span that is an estimate, without digits that it does not have. */
export function about(seconds) {
  if (seconds < 90) return `${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : duration(seconds);
}

/** A pace in the unit that gives a number one can feel: 12 trials/min, 3.4 trials/s. */
export function pace(amount, seconds, what) {
  if (!seconds || !amount) return "";
  const perSecond = amount / seconds;
  const [rate, unit] = perSecond >= 1 ? [perSecond, "s"] : [perSecond * 60, "min"];
  return `${rate >= 100 ? count(Math.round(rate)) : Number(rate.toPrecision(2))} ${what}/${unit}`;
}

/** A moment in the person's own time zone. */
export function moment(iso) {
  if (!iso) return NOTHING;
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** One thing or many: 1 trial, 12 trials. */
export function counted(amount, what) {
  return `${count(amount)} ${what}${amount === 1 ? "" : "s"}`;
}
