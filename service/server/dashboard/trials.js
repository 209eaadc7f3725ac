/** The table of trials as data: which rows, in which order. */

/** States in the order in which a person reads them. */
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

/**
 * The trials of a state, sorted; those without a value for the column come last in both directions.
 * @param {Map<number, any>} trials
 * @param {{sort: string, state: string}} place
 */
export function select(trials, { sort, state }) {
  const isDown = sort.startsWith("-");
  const read = reader(isDown ? sort.slice(1) : sort);
  const rows = [];
  for (const trial of trials.values()) if (!state || trial.state === state) rows.push(trial);
  const by = rows.map((trial) => ({ trial, value: read(trial) }));
  by.sort((a, b) => compare(a.value, b.value, isDown) || b.trial.number - a.trial.number);
  return by.map(({ trial }) => trial);
}

function reader(column) {
  if (column.startsWith("params.")) return (trial) => trial.params[column.slice(7)];
  if (column === "seconds") return seconds;
  return (trial) => trial[column];
}

/** How long a trial has taken; undefined before it ended. */
export function seconds(trial) {
  if (!trial.started_at || !trial.finished_at) return undefined;
  return (Date.parse(trial.finished_at) - Date.parse(trial.started_at)) / 1000;
}

function compare(a, b, isDown) {
  if (a == null || b == null) return (a == null) - (b == null);
  const order = typeof a === "number" && typeof b === "number" ? a - b : text(a, b);
  return isDown ? -order : order;
}

function text(a, b) {
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
