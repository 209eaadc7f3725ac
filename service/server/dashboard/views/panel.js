/** One trial, beside the study that it belongs to. */

import { h } from "../dom.js";
import { draw, namesIn } from "../charts.js";
import { curveFigure } from "../curve.js";
import { duration, moment, number } from "../format.js";
import { go } from "../state.js";
import { seconds } from "../trials.js";
import { metrics, parameters } from "./best.js";
import { controls, journal } from "./hand.js";
import { badge, copyButton, legend, link, withTitle } from "./parts.js";

/** @param {typeof import("../state.js").state} state */
export function panel(state) {
  const { known, place } = state;
  const trial = known.trials.get(place.trial);
  const close = () => go({ trial: null });
  return h(
    "aside",
    { key: "panel", class: "panel", "aria-labelledby": "panel-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "panel-title", tabindex: "-1" }, `Trial ${place.trial}`),
      trial && badge(trial.state),
      h(
        "span",
        { class: "steps" },
        neighbor(known, place.trial - 1, "‹", "Previous trial"),
        neighbor(known, place.trial + 1, "›", "Next trial"),
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Close", on: { click: close } },
          "✕",
        ),
      ),
    ),
    trial ? body(trial, state) : h("p", { class: "soft" }, unknown(known)),
  );
}

function unknown({ study, missing }) {
  return study || missing ? "There is no such trial yet." : "Looking for the trial …";
}

function neighbor(known, to, text, label) {
  if (!known.trials.has(to)) {
    return h("span", { class: "button quiet is-off", "aria-hidden": "true" }, text);
  }
  return link({ trial: to }, { class: "button quiet", "aria-label": label }, text);
}

function body(trial, state) {
  const { known } = state;
  const { study } = known;
  const isBest = study.best?.number === trial.number;
  const curve = known.curve?.number === trial.number ? known.curve.curve : null;
  const figure = curveFigure(curve, trial, study);
  return [
    h(
      "p",
      { key: "value", class: "panel-value" },
      trial.value !== null && h("b", {}, number(trial.value)),
      h("span", {}, trial.value === null ? `no ${study.objective.metric}` : study.objective.metric),
      isBest && h("span", { class: "crown" }, "★ best"),
      trial.void && h("em", { class: "void" }, "void"),
      trial.enqueued && h("em", { class: "void" }, "a setting of your own"),
    ),
    trial.reason && h("p", { key: "reason", class: "reason is-why" }, trial.reason),
    controls(state, trial),
    h("h3", { key: "curve-title" }, "Learning curve"),
    legend(figure ? namesIn(figure) : []),
    h("div", {
      key: "curve",
      id: "trial-curve",
      class: "chart is-small",
      "data-empty": figure ? null : "true",
      held: (element) => draw(element, figure),
    }),
    journal(known, trial),
    withTitle("Parameters", parameters(trial.params, study.space)),
    copyButton("Copy as JSON", () => JSON.stringify(trial.params, null, 2)),
    withTitle("Other metrics", metrics(trial.metrics, study.objective.metric)),
    withTitle("How it went", story(trial, study)),
  ];
}

function story(trial, study) {
  const epochs = trial.last_epoch;
  return [
    ["epochs", epochs > 1 ? `${trial.epoch} of ${epochs}` : null],
    ["forked from", trial.parent === null ? null : `trial ${trial.parent}`],
    ["trains again", trial.replica_of === null ? null : `trial ${trial.replica_of}`],
    ["best epoch", trial.best_epoch === null ? null : String(trial.best_epoch)],
    ["round", String(trial.round)],
    ["attempt", String(trial.attempt)],
    ["worker", trial.worker],
    ["started", trial.started_at && moment(trial.started_at)],
    ["ended", trial.finished_at && moment(trial.finished_at)],
    ["took", trial.finished_at && duration(seconds(trial))],
  ];
}
