/** Keyboard focus: moves into a panel that opens, and back to its row when the panel closes. */

/**
 * Undefined before the first rendering: a reload does not move the focus.
 * @type {number | null | undefined}
 */
let shown;

/** @param {number | null} trial  the trial whose panel is open now */
export function followFocus(trial) {
  if (shown === undefined || shown === trial) {
    shown = trial;
    return;
  }
  const id = trial === null ? `trial-${shown}` : "panel-title";
  document.getElementById(id)?.focus({ preventScroll: trial !== null });
  shown = trial;
}
