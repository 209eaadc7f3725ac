/** Scales: the position of a value in the unit interval of its parameter's scale. */

import { indexOf } from "./settings.js";

const TRANSFORMS = {
  linear: (x) => x,
  log: Math.log,
  reverse_log: (x) => -Math.log(1 - x),
};

/**
 * The choices of a categorical or boolean parameter, else null.
 * @param {any} spec
 * @returns {any[] | null}
 */
export function choicesOf(spec) {
  if (spec.type === "bool") return [false, true];
  return spec.type === "categorical" ? spec.choices : null;
}

/** Whether a parameter is numeric and has a range. */
export function isNumeric(spec) {
  return (spec.type === "float" || spec.type === "int") && spec.low < spec.high;
}

/** Whether a parameter can have more than one value. */
export function varies(spec) {
  return isNumeric(spec) || choicesOf(spec) !== null;
}

/**
 * The position of a value in the unit interval of its scale.
 * @param {any} value
 * @param {any} spec
 * @param {any[]} whole  both ends of the full range
 * @returns {number}  NaN if the value is not a choice
 */
export function position(value, spec, whole) {
  const choices = choicesOf(spec);
  if (choices) {
    const index = indexOf(choices, value);
    return index < 0 ? NaN : (index + 0.5) / choices.length;
  }
  if (!isNumeric(spec)) return 0.5;
  const [low, high] = whole;
  const power = spec.base ? (x) => Math.log(x) / Math.log(spec.base) : (x) => x;
  const transform = spec.base ? TRANSFORMS.linear : TRANSFORMS[spec.scale ?? "linear"];
  // A whole number, or one in steps, covers half a step on both sides.
  const half = spec.base ? 0.5 : (spec.step ?? (spec.type === "int" ? 1 : 0)) / 2;
  const [start, end] = [transform(power(low) - half), transform(power(high) + half)];
  return (transform(power(value)) - start) / (end - start);
}
