/** Where a value lies on its parameter's scale: the arithmetic of the sampler, for drawing. */

const AXES = {
  linear: (x) => x,
  log: Math.log,
  reverse_log: (x) => -Math.log(1 - x),
};

/**
 * The choices of a parameter that lists its values, else null.
 * @param {any} spec
 * @returns {any[] | null}
 */
export function choicesOf(spec) {
  if (spec.type === "bool") return [false, true];
  return spec.type === "categorical" ? spec.choices : null;
}

/** Whether a parameter has two ends. */
export function isRanged(spec) {
  return (spec.type === "float" || spec.type === "int") && spec.low < spec.high;
}

/** Whether there is something to choose. */
export function varies(spec) {
  return isRanged(spec) || choicesOf(spec) !== null;
}

/**
 * The place of a value in the unit interval of its scale.
 * @param {any} value
 * @param {any} spec
 * @param {any[]} whole  both ends of the range
 * @returns {number}  NaN where it has none
 */
export function place(value, spec, whole) {
  const choices = choicesOf(spec);
  if (choices) {
    const index = choices.indexOf(value);
    return index < 0 ? NaN : (index + 0.5) / choices.length;
  }
  if (!isRanged(spec)) return 0.5;
  const [low, high] = whole;
  const power = spec.base ? (x) => Math.log(x) / Math.log(spec.base) : (x) => x;
  const axis = spec.base ? AXES.linear : AXES[spec.scale ?? "linear"];
  // A whole number, or one in steps, owns the half before and the half after it.
  const half = spec.base ? 0.5 : (spec.step ?? (spec.type === "int" ? 1 : 0)) / 2;
  const [start, end] = [axis(power(low) - half), axis(power(high) + half)];
  return (axis(power(value)) - start) / (end - start);
}
