/** Replicas: the best settings trained again on other seeds, and how their values compare. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { counted, number } from "../format.js";
import { perform } from "../notice.js";
import { update, updateKnown } from "../state.js";
import { isOpen } from "../trials.js";
import { link, scrollRegion } from "./components.js";
import { form, formButtons, openButton, row } from "./forms.js";

/** @param {typeof import("../state.js").state} state */
export function replicas({ known, openForm }) {
  const { study } = known;
  const result = known.replicas?.table;
  if (!result && (!study.best || study.state === "stopped")) return null;
  const isFormOpen = openForm === "replicate";
  return h(
    "section",
    { key: "replicas", class: "card replicas", "aria-labelledby": "replicas-title" },
    h(
      "div",
      { class: "replicas-head" },
      h("h2", { id: "replicas-title" }, "Replicas: does the best setting hold on other seeds?"),
      study.state !== "stopped" && !isFormOpen && openButton("Train replicas …", "replicate"),
    ),
    h("p", { key: "note", class: result ? "reason" : "muted" }, result ? result.note : PURPOSE),
    isFormOpen && replicasForm(study),
    result && table(result, study),
    result?.noise != null &&
      h(
        "p",
        { key: "noise", class: "muted" },
        `Standard deviation of ${result.metric} between seeds: ${number(result.noise)}.`,
      ),
  );
}

const PURPOSE =
  "The best value of a search is partly noise, because it is the best of many. Replicas train " +
  "the best settings again on other seeds and measure the noise.";

function replicasForm(study) {
  return form(
    "Train replicas",
    (data) => replicate(study, data),
    numberRow("Best settings", "top", 5, 50),
    numberRow("Seeds for each", "seeds", 3, 20),
    h("p", { key: "cost", class: "muted" }, "Replicas are trained in addition to the budget."),
    formButtons("Train replicas"),
  );
}

function numberRow(label, name, value, max) {
  return row(label, h("input", { name, type: "number", min: 1, max, value, required: true }));
}

function replicate(study, data) {
  return perform(async () => {
    const body = { top: Number(data.get("top")), seeds: Number(data.get("seeds")) };
    const result = await api.post(api.studyPath(study.name, "replicate"), body);
    update({ openForm: "" });
    updateKnown(study.name, { replicas: { fingerprint: "", table: result } });
    return `${counted(openReplicas(result), "replica")} to train.`;
  });
}

/** The number of replicas that have not ended. */
function openReplicas(result) {
  const all = result.trials.flatMap((trial) => trial.replicas);
  return all.filter((replica) => isOpen(replica.state)).length;
}

/** The columns of the table, as in views/table.js. */
function columnsOf(result) {
  const position = positionsOf(result.trials);
  return [
    { title: "Trial", cell: (trial) => link({ trial: trial.number }, {}, trial.number) },
    { title: "In the search", cell: (trial) => number(trial.value) },
    { title: "Mean of replicas", cell: (trial) => number(trial.mean) },
    {
      title: "Deviation",
      cell: (trial) => (trial.deviation === null ? "" : `± ${number(trial.deviation)}`),
    },
    {
      title: "○ search   ● replica   | mean",
      class: "strip-cell",
      cell: (trial) => strip(trial, position),
    },
    { title: "Verdict", class: "is-text verdict", cell: (trial) => verdict(trial.verdict) },
  ];
}

function table(result, study) {
  const columns = columnsOf(result);
  const header = (column) =>
    h("th", { key: column.title, scope: "col", class: column.class }, column.title);
  const cell = (column, trial) =>
    h("td", { key: column.title, class: column.class }, column.cell(trial));
  const tableRow = (trial) =>
    h(
      "tr",
      { key: trial.number, class: study.best?.number === trial.number ? "is-best" : null },
      columns.map((column) => cell(column, trial)),
    );
  return scrollRegion(
    "replicas-title",
    h(
      "table",
      { class: "replicas-table" },
      h("thead", {}, h("tr", {}, columns.map(header))),
      h("tbody", {}, result.trials.map(tableRow)),
    ),
  );
}

/** A verdict; the word before its colon is emphasized. */
function verdict(text) {
  const at = text.indexOf(": ");
  if (at < 0) return text;
  const word = text.slice(0, at);
  return [h("b", { class: `is-${word.replaceAll(" ", "-")}` }, word), ` ${text.slice(at + 2)}`];
}

/** A line with a ring for the search's value and a dot for each replica; hidden from readers. */
function strip(trial, position) {
  const mark = (value, kind, key) =>
    h("i", { key, class: kind, vars: { "--at": String(position(value)) } });
  const valued = trial.replicas.filter((replica) => replica.value !== null);
  return h(
    "span",
    { class: "strip", "aria-hidden": "true" },
    trial.mean !== null && mark(trial.mean, "is-mean", "mean"),
    valued.map((replica) => mark(replica.value, "is-replica", replica.number)),
    trial.value !== null && mark(trial.value, "is-search", "search"),
  );
}

/** A function from values to positions on a line that has room for all of them. */
function positionsOf(trials) {
  const values = trials
    .flatMap((trial) => [trial.value, ...trial.replicas.map((replica) => replica.value)])
    .filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high > low ? (value - low) / (high - low) : 0.5);
}
