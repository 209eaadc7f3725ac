/** The list of studies. */

import { h } from "../dom.js";
import { count, moment, number } from "../format.js";
import { badge, copyButton, link, logo, progressBar } from "./components.js";

/** @param {typeof import("../state.js").state} state */
export function studies({ studies, connection }) {
  if (!studies) {
    const isOffline = connection.kind === "offline";
    return isOffline ? null : h("p", { class: "loading" }, "Loading the studies …");
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
      h("h2", {}, link({ study: study.name }, { class: "study-link" }, study.name)),
      badge(study.state),
      h("p", { class: "muted" }, moment(study.created_at)),
    ),
    h(
      "div",
      { class: "study-progress" },
      progressBar(study),
      h(
        "p",
        { class: "muted" },
        `${count(progress.finished)} of ${count(progress.total)} trials`,
        unsuccessful(study),
      ),
    ),
    h(
      "div",
      { class: "study-best" },
      h("p", { class: "study-value" }, number(best?.value)),
      h("p", { class: "muted" }, best ? `best ${objective.metric}` : "no value yet"),
    ),
  );
}

function unsuccessful({ trials }) {
  const states = ["diverged", "failed"].filter((name) => trials[name]);
  return states.map((name) => ` · ${count(trials[name])} ${name}`).join("");
}

const EXAMPLE = {
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
    logo(),
    h("h1", {}, "No studies yet"),
    h(
      "p",
      { class: "lead" },
      "A study searches for the best hyperparameters of a model: a network that Caviar trains, or ",
      "a model that your own code trains. A new study appears on this page automatically.",
    ),
    recipe("Start an example from a terminal", curl()),
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
    `  -d '${wrapped(EXAMPLE, "  ").trimStart()}'`,
  ].join("\n");
}

const LINE_LENGTH = 88;

/** JSON wrapped at LINE_LENGTH. */
function wrapped(value, indent, name = "") {
  const head = `${indent}${name && `${JSON.stringify(name)}: `}`;
  const line = head + spaced(value);
  if (line.length <= LINE_LENGTH || typeof value !== "object") return line;
  const lines = Object.entries(value).map(([key, item]) => wrapped(item, `${indent}  `, key));
  return `${head}{\n${lines.join(",\n")}}`;
}

/** JSON on one line, with a space after each colon and comma. */
function spaced(value) {
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, " ")
    .replace(/([{[]) /g, "$1")
    .replace(/ ([}\]])/g, "$1");
}
