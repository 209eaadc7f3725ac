/** The list of studies. */

import { h } from "../dom.js";
import { count, moment, number } from "../format.js";
import { badge, bar, copyButton, link, pearls } from "./parts.js";

/** @param {typeof import("../state.js").state} state */
export function overview({ studies, connection }) {
  if (!studies) {
    return connection.kind === "away" ? null : h("p", { class: "plea" }, "Looking for studies …");
  }
  if (!studies.length) return empty();
  return [
    h("h1", { key: "title" }, "Studies"),
    h("ul", { key: "list", class: "studies" }, studies.map(item)),
  ];
}

function item(study) {
  const { best, progress, objective } = study;
  return h(
    "li",
    { key: `${study.name} ${study.created_at}`, class: "card study" },
    h(
      "div",
      { class: "study-name" },
      h("h2", {}, link({ study: study.name }, { class: "cover" }, study.name)),
      badge(study.state),
      h("p", { class: "soft" }, moment(study.created_at)),
    ),
    h(
      "div",
      { class: "study-progress" },
      bar(study),
      h(
        "p",
        { class: "soft" },
        `${count(progress.finished)} of ${count(progress.total)} trials`,
        lost(study),
      ),
    ),
    h(
      "div",
      { class: "study-best" },
      h("p", { class: "figure" }, best ? number(best.value) : "–"),
      h("p", { class: "soft" }, best ? `best ${objective.metric}` : "no value yet"),
    ),
  );
}

function lost({ trials }) {
  const parts = ["failed", "diverged"].filter((name) => trials[name]);
  return parts.map((name) => ` · ${count(trials[name])} ${name}`).join("");
}

const BODY = {
  name: "digits",
  space: {
    learning_rate: { type: "float", low: 0.0001, high: 1, scale: "log" },
    momentum: { type: "float", low: 0.9, high: 0.999, scale: "reverse_log" },
  },
  objective: {
    kind: "network",
    dataset: "digits",
    epochs: 20,
    settings: { optimizer: "momentum" },
  },
  budget: { trials: 60 },
};

function empty() {
  return h(
    "section",
    { class: "empty" },
    pearls(),
    h("h1", {}, "No studies yet"),
    h(
      "p",
      { class: "lead" },
      "A study searches the best setting of a network’s hyperparameters. ",
      "Start one, and it appears here by itself.",
    ),
    recipe("From a terminal, with the command", "caviar run examples/digits.json"),
    recipe("Or over HTTP, from anywhere", curl()),
  );
}

function recipe(title, command) {
  return h(
    "div",
    { class: "recipe" },
    h("div", { class: "recipe-head" }, h("h2", {}, title), copyButton("Copy", () => command)),
    h("pre", { tabindex: "0" }, h("code", {}, command)),
  );
}

function curl() {
  return [
    `curl ${location.origin}/studies \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d '${wrapped(BODY, "  ").trimStart()}'`,
  ].join("\n");
}

const LINE = 88;

/** JSON in lines that are not too long. */
function wrapped(value, indent, name = "") {
  const head = `${indent}${name && `${JSON.stringify(name)}: `}`;
  const short = head + spaced(value);
  if (short.length <= LINE || typeof value !== "object") return short;
  const inner = Object.entries(value).map(([key, each]) => wrapped(each, `${indent}  `, key));
  return `${head}{\n${inner.join(",\n")}}`;
}

/** One-line JSON with a space after each colon and comma. */
function spaced(value) {
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, " ")
    .replace(/([{[]) /g, "$1")
    .replace(/ ([}\]])/g, "$1");
}
