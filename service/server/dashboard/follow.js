/** One look: which requests bring what the page shows up to date, and what they change. */

import * as api from "./api.js";
import { nothingOf, state, update } from "./state.js";

const FIGURES = ["best_so_far", "parameters", "curves"];

/** Drawing again and again would keep server and page busier than the search itself. */
const FIGURES_REST_MS = 2_000;

const ROWS = 1_000;

/** Trials that must have ended before anybody asks what mattered. */
const FEWEST = 10;

/** When figures were asked for last, at which revision, and how long that took. */
let drawn = { study: "", revision: -1, at: 0, took: 0 };

/**
 * Look once at what the place shows.
 * @returns {Promise<"changed" | "same">}
 */
export async function look() {
  const { study } = state.place;
  const isChanged = study ? await lookAtStudy(study) : await lookAtStudies();
  if (state.connection.kind !== "live") {
    update({ connection: { kind: "live", retryAt: 0, why: "" } });
  }
  return isChanged ? "changed" : "same";
}

async function lookAtStudies() {
  const { studies } = await api.get("/studies?limit=200");
  const isSame = fingerprint(studies) === fingerprint(state.studies);
  if (!isSame) update({ studies });
  return !isSame;
}

function fingerprint(studies) {
  return studies?.map((each) => `${each.name} ${each.created_at} ${each.revision}`).join();
}

async function lookAtStudy(name) {
  if (state.known.name !== name) update({ known: nothingOf(name) });
  const path = `/studies/${encodeURIComponent(name)}`;
  const study = await studyOrNothing(path);
  if (!study || isElsewhere(name)) return false;
  if (state.known.study && study.created_at !== state.known.study.created_at) {
    api.forget(path); // deleted, and made again under the same name
    update({ known: nothingOf(name) });
  }
  const isChanged = study !== state.known.study; // what has not changed is the same object
  if (isChanged) {
    know({ study, missing: "" });
    await bringTrials(path, name);
    await bringRounds(path, study);
    await bringReplicas(path, name);
  }
  await bringCurve(path, name);
  const isDrawn = await bringFigures(path, name);
  if (isDrawn) await bringImportance(path, study);
  return isChanged || !isDrawn;
}

/** The study, or null when there is none of this name; then the page says so. */
async function studyOrNothing(path) {
  try {
    return await api.get(path);
  } catch (error) {
    if (!(error instanceof api.Problem) || ![404, 422].includes(error.status)) throw error;
    api.forget(path);
    update({ known: { ...nothingOf(state.known.name), missing: error.message } });
    return null;
  }
}

function isElsewhere(name) {
  return state.place.study !== name;
}

function know(change) {
  update({ known: { ...state.known, ...change } });
}

/** Ask for the trials that changed, page by page, and show each page at once. */
async function bringTrials(path, name) {
  const { revision: since, fresh } = state.known;
  let token = "";
  let revision = 0;
  do {
    const query = new URLSearchParams({ since: String(since), limit: String(ROWS) });
    if (token) query.set("page_token", token);
    const answer = await api.get(`${path}/trials?${query}`);
    if (isElsewhere(name)) return;
    // What changes while pages are read may be missing on them: the first page's revision is
    // the one that nothing up to it was missed of.
    revision ||= answer.revision;
    for (const trial of answer.trials) state.known.trials.set(trial.number, trial);
    token = answer.next_page_token ?? "";
    know({ edition: state.known.edition + 1 });
  } while (token);
  // On the first look everything is new; marking it all would say nothing.
  const after = since === 0 ? Infinity : since;
  know({ revision, fresh: { after, turn: fresh.turn + 1 } });
}

/** Rounds change when one opens and when the last one closes. */
async function bringRounds(path, study) {
  const last = state.known.rounds.at(-1);
  const isClosing = study.state === "completed" && last?.state === "open";
  // Until it starts, another zoom may take the place of one.
  const isFresh = last?.manual && !state.known.trials.has(last.first_trial);
  const isKnown = last?.number === study.round && !isClosing && !isFresh;
  if (study.round === null || isKnown) return;
  const { rounds } = await api.get(`${path}/rounds`);
  if (!isElsewhere(study.name)) know({ rounds });
}

/** What came of replicas, as soon as one of them has come to something else. */
async function bringReplicas(path, name) {
  const told = [...state.known.trials.values()]
    .filter((trial) => trial.replica_of !== null)
    .map((trial) => `${trial.number} ${trial.state} ${trial.value} ${trial.void}`)
    .join();
  if (!told || isElsewhere(name) || told === state.known.replicas?.told) return;
  const table = await api.get(`${path}/replicates`);
  if (!isElsewhere(name)) know({ replicas: { told, table } });
}

/** The fit behind it takes a while: asked for again when a fifth more trials have ended. */
async function bringImportance(path, study) {
  const { finished } = study.progress;
  if (isElsewhere(study.name)) return;
  const have = state.known.importance;
  const isOver = study.state !== "running" && study.state !== "paused";
  const isDue = !have || finished >= 1.2 * have.finished || (isOver && finished > have.finished);
  if (!isDue || finished < FEWEST || finished === have?.finished) return;
  const table = await api.get(`${path}/importance`);
  if (!isElsewhere(study.name)) know({ importance: { finished, table } });
}

async function bringCurve(path, name) {
  const number = state.place.trial;
  const trial = number === null ? undefined : state.known.trials.get(number);
  const have = state.known.curve;
  if (!trial || (have?.number === number && have?.revision === trial.revision)) return;
  const { revision } = trial;
  const curve = await api.get(`${path}/trials/${number}/curve`);
  if (isElsewhere(name)) return;
  know({ curve: { number, revision, curve } });
  const detail = await api.get(`${path}/trials/${number}`);
  if (!isElsewhere(name)) know({ detail: { number, revision, trial: detail } });
}

/** Whether the figures are those of the newest revision. */
async function bringFigures(path, name) {
  const { revision, figures: have } = state.known;
  if (have.curves && drawn.study === name) {
    if (drawn.revision === revision) return true;
    if (Date.now() - drawn.at < Math.max(FIGURES_REST_MS, 4 * drawn.took)) return false;
  }
  const start = Date.now();
  const figures = {};
  for (const figure of FIGURES) {
    figures[figure] = await api.get(`${path}/figures/${figure}`);
    if (isElsewhere(name)) return false;
  }
  know({ figures });
  drawn = { study: name, revision, at: Date.now(), took: Date.now() - start };
  return true;
}
