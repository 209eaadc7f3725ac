/** The panel of one trial, beside the study that it belongs to. */

import { h } from "../dom.js";
import { draw, traceNames } from "../charts.js";
import { curveFigure } from "../curve.js";
import { duration, moment, number } from "../format.js";
import { isSame, setting, tidied } from "../settings.js";
import { go } from "../state.js";
import { detailOf, seconds } from "../trials.js";
import { metricFacts, parameterFacts } from "./best.js";
import { badge, copyButton, facts, legend, link } from "./components.js";
import { journal } from "./journal.js";
import { trialActions } from "./trial_actions.js";

/** @param {typeof import("../state.js").state} state */
export function trialPanel(state) {
  const { known, route } = state;
  const trial = known.trials.get(route.trial);
  const close = () => go({ trial: null });
  return h(
    "aside",
    { key: "panel", class: "panel", "aria-labelledby": "panel-title" },
    h(
      "div",
      { class: "panel-head" },
      h("h2", { id: "panel-title", tabindex: "-1" }, `Trial ${route.trial}`),
      trial && badge(trial.state),
      h(
        "span",
        { class: "steps" },
        step(known, route.trial - 1, "‹", "Previous trial"),
        step(known, route.trial + 1, "›", "Next trial"),
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Close", on: { click: close } },
          "✕",
        ),
      ),
    ),
    trial ? body(trial, state) : h("p", { class: "muted" }, placeholder(known)),
  );
}

function placeholder({ study, missing }) {
  return study || missing ? "This trial does not exist yet." : "Loading the trial …";
}

function step(known, number, text, label) {
  if (!known.trials.has(number)) {
    return h("span", { class: "button quiet is-off", "aria-hidden": "true" }, text);
  }
  return link({ trial: number }, { class: "button quiet", "aria-label": label }, text);
}

function body(trial, state) {
  const { known } = state;
  const { study } = known;
  const { metric } = study.objective;
  const curve = known.curve?.number === trial.number ? known.curve.curve : null;
  const figure = curveFigure(curve, trial, study);
  return [
    h(
      "p",
      { key: "value", class: "panel-value" },
      trial.value !== null && h("b", {}, number(trial.value)),
      h("span", {}, trial.value === null ? `no ${metric}` : metric),
      study.best?.number === trial.number && h("span", { class: "best-note" }, "★ best"),
      trial.void && h("em", { class: "tag" }, "excluded"),
      trial.enqueued && h("em", { class: "tag" }, "enqueued"),
    ),
    trial.reason && h("p", { key: "reason", class: "reason is-quoted" }, trial.reason),
    trialActions(state, trial),
    h("h3", { key: "curve-title" }, "Learning curve"),
    legend(figure ? traceNames(figure) : []),
    h("div", {
      key: "curve",
      id: "trial-curve",
      class: "chart is-small",
      "data-empty": figure ? null : "true",
      onPatch: (element) => draw(element, figure),
    }),
    journal(known, trial),
    facts("Parameters", parameterFacts(trial.params, study.space)),
    facts("Adjusted to", adjustedFacts(detailOf(known, trial), study.space)),
    copyButton("Copy as JSON", () => JSON.stringify(tidied(trial.params), null, 2)),
    facts("Other metrics", metricFacts(trial.metrics, metric)),
    facts("Details", details(trial)),
  ];
}

/** The hyperparameters that differ from the trial's parameters because of adjustments. */
function adjustedFacts(detail, space) {
  const changed = Object.entries(detail?.current_params ?? {}).filter(
    ([name, value]) => !isSame(value, detail.params[name]),
  );
  return changed.map(([name, value]) => [name, setting(value, space[name])]);
}

function details(trial) {
  return [
    ["epochs", trial.last_epoch > 1 ? `${trial.epoch} of ${trial.last_epoch}` : null],
    ["forked from", trial.parent === null ? null : `trial ${trial.parent}`],
    ["replica of", trial.replica_of === null ? null : `trial ${trial.replica_of}`],
    ["best epoch", trial.best_epoch],
    ["round", trial.round],
    ["attempt", trial.attempt],
    ["worker", trial.worker],
    ["started", trial.started_at && moment(trial.started_at)],
    ["ended", trial.finished_at && moment(trial.finished_at)],
    ["took", trial.finished_at && duration(seconds(trial))],
  ];
}
