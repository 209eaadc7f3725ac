/** The table of trials: one page of rows, however many there are. */

import { h } from "../dom.js";
import { count, duration, number, setting } from "../format.js";
import { go } from "../state.js";
import { seconds, select, STATES } from "../trials.js";
import { badge, link } from "./parts.js";

const ROWS = 50;

/** Sorting a hundred thousand rows again at every rendering would be felt. */
let last = { key: "", trials: null, rows: [] };

function rowsOf(known, place) {
  const key = `${known.edition} ${place.sort} ${place.state}`;
  if (last.key !== key || last.trials !== known.trials) {
    last = { key, trials: known.trials, rows: select(known.trials, place) };
  }
  return last.rows;
}

/** Columns of parameters at most: a trial's own panel shows them all. */
const PARAMETERS = 24;

/** @param {typeof import("../state.js").state} state */
export function table({ known, place }) {
  const { study } = known;
  const rows = rowsOf(known, place);
  const pages = Math.max(1, Math.ceil(rows.length / ROWS));
  const page = Math.min(place.page, pages);
  const shown = rows.slice((page - 1) * ROWS, page * ROWS);
  const columns = columnsOf(study);
  return h(
    "section",
    { key: "trials", class: "card trials", "aria-labelledby": "trials-title" },
    h(
      "div",
      { class: "trials-head" },
      h("h2", { id: "trials-title" }, "Trials"),
      filter(study, known, place),
      pager(page, pages, shown.length, rows.length),
    ),
    rows.length
      ? h(
          "div",
          {
            key: "scroll",
            class: "scroll",
            tabindex: "0",
            role: "region",
            "aria-labelledby": "trials-title",
          },
          h(
            "table",
            {},
            h("thead", {}, h("tr", {}, columns.map((column) => header(column, place)))),
            h("tbody", {}, shown.map((trial) => row(trial, columns, known, place))),
          ),
        )
      : h(
          "p",
          { key: "none", class: "soft" },
          place.state ? `No trial is ${place.state}.` : "No trials yet.",
        ),
  );
}

/**
 * The columns of a study's table: `first` is the direction of the first sort.
 * @typedef {{name: string, title: string, first?: "down", isText?: boolean}} Column
 * @returns {(Column & {cell: (trial: any) => any})[]}
 */
function columnsOf(study) {
  const { epochs } = study.objective;
  return [
    { name: "number", title: "Trial", first: "down", cell: numberCell },
    { name: "state", title: "State", isText: true, cell: stateCell },
    {
      name: "value",
      title: study.objective.metric,
      first: study.direction === "maximize" ? "down" : undefined,
      cell: (trial) => number(trial.value),
    },
    epochs > 1 && {
      name: "epoch",
      title: "Epoch",
      first: "down",
      cell: (trial) => epochCell(trial, epochs),
    },
    ...Object.entries(study.space).slice(0, PARAMETERS).map(([name, spec]) => ({
      name: `params.${name}`,
      title: name,
      isText: spec.type === "categorical",
      cell: (trial) => setting(trial.params[name], spec),
    })),
    { name: "round", title: "Round", first: "down", cell: (trial) => trial.round },
    { name: "seconds", title: "Took", cell: (trial) => duration(seconds(trial)) },
  ].filter(Boolean);
}

function numberCell(trial) {
  return link({ trial: trial.number }, { id: `trial-${trial.number}` }, trial.number);
}

function stateCell(trial) {
  return [
    badge(trial.state),
    trial.void && h("em", { key: "void", class: "void" }, "void"),
    trial.enqueued && h("em", { key: "own", class: "void" }, "your own"),
    trial.replica_of !== null &&
      h("em", { key: "again", class: "void" }, `trial ${trial.replica_of} again`),
  ];
}

function epochCell(trial, epochs) {
  const share = Math.min(1, trial.epoch / epochs);
  const text = `${trial.epoch}/${epochs}`;
  return h("span", { class: "epoch", vars: { "--share": String(share) } }, text);
}

function header(column, place) {
  const isDown = place.sort === `-${column.name}`;
  const isUp = place.sort === column.name;
  const other = isDown ? column.name : `-${column.name}`;
  const sort = isDown || isUp ? other : column.first === "down" ? `-${column.name}` : column.name;
  return h(
    "th",
    {
      key: column.name,
      scope: "col",
      class: column.isText ? "is-text" : null,
      "aria-sort": isDown ? "descending" : isUp ? "ascending" : null,
    },
    h("button", { type: "button", on: { click: () => go({ sort, page: 1 }) } }, column.title),
  );
}

function row(trial, columns, known, place) {
  const { after, turn } = known.fresh;
  const classes = [
    // Two names for one animation: a row that changes twice in a row starts it again.
    trial.revision > after && `is-fresh-${turn % 2}`,
    trial.number === known.study.best?.number && "is-best",
    trial.number === place.trial && "is-open",
    trial.void && "is-void",
  ];
  return h(
    "tr",
    {
      key: trial.number,
      class: classes.filter(Boolean).join(" ") || null,
      "data-number": trial.number,
      on: { click: () => getSelection()?.isCollapsed && go({ trial: trial.number }) },
    },
    columns.map((column) =>
      h("td", { key: column.name, class: column.isText ? "is-text" : null }, column.cell(trial)),
    ),
  );
}

function filter(study, known, place) {
  const choices = STATES.filter((name) => study.trials[name] || name === place.state);
  return h(
    "label",
    { class: "filter" },
    h("span", { class: "unseen" }, "State"),
    h(
      "select",
      { value: place.state, on: { change: (event) => go({ state: event.target.value, page: 1 }) } },
      h("option", { key: "", value: "" }, `every state (${count(known.trials.size)})`),
      choices.map((name) =>
        h("option", { key: name, value: name }, `${name} (${count(study.trials[name] ?? 0)})`),
      ),
    ),
  );
}

function pager(page, pages, shown, all) {
  const first = (page - 1) * ROWS + 1;
  const last = first + shown - 1;
  const text = shown ? `${count(first)} – ${count(last)} of ${count(all)}` : "0 of 0";
  const step = (label, to) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": label,
        disabled: to < 1 || to > pages,
        on: { click: () => go({ page: to }) },
      },
      to < page ? "‹" : "›",
    );
  return h(
    "div",
    { class: "pager" },
    pages > 1 && step("Previous page", page - 1),
    h("span", { id: "shown" }, text),
    pages > 1 && step("Next page", page + 1),
  );
}
