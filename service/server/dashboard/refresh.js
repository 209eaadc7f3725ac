/** A refresh: the requests that bring the page up to date, and the changes that they make. */

import * as api from "./api.js";
import { close, mayRead } from "./session.js";
import { withTexts } from "./settings.js";
import { notLoaded, state, update, updateKnown } from "./state.js";

/** The figures of a study, in the order in which they are loaded. */
const FIGURES = ["best_so_far", "parameters", "curves"];

/** Drawing more often would keep server and browser busier than the search itself. */
const FIGURES_REST_MS = 2_000;

const TRIALS_PER_PAGE = 1_000;

/** Trials that must have finished before importance is requested. */
const MIN_IMPORTANCE_TRIALS = 10;

/** The figures loaded last: their revision, when they were loaded, and how long that took. */
let lastFigures = { study: "", revision: -1, at: 0, took: 0 };

/**
 * Refresh what the route shows.
 * @returns {Promise<"changed" | "same">}
 */
export async function refresh() {
  const isChanged = (await mayRead()) && (await refreshOrSignOut());
  const connection = { kind: "live", retryAt: 0, reason: "", refreshedAt: Date.now() };
  if (state.connection.kind === "live") Object.assign(state.connection, connection);
  else update({ connection });
  return isChanged ? "changed" : "same";
}

/** Refresh; a session that has ended is no failure of the connection. */
async function refreshOrSignOut() {
  const { study } = state.route;
  try {
    return study ? await refreshStudy(study) : await refreshStudies();
  } catch (error) {
    if (!(error instanceof api.Problem) || error.status !== 401) throw error;
    close();
    return true;
  }
}

async function refreshStudies() {
  const { studies } = await api.get("studies?limit=200");
  const isSame = fingerprint(studies) === fingerprint(state.studies);
  if (!isSame) update({ studies });
  return !isSame;
}

function fingerprint(studies) {
  return studies?.map((study) => `${study.name} ${study.created_at} ${study.revision}`).join();
}

async function refreshStudy(name) {
  if (state.known.name !== name) update({ known: notLoaded(name) });
  const study = await loadStudy(name);
  if (!study || hasLeft(name)) return false;
  if (state.known.study && study.created_at !== state.known.study.created_at) {
    api.forget(api.studyPath(name)); // deleted, and created again under the same name
    update({ known: notLoaded(name) });
  }
  const isChanged = study !== state.known.study; // an unchanged answer is the same object
  if (isChanged) {
    updateKnown(name, { study, missing: "" });
    await loadTrials(name);
    await loadRounds(study);
    await loadReplicas(name);
  }
  await loadOpenTrial(name);
  const isDrawn = await loadFigures(name);
  if (isDrawn) await loadImportance(study);
  return isChanged || !isDrawn;
}

/** The study, or null if no study has this name; the page then shows the server's message. */
async function loadStudy(name) {
  const path = api.studyPath(name);
  try {
    return withTexts(await api.get(path));
  } catch (error) {
    if (!(error instanceof api.Problem) || ![404, 422].includes(error.status)) throw error;
    api.forget(path);
    update({ known: { ...notLoaded(name), missing: error.message } });
    return null;
  }
}

function hasLeft(name) {
  return state.route.study !== name;
}

/** Load the trials that have changed, page by page, and show each page at once. */
async function loadTrials(name) {
  const { revision: since, changed } = state.known;
  let token = "";
  let revision = 0;
  do {
    const query = new URLSearchParams({ since: String(since), limit: String(TRIALS_PER_PAGE) });
    if (token) query.set("page_token", token);
    const answer = await api.get(`${api.studyPath(name, "trials")}?${query}`);
    if (hasLeft(name)) return;
    // A trial that changes while pages are read may be missing from them: only up to the first
    // page's revision are the trials complete.
    revision ||= answer.revision;
    for (const trial of answer.trials) state.known.trials.set(trial.number, trial);
    token = answer.next_page_token ?? "";
    updateKnown(name, { edition: state.known.edition + 1 });
  } while (token);
  // At the first refresh all rows are new: none is highlighted.
  const after = since === 0 ? Infinity : since;
  updateKnown(name, { revision, changed: { after, turn: changed.turn + 1 } });
}

/** Rounds change when a round opens and when the last one closes. */
async function loadRounds(study) {
  const last = state.known.rounds.at(-1);
  const isClosing = study.state === "completed" && last?.state === "open";
  // A manual round can be undone or replaced until its first trial starts.
  const isReplaceable = last?.manual && !state.known.trials.has(last.first_trial);
  const isKnown = last?.number === study.round && !isClosing && !isReplaceable;
  if (study.round === null || isKnown) return;
  const { rounds } = await api.get(api.studyPath(study.name, "rounds"));
  updateKnown(study.name, { rounds });
}

/** Load the table of replicas after the state or value of a replica has changed. */
async function loadReplicas(name) {
  const results = [...state.known.trials.values()]
    .filter((trial) => trial.replica_of !== null)
    .map((trial) => `${trial.number} ${trial.state} ${trial.value} ${trial.void}`)
    .join();
  if (!results || hasLeft(name) || results === state.known.replicas?.fingerprint) return;
  const table = await api.get(api.studyPath(name, "replicates"));
  updateKnown(name, { replicas: { fingerprint: results, table } });
}

/** Importance is slow to compute: it is loaded again after a fifth more trials have finished. */
async function loadImportance(study) {
  const { finished } = study.progress;
  if (hasLeft(study.name)) return;
  const last = state.known.importance;
  const isOver = study.state !== "running" && study.state !== "paused";
  const isDue = !last || finished >= 1.2 * last.finished || (isOver && finished > last.finished);
  if (!isDue || finished < MIN_IMPORTANCE_TRIALS || finished === last?.finished) return;
  const table = await api.get(api.studyPath(study.name, "importance"));
  updateKnown(study.name, { importance: { finished, table } });
}

/** Load the curve and the detail of the trial whose panel is open. */
async function loadOpenTrial(name) {
  const number = state.route.trial;
  const trial = number === null ? undefined : state.known.trials.get(number);
  const last = state.known.curve;
  if (!trial || (last?.number === number && last?.revision === trial.revision)) return;
  const { revision } = trial;
  const path = api.studyPath(name, "trials", number);
  const curve = await api.get(`${path}/curve`);
  if (hasLeft(name)) return;
  updateKnown(name, { curve: { number, revision, curve } });
  const detail = await api.get(path);
  updateKnown(name, { detail: { number, revision, trial: detail } });
}

/** Load the figures if it is time to; whether they are of the newest revision then. */
async function loadFigures(name) {
  const { revision, figures: current } = state.known;
  if (current.curves && lastFigures.study === name) {
    if (lastFigures.revision === revision) return true;
    const rest = Math.max(FIGURES_REST_MS, 4 * lastFigures.took);
    if (Date.now() - lastFigures.at < rest) return false;
  }
  const start = Date.now();
  const figures = {};
  for (const figure of FIGURES) {
    figures[figure] = await api.get(api.studyPath(name, "figures", figure));
    if (hasLeft(name)) return false;
  }
  updateKnown(name, { figures });
  lastFigures = { study: name, revision, at: Date.now(), took: Date.now() - start };
  return true;
}
