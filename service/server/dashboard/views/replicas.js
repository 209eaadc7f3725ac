/** Was the winner lucky? The best settings, trained again on fresh seeds. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { counted, number } from "../format.js";
import { lookNow } from "../poll.js";
import { state as page, update } from "../state.js";
import { announce, link } from "./parts.js";

/** @param {typeof import("../state.js").state} state */
export function replicas({ known, asking }) {
  const { study } = known;
  const found = known.replicas?.table;
  if (!found && (!study.best || study.state === "stopped")) return null;
  return h(
    "section",
    { key: "replicas", class: "card replicas", "aria-labelledby": "replicas-title" },
    h(
      "div",
      { class: "replicas-head" },
      h("h2", { id: "replicas-title" }, "Was the winner lucky?"),
      study.state !== "stopped" && asking !== "replicate" && opener(),
    ),
    h(
      "p",
      { key: "note", class: found ? "reason" : "soft" },
      found
        ? found.note
        : "The best of many was lucky, too. Trained again on fresh seeds, the best settings show " +
            "how much of their values is luck.",
    ),
    asking === "replicate" && form(study),
    found && table(found, study),
    found?.noise != null &&
      h(
        "p",
        { key: "luck", class: "soft" },
        `From seed to seed, ${found.metric} varies by ${number(found.noise)} here ` +
          "(one standard deviation).",
      ),
  );
}

function opener() {
  const click = () => update({ asking: "replicate" });
  return h("button", { key: "open", type: "button", on: { click } }, "Train the best again …");
}

function form(study) {
  return h(
    "form",
    {
      key: "form",
      class: "again",
      "aria-label": "Train the best again",
      on: { submit: (event) => submit(event, study) },
    },
    field("top", "The best", 5, 50, "settings"),
    field("seeds", "each on", 3, 20, "fresh seeds"),
    h("button", { key: "go", type: "submit", class: "primary" }, "Train them"),
    h(
      "button",
      { key: "no", type: "button", on: { click: () => update({ asking: "" }) } },
      "Cancel",
    ),
    h("p", { key: "cost", class: "soft" }, "That is on top of the budget."),
  );
}

function field(name, before, value, max, after) {
  return h(
    "label",
    { key: name },
    before,
    h("input", {
      name,
      type: "number",
      min: 1,
      max,
      value,
      required: true,
      "aria-label": `${before} … ${after}`,
    }),
    after,
  );
}

async function submit(event, study) {
  event.preventDefault();
  const given = new FormData(event.target);
  const body = { top: Number(given.get("top")), seeds: Number(given.get("seeds")) };
  const path = `/studies/${encodeURIComponent(study.name)}/replicate`;
  try {
    const table = await api.post(path, body);
    if (page.known.name === study.name) {
      update({ asking: "", known: { ...page.known, replicas: { told: "", table } } });
    }
    announce(`${counted(open(table), "replica")} to train.`);
  } catch (error) {
    announce(error.message, true);
  }
  lookNow();
}

const OPEN = ["waiting", "running", "paused"];

/** How many replicas are to be trained. */
function open(table) {
  const all = table.trials.flatMap((each) => each.replicas);
  return all.filter((replica) => OPEN.includes(replica.state)).length;
}

const COLUMNS = ["Trial", "in the search", "again, on average", "spread", "○ search   ● again   | mean"];

function table(found, study) {
  const scale = scaleOf(found.trials);
  return h(
    "div",
    {
      key: "scroll",
      class: "scroll",
      tabindex: "0",
      role: "region",
      "aria-labelledby": "replicas-title",
    },
    h(
      "table",
      { class: "again-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          COLUMNS.map((title, key) => h("th", { key, scope: "col" }, title)),
          h("th", { key: "verdict", scope: "col", class: "is-text" }, "verdict"),
        ),
      ),
      h(
        "tbody",
        {},
        found.trials.map((each) => row(each, study, scale)),
      ),
    ),
  );
}

function row(each, study, scale) {
  const [word, rest] = verdict(each.verdict);
  return h(
    "tr",
    { key: each.number, class: study.best?.number === each.number ? "is-best" : null },
    h("td", {}, link({ trial: each.number }, {}, each.number)),
    h("td", {}, number(each.value)),
    h("td", {}, number(each.mean)),
    h("td", {}, each.deviation === null ? "" : `± ${number(each.deviation)}`),
    h("td", { class: "strip-cell" }, strip(each, scale)),
    h(
      "td",
      { class: "is-text verdict" },
      word && h("b", { class: `is-${word.replaceAll(" ", "-")}` }, word),
      rest,
    ),
  );
}

/** The first word of a verdict, which is all that one reads, and the rest. */
function verdict(text) {
  const at = text.indexOf(": ");
  return at < 0 ? ["", text] : [text.slice(0, at), ` ${text.slice(at + 2)}`];
}

/** A line on which the search's value is a ring and each replica a dot; for the eye alone. */
function strip(each, scale) {
  const dot = (value, kind, key) =>
    h("i", { key, class: kind, vars: { "--at": String(scale(value)) } });
  const told = each.replicas.filter((replica) => replica.value !== null);
  return h(
    "span",
    { class: "strip", "aria-hidden": "true" },
    each.mean !== null && dot(each.mean, "is-mean", "mean"),
    told.map((replica) => dot(replica.value, "is-replica", replica.number)),
    each.value !== null && dot(each.value, "is-search", "search"),
  );
}

/** From values to places on a line that holds all of them; void of values, the middle. */
function scaleOf(trials) {
  const values = trials
    .flatMap((each) => [each.value, ...each.replicas.map((replica) => replica.value)])
    .filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high > low ? (value - low) / (high - low) : 0.5);
}
