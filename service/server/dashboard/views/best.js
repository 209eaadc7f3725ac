/** The best setting so far, ready to be taken along. */

import { h } from "../dom.js";
import { number, setting } from "../format.js";
import { copyButton, link, withTitle } from "./parts.js";

/** @param {any} study */
export function best(study) {
  const { best, objective, space } = study;
  return h(
    "section",
    { key: "best", class: "card best", "aria-labelledby": "best-title" },
    h("h2", { id: "best-title" }, study.state === "completed" ? "Best" : "Best so far"),
    best
      ? found(best, objective, space)
      : h("p", { class: "soft" }, "No trial has completed yet. The best setting will be here."),
  );
}

function found(best, objective, space) {
  return [
    h(
      "p",
      { class: "best-value" },
      h("b", { id: "best-value" }, number(best.value)),
      h("span", {}, objective.metric),
    ),
    h(
      "p",
      { class: "soft" },
      link({ trial: best.number }, {}, `trial ${best.number}`),
      ` · round ${best.round}`,
      best.best_epoch ? ` · epoch ${best.best_epoch}` : "",
    ),
    withTitle("Parameters", parameters(best.params, space)),
    withTitle("Other metrics", metrics(best.metrics, objective.metric)),
    copyButton("Copy as JSON", () => JSON.stringify(best.params, null, 2)),
  ];
}

/** Parameters in the order of the space; those of the user's own settings after them. */
export function parameters(params, space) {
  const names = [...new Set([...Object.keys(space), ...Object.keys(params)])];
  return names.map((name) => [name, name in params ? setting(params[name], space[name]) : null]);
}

/** The other metrics; those of the same part of the data as the objective's come first. */
export function metrics(values, metric) {
  const part = metric.split("_")[0];
  const isOther = (name) => Number(name.split("_")[0] !== part);
  const names = Object.keys(values).filter((name) => name !== metric);
  names.sort((a, b) => isOther(a) - isOther(b));
  return names.map((name) => [name, number(values[name])]);
}
