/** The best trial so far, and its setting to copy. */

import { h } from "../dom.js";
import { number } from "../format.js";
import { setting, tidied } from "../settings.js";
import { copyButton, facts, link } from "./components.js";

/** @param {any} study */
export function best(study) {
  return h(
    "section",
    { key: "best", class: "card best", "aria-labelledby": "best-title" },
    h("h2", { id: "best-title" }, study.state === "completed" ? "Best" : "Best so far"),
    study.best
      ? bestTrial(study.best, study.objective.metric, study.space)
      : h("p", { class: "muted" }, "No trial has completed yet."),
  );
}

function bestTrial(trial, metric, space) {
  return [
    h(
      "p",
      { class: "best-value" },
      h("b", { id: "best-value" }, number(trial.value)),
      h("span", {}, metric),
    ),
    h(
      "p",
      { class: "muted" },
      link({ trial: trial.number }, {}, `trial ${trial.number}`),
      ` · round ${trial.round}`,
      trial.best_epoch ? ` · epoch ${trial.best_epoch}` : "",
    ),
    facts("Parameters", parameterFacts(trial.params, space)),
    facts("Other metrics", metricFacts(trial.metrics, metric)),
    copyButton("Copy as JSON", () => JSON.stringify(tidied(trial.params), null, 2)),
  ];
}

/** Parameters in the order of the space, then those that are not in it. */
export function parameterFacts(params, space) {
  const names = [...new Set([...Object.keys(space), ...Object.keys(params)])];
  return names.map((name) => [name, name in params ? setting(params[name], space[name]) : null]);
}

/** The other metrics; those on the same part of the data as the objective's metric come first. */
export function metricFacts(metrics, metric) {
  const part = metric.split("_")[0];
  const isOtherPart = (name) => Number(name.split("_")[0] !== part);
  const names = Object.keys(metrics).filter((name) => name !== metric);
  names.sort((a, b) => isOtherPart(a) - isOtherPart(b));
  return names.map((name) => [name, number(metrics[name])]);
}
