/** The table of trials. A new column is an entry in `columnsOf`. */

import { h } from "../dom.js";
import { count, digitsApart, duration, NOTHING, rounded } from "../format.js";
import { setting } from "../settings.js";
import { go } from "../state.js";
import { seconds, select, STATES } from "../trials.js";
import { badge, link, scrollRegion } from "./components.js";

const ROWS_PER_PAGE = 50;

/** Columns of parameters at most; a trial's panel shows all parameters. */
const MAX_PARAMETER_COLUMNS = 24;

/**
 * A column of the table.
 * @typedef {Object} Column
 * @property {string} name  in the address of the page, for the sort order
 * @property {string} title  the heading
 * @property {(trial: any) => any} cell  the content of a cell
 * @property {(trial: any) => any} sortKey
 * @property {boolean} [sortsDown]  whether the first click sorts in descending order
 * @property {boolean} [isText]  whether the column is aligned to the left
 */

/**
 * The columns of a study's table; `digits` are those of the values.
 * @returns {Column[]}
 */
function columnsOf(study, digits = 4) {
  const { epochs, metric } = study.objective;
  return [
    { name: "number", title: "Trial", cell: numberCell, sortKey: (t) => t.number, sortsDown: true },
    { name: "state", title: "State", cell: stateCell, sortKey: (t) => t.state, isText: true },
    {
      name: "value",
      title: metric,
      cell: (trial) => (trial.value === null ? NOTHING : rounded(trial.value, digits)),
      sortKey: (trial) => trial.value,
      sortsDown: study.direction === "maximize",
    },
    epochs > 1 && {
      name: "epoch",
      title: "Epoch",
      cell: (trial) => epochCell(trial, epochs),
      sortKey: (trial) => trial.epoch,
      sortsDown: true,
    },
    ...Object.entries(study.space).slice(0, MAX_PARAMETER_COLUMNS).map(parameterColumn),
    {
      name: "round",
      title: "Round",
      cell: (trial) => trial.round,
      sortKey: (trial) => trial.round,
      sortsDown: true,
    },
    { name: "seconds", title: "Took", cell: (t) => duration(seconds(t)), sortKey: seconds },
  ].filter(Boolean);
}

function parameterColumn([name, spec]) {
  return {
    name: `params.${name}`,
    title: name,
    cell: (trial) => setting(trial.params[name], spec),
    sortKey: (trial) => trial.params[name],
    isText: spec.type === "categorical",
  };
}

function numberCell(trial) {
  return link({ trial: trial.number }, { id: `trial-${trial.number}` }, trial.number);
}

function stateCell(trial) {
  const tag = (text) => h("em", { key: text, class: "tag" }, text);
  return [
    badge(trial.state),
    trial.void && tag("excluded"),
    trial.enqueued && tag("enqueued"),
    trial.replica_of !== null && tag(`replica of trial ${trial.replica_of}`),
  ];
}

function epochCell(trial, epochs) {
  const share = Math.min(1, trial.epoch / epochs);
  const text = `${trial.epoch}/${epochs}`;
  return h("span", { class: "epoch", vars: { "--share": String(share) } }, text);
}

/** @param {typeof import("../state.js").state} state */
export function table({ known, route }) {
  const { study } = known;
  const columns = columnsOf(study);
  const rows = sortedRows(known, route, columns);
  const pages = Math.max(1, Math.ceil(rows.length / ROWS_PER_PAGE));
  const page = Math.min(route.page, pages);
  const shown = rows.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE);
  const drawn = columnsOf(study, digitsApart(shown.map((trial) => trial.value)));
  return h(
    "section",
    { key: "trials", class: "card trials", "aria-labelledby": "trials-title" },
    h(
      "div",
      { class: "trials-head" },
      h("h2", { id: "trials-title" }, "Trials"),
      stateFilter(study, known, route),
      pager(page, pages, shown.length, rows.length),
    ),
    rows.length
      ? scrollRegion(
          "trials-title",
          h(
            "table",
            {},
            h("thead", {}, h("tr", {}, columns.map((column) => header(column, route)))),
            h("tbody", {}, shown.map((trial) => row(trial, drawn, known, route))),
          ),
        )
      : h("p", { key: "none", class: "muted" }, emptyText(route)),
  );
}

function emptyText({ state }) {
  return state ? `No trial is ${state}.` : "No trials yet.";
}

/** The rows sorted last: sorting a hundred thousand at every rendering would be slow. */
let last = { key: "", trials: null, rows: [] };

function sortedRows(known, route, columns) {
  const key = `${known.edition} ${route.sort} ${route.state}`;
  if (last.key !== key || last.trials !== known.trials) {
    const isDescending = route.sort.startsWith("-");
    const name = isDescending ? route.sort.slice(1) : route.sort;
    const column = columns.find((column) => column.name === name);
    const order = column ? { sortKey: column.sortKey, isDescending } : DEFAULT_ORDER;
    const rows = select(known.trials, { ...order, state: route.state });
    last = { key, trials: known.trials, rows };
  }
  return last.rows;
}

/** The order of an address with a column that does not exist. */
const DEFAULT_ORDER = { sortKey: (trial) => trial.number, isDescending: true };

function header(column, route) {
  const isDescending = route.sort === `-${column.name}`;
  const isAscending = route.sort === column.name;
  const sortsDown = isAscending || (!isDescending && column.sortsDown);
  const sort = sortsDown ? `-${column.name}` : column.name;
  return h(
    "th",
    {
      key: column.name,
      scope: "col",
      class: column.isText ? "is-text" : null,
      "aria-sort": isDescending ? "descending" : isAscending ? "ascending" : null,
    },
    h("button", { type: "button", on: { click: () => go({ sort, page: 1 }) } }, column.title),
  );
}

function row(trial, columns, known, route) {
  const { after, turn } = known.changed;
  const classes = [
    // Two names for one animation: a row that changes in two refreshes in a row starts it again.
    trial.revision > after && `is-changed-${turn % 2}`,
    trial.number === known.study.best?.number && "is-best",
    trial.number === route.trial && "is-open",
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

function stateFilter(study, known, route) {
  const states = STATES.filter((name) => study.trials[name] || name === route.state);
  const option = (value, text, amount) =>
    h("option", { key: value, value }, `${text} (${count(amount)})`);
  const filter = (event) => go({ state: event.target.value, page: 1 });
  return h(
    "label",
    { class: "filter" },
    h("span", { class: "visually-hidden" }, "State"),
    h(
      "select",
      { value: route.state, on: { change: filter } },
      option("", "every state", known.trials.size),
      states.map((name) => option(name, name, study.trials[name] ?? 0)),
    ),
  );
}

function pager(page, pages, shown, total) {
  const first = (page - 1) * ROWS_PER_PAGE + 1;
  const last = first + shown - 1;
  const text = shown ? `${count(first)} – ${count(last)} of ${count(total)}` : "0 of 0";
  const step = (text, label, to) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": label,
        disabled: to < 1 || to > pages,
        on: { click: () => go({ page: to }) },
      },
      text,
    );
  return h(
    "div",
    { class: "pager" },
    pages > 1 && step("‹", "Previous page", page - 1),
    h("span", { id: "shown" }, text),
    pages > 1 && step("›", "Next page", page + 1),
  );
}
