/**
 * Values of parameters as text, as service/contract/numbers.py writes them, and as they are typed.
 *
 * A spec is the definition of a parameter in a study's space. `texts`, if it has them, are those of
 * its choices: JavaScript cannot tell 1.0 from 1.
 */

import { rounded } from "./format.js";

const SIGNIFICANT_DIGITS = 4;
const TOLD_APART = 500; // values of a range that have different texts, at least
const NOISELESS_DIGITS = 9; // a number with at most so many, but for rounding noise, is that number
const ROUNDING_NOISE = 1e-14; // of a number: what sums and logarithms add
const BOUND_DIGITS = 12; // of ends and steps, which a person wrote
const CHOICE_DIGITS = [4, 6, 9, 17]; // of choices, the first that tell them apart
const [MIN_FIXED, MAX_FIXED] = [1e-4, 1e16]; // of choices without an exponent

/**
 * A study whose specs have the texts of their choices.
 * @param {any} study
 */
export function withTexts(study) {
  for (const [name, texts] of Object.entries(study.texts ?? {})) study.space[name].texts = texts;
  return study;
}

/** Whether two values are the same choice. Lists and objects are compared member by member. */
export function isSame(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** The place of a value among choices, -1 if it is none of them. */
export function indexOf(choices, value) {
  return choices.findIndex((choice) => isSame(choice, value));
}

/**
 * A parameter's value, with the digits that tell it from others of its range: a string, true, null
 * or other JSON as it is. Without a spec, a value above 0.999 has the digits of 1 - x.
 * @param {any} value
 * @param {any} [spec]
 * @returns {string}
 */
export function setting(value, spec) {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  const choices = spec?.choices ?? (spec && "value" in spec ? [spec.value] : null);
  if (spec?.texts) {
    const place = indexOf(choices, value);
    if (place >= 0) return spec.texts[place];
  }
  if (typeof value !== "number") return json(value);
  if (choices) return choiceText(value, choices);
  if (spec?.type === "int" && Number.isInteger(value)) return String(value);
  return rounded(value, digitsOf(value, spec));
}

/**
 * The value of a text field: a number, true, false, null, a list or an object as in JSON; any other
 * text as it is, and one that is a choice.
 * @param {any} text
 * @param {any} [spec]
 */
export function parsed(text, spec) {
  const trimmed = String(text).trim();
  if (spec?.choices?.includes(trimmed)) return trimmed;
  if (/^(true|false|null|[[{].*)$/s.test(trimmed)) {
    try {
      return JSON.parse(trimmed);
    } catch {
      return trimmed;
    }
  }
  const value = Number(trimmed.replace(",", "."));
  return trimmed === "" || Number.isNaN(value) ? trimmed : value;
}

/** Params without the rounding noise of binary fractions, to copy. @param {any} value @returns {any} */
export function tidied(value) {
  if (typeof value === "number") return noiseless(value);
  if (Array.isArray(value)) return value.map(tidied);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, tidied(member)]));
}

/** How many significant digits a number of a range has. */
function digitsOf(value, spec) {
  if (value === 0) return SIGNIFICANT_DIGITS;
  const scale = spec ? (spec.scale ?? "linear") : "unknown";
  const magnitude = magnitudeOf(value);
  const close = { reverse_log: 0.9, unknown: 0.999 }[scale] ?? 1;
  let digits = SIGNIFICANT_DIGITS;
  if (close < value && value < 1) digits = magnitude + SIGNIFICANT_DIGITS - magnitudeOf(1 - value);
  if (spec?.low === undefined) return digits;
  if (value === spec.low || value === spec.high || spec.step) return Math.max(digits, BOUND_DIGITS);
  const length = lengthAt(value, spec.low, spec.high, scale);
  if (!(length > 0 && length < Infinity)) return digits;
  const decimals = Math.ceil(Math.log10(TOLD_APART / length) - 1e-9);
  return Math.max(digits, Math.min(magnitude + 1 + decimals, BOUND_DIGITS));
}

/** The length of a range as it appears at a value: on a log scale, in proportion to it. */
function lengthAt(value, low, high, scale) {
  if (scale === "log") return low > 0 && value > 0 ? value * Math.log(high / low) : 0;
  if (scale !== "reverse_log") return high - low;
  return high < 1 && value < 1 ? (1 - value) * Math.log((1 - low) / (1 - high)) : 0;
}

/** The exponent of a number's first digit: 2 of 123. */
function magnitudeOf(value) {
  return Number(value.toExponential(16).split("e")[1]);
}

/** A number as its author wrote it; a long one with the digits that tell choices apart. */
function choiceText(value, choices) {
  const short = noiseless(value);
  if (Number.isInteger(value) || short === Number(short.toPrecision(NOISELESS_DIGITS))) {
    return plain(value);
  }
  const fractions = choices.filter((item) => typeof item === "number" && !Number.isInteger(item));
  const isTold = (digits) =>
    new Set(fractions.map((item) => rounded(item, digits))).size === fractions.length;
  const digits = CHOICE_DIGITS.find(isTold);
  return digits ? rounded(value, digits) : plain(value);
}

function noiseless(value) {
  const short = Number(value.toPrecision(NOISELESS_DIGITS));
  return Math.abs(short - value) <= ROUNDING_NOISE * Math.abs(value) ? short : value;
}

/** A number with all of its digits, but without rounding noise: 0.01, 1e-5. */
function plain(value) {
  const short = noiseless(value);
  const size = Math.abs(short);
  if (Number.isInteger(value) || (size >= MIN_FIXED && size < MAX_FIXED)) return String(short);
  return short.toExponential().replace("e+", "e");
}

/** A value as in JSON, on one line. */
function json(value) {
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (typeof value === "number") return plain(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${json(item)}`);
  return `{${members.join(", ")}}`;
}
