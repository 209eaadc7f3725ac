/**
 * The state of the page. The route is in the address, so that a reload or a link leads back to it;
 * everything else can be loaded again.
 *
 * @typedef {Object} Route
 * @property {string} study  name of the study shown; "" is the list of studies
 * @property {number | null} trial  the trial whose panel is open
 * @property {string} sort  a column of the table, with "-" before it for descending
 * @property {string} state  the only state of trials in the table; "" is every state
 * @property {number} page  of the table, from 1
 * @property {number | null} round  the round shown; null is the newest
 *
 * @typedef {Object} Connection
 * @property {"connecting" | "live" | "offline"} kind
 * @property {number} retryAt  time of the next attempt while offline
 * @property {string} reason  why the server is offline
 * @property {number} refreshedAt  time of the last successful refresh; 0 before the first
 */

/** @type {Route} */
export const START = { study: "", trial: null, sort: "-number", state: "", page: 1, round: null };

/** The list of studies, without anything of the study left. @type {Partial<Route>} */
export const STUDY_LIST = { study: "", trial: null, round: null, state: "", page: 1 };

/**
 * The route of an address; an invalid part is as in START.
 * @param {string} query  such as "?study=digits&trial=12"
 * @returns {Route}
 */
export function readRoute(query) {
  const params = new URLSearchParams(query);
  return {
    study: params.get("study") ?? "",
    trial: wholeNumber(params.get("trial")),
    sort: params.get("sort") || START.sort,
    state: params.get("state") ?? "",
    page: wholeNumber(params.get("page")) || 1,
    round: wholeNumber(params.get("round")),
  };
}

/**
 * The address of a route, without the parts that are as in START.
 * @param {Route} route
 */
export function writeRoute(route) {
  const query = new URLSearchParams();
  for (const [name, start] of Object.entries(START)) {
    if (route[name] !== start && route[name] !== null) query.set(name, String(route[name]));
  }
  const text = query.toString();
  return text ? `?${text}` : "./";
}

function wholeNumber(text) {
  return text && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** The data of a study before the first answer. */
export function notLoaded(name) {
  return {
    name,
    /** @type {any} */ study: null,
    /** @type {Map<number, any>} */ trials: new Map(),
    /** raised whenever `trials` has changed */ edition: 0,
    /** the revision up to which `trials` are complete */ revision: 0,
    /** the last changes: rows above revision `after` are highlighted; `turn` alternates */
    changed: { after: Infinity, turn: 0 },
    /** @type {any[]} */ rounds: [],
    /** @type {Object<string, any>} */ figures: {},
    /** @type {{number: number, revision: number, curve: any} | null} */ curve: null,
    /** the trial of the open panel, in detail */
    /** @type {{number: number, revision: number, trial: any} | null} */ detail: null,
    /** @type {{finished: number, table: any} | null} */ importance: null,
    /** the table of replicas, and the `fingerprint` of their results when it was loaded */
    /** @type {{fingerprint: string, table: any} | null} */ replicas: null,
    /** the server's message when the study does not exist */
    /** @type {string} */ missing: "",
  };
}

/** The one state of the page. Change it with `update`. */
export const state = {
  route: readRoute(location.search),
  /** @type {any[] | null} */ studies: null,
  /** the data of the study shown */ known: notLoaded(""),
  /** @type {Connection} */
  connection: { kind: "connecting", retryAt: 0, reason: "", refreshedAt: 0 },
  /** whether the server needs a key, and whose is used; null before the first answer */
  /** @type {any} */ session: null,
  /** the sign-in: why it failed last, and whether it is under way */
  signIn: { error: "", isBusy: false },
  /** a short message after an action */ notice: { text: "", isError: false },
  /** name of the form or confirmation that is open; "" is none */ openForm: "",
};

const listeners = new Set();

/** Call a function after each change of the state. */
export function subscribe(listener) {
  listeners.add(listener);
}

/**
 * Change the state.
 * @param {Partial<typeof state>} change
 */
export function update(change) {
  Object.assign(state, change);
  for (const listener of listeners) listener();
}

/** Change the data of a study, unless another study is shown by now. */
export function updateKnown(name, change) {
  if (state.known.name === name) update({ known: { ...state.known, ...change } });
}

/**
 * Go to a route. Another study or trial is a new entry of the browser's history; another sort,
 * filter or page replaces the entry.
 * @param {Partial<Route>} change
 */
export function go(change) {
  const route = { ...state.route, ...change };
  const isNewEntry = route.study !== state.route.study || route.trial !== state.route.trial;
  const address = writeRoute(route);
  if (isNewEntry) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  update({ route, openForm: "" });
}
