/** Trials: their states, order and selection. */

/** States in the order in which the page lists them. */
export const STATES = [
  "completed",
  "running",
  "waiting",
  "paused",
  "pruned",
  "diverged",
  "failed",
  "cancelled",
];

const OPEN_STATES = ["waiting", "running", "paused"];

/** Whether a trial in this state has not ended. @param {string} state */
export function isOpen(state) {
  return OPEN_STATES.includes(state);
}

/**
 * The trials of a state, sorted; trials without a sort key come last in both directions.
 * @param {Map<number, any>} trials
 * @param {Object} options
 * @param {(trial: any) => any} options.sortKey
 * @param {boolean} options.isDescending
 * @param {string} options.state  "" is every state
 */
export function select(trials, { sortKey, isDescending, state }) {
  const rows = [];
  for (const trial of trials.values()) {
    if (!state || trial.state === state) rows.push({ trial, key: sortKey(trial) });
  }
  rows.sort((a, b) => compare(a.key, b.key, isDescending) || b.trial.number - a.trial.number);
  return rows.map(({ trial }) => trial);
}

/** The detail of a trial, or null before it is loaded. */
export function detailOf(known, trial) {
  return known.detail?.number === trial.number ? known.detail.trial : null;
}

/** The seconds that a trial took; undefined before it has ended. */
export function seconds(trial) {
  if (!trial.started_at || !trial.finished_at) return undefined;
  return (Date.parse(trial.finished_at) - Date.parse(trial.started_at)) / 1000;
}

function compare(a, b, isDescending) {
  if (a == null || b == null) return (a == null) - (b == null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : compareTexts(a, b);
  return isDescending ? -order : order;
}

function compareTexts(a, b) {
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
