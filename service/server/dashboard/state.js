/**
 * What the page knows, and where in it the person is. The place lives in the address, so that a
 * reload or a link leads back to it; everything else can be asked for again.
 *
 * @typedef {Object} Place
 * @property {string} study  name of the study shown; "" is the list of studies
 * @property {number | null} trial  the trial whose panel is open
 * @property {string} sort  a column of the table, with "-" before it for descending
 * @property {string} state  the only state of trials in the table; "" is every state
 * @property {number} page  of the table, from 1
 * @property {number | null} round  the round shown; null is the newest
 *
 * @typedef {{kind: "first" | "live" | "away", retryAt: number, why: string}} Connection
 */

/** @type {Place} */
export const START = { study: "", trial: null, sort: "-number", state: "", page: 1, round: null };

/**
 * The place that an address names; what it names wrongly is as in START.
 * @param {string} query  such as "?study=digits&trial=12"
 * @returns {Place}
 */
export function readPlace(query) {
  const given = new URLSearchParams(query);
  return {
    study: given.get("study") ?? "",
    trial: whole(given.get("trial")),
    sort: given.get("sort") || START.sort,
    state: given.get("state") ?? "",
    page: whole(given.get("page")) || 1,
    round: whole(given.get("round")),
  };
}

/**
 * The query of a place, without what is as in START.
 * @param {Place} place
 */
export function writePlace(place) {
  const query = new URLSearchParams();
  for (const [name, start] of Object.entries(START)) {
    if (place[name] !== start && place[name] !== null) query.set(name, String(place[name]));
  }
  const text = query.toString();
  return text ? `?${text}` : "/";
}

function whole(text) {
  return text && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** What is known of a study before the first answer. */
export function nothingOf(name) {
  return {
    name,
    /** @type {any} */ study: null,
    /** @type {Map<number, any>} */ trials: new Map(),
    /** raised whenever `trials` has changed */ edition: 0,
    /** the revision that `trials` are complete up to */ revision: 0,
    /** what changed last: rows above `after` are marked; `turn` alternates */
    fresh: { after: Infinity, turn: 0 },
    /** @type {any[]} */ rounds: [],
    /** @type {Object<string, any>} */ figures: {},
    /** @type {{number: number, revision: number, curve: any} | null} */ curve: null,
    /** the open trial with all that is known of its way */
    /** @type {{number: number, revision: number, trial: any} | null} */ detail: null,
    /** @type {{finished: number, table: any} | null} */ importance: null,
    /** what was trained again, and what of it was `told` when it was asked for */
    /** @type {{told: string, table: any} | null} */ replicas: null,
    /** @type {string} */ missing: "",
  };
}

/** The one state of the page. Change it with `update`. */
export const state = {
  place: readPlace(location.search),
  /** @type {any[] | null} */ studies: null,
  known: nothingOf(""),
  /** @type {Connection} */ connection: { kind: "first", retryAt: 0, why: "" },
  /** a short message after an action, and whether it is an error */
  notice: { text: "", isError: false },
  /** the action that waits for a second "yes" */ asking: "",
};

const listeners = new Set();

/** Call a function whenever the state has changed. */
export function subscribe(listener) {
  listeners.add(listener);
}

/**
 * Change the state; what listens is told.
 * @param {Partial<typeof state>} change
 */
export function update(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener();
}

/**
 * Go to a place. Another study or trial is a step that the browser's Back undoes; another sort or
 * filter replaces the address.
 * @param {Partial<Place>} change
 */
export function go(change) {
  const place = { ...state.place, ...change };
  const isStep = place.study !== state.place.study || place.trial !== state.place.trial;
  const address = writePlace(place);
  if (isStep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  update({ place, asking: "" });
}
