/** The heading of a study: its name, definition, progress, actions and warnings. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { count, counted, duration, estimate, moment, number, rate } from "../format.js";
import { perform } from "../notice.js";
import { withTexts } from "../settings.js";
import { update, updateKnown } from "../state.js";
import { STATES } from "../trials.js";
import { badge, progressBar } from "./components.js";
import { button, openButton } from "./forms.js";

/** @param {typeof import("../state.js").state} state */
export function heading({ known, openForm }) {
  const { study } = known;
  return h(
    "section",
    { key: "heading", class: "heading" },
    h(
      "div",
      { class: "heading-line" },
      h("h1", {}, study.name),
      badge(study.state),
      h("div", { class: "actions" }, actions(study, openForm)),
    ),
    h("p", { class: "definition" }, definition(study).map((text, key) => h("span", { key }, text))),
    progressBar(study),
    h("div", { class: "progress-line" }, counts(study), h("p", {}, progress(study))),
    h("p", { class: "visually-hidden", role: "status" }, milestone(study)),
    study.reason && h("p", { key: "reason", class: "note" }, study.reason),
    warnings(study),
  );
}

function definition(study) {
  const { objective, sampler } = study;
  return [
    `${study.direction} ${objective.metric}`,
    objective.dataset ? `data set ${objective.dataset}` : "trained by your own code",
    objective.epochs > 1 && `${count(objective.epochs)} epochs`,
    `sampler ${sampler.kind}`,
    study.pruner?.kind && study.pruner.kind !== "none" && `pruner ${study.pruner.kind}`,
    study.asynchronous && "asynchronous",
    study.warm_start &&
      `warm start from ${study.warm_start.study} (${counted(study.warm_start_trials, "trial")})`,
    `seed ${study.seed}`,
    `created ${moment(study.created_at)}`,
  ].filter(Boolean);
}

/** Warnings about the definition, such as a scale that draws few small values. */
function warnings({ warnings }) {
  if (!warnings?.length) return null;
  return h(
    "ul",
    { class: "warnings" },
    warnings.map(({ field, message }) => {
      const name = field.replace(/^space\./, "");
      return h("li", { key: `${field} ${message}` }, h("b", {}, name), " ", message);
    }),
  );
}

function counts(study) {
  const present = STATES.filter((name) => study.trials[name]);
  if (!present.length) {
    return h("p", { class: "muted" }, "No trials yet: waiting for a worker.");
  }
  return h(
    "ul",
    { class: "counts" },
    present.map((name) =>
      h("li", { key: name }, badge(name), h("b", {}, count(study.trials[name]))),
    ),
  );
}

function progress(study) {
  const { finished, total, seconds, epochs_trained, eta_seconds } = study.progress;
  const isRunning = study.state === "running";
  return [
    h("strong", {}, `${count(finished)} of ${count(total)} trials`),
    [
      rate(finished, seconds, "trials"),
      study.objective.epochs > 1 && rate(epochs_trained, seconds, "epochs"),
      isRunning && eta_seconds
        ? `about ${estimate(eta_seconds)} left`
        : finished && `took ${duration(seconds)}`,
    ]
      .filter(Boolean)
      .map((text) => ` · ${text}`),
  ];
}

/** For screen readers: a sentence at each tenth of the trials and at each change of state. */
function milestone(study) {
  const tenths = Math.floor((10 * study.progress.finished) / Math.max(1, study.progress.total));
  const best = study.best ? `, best ${number(study.best.value)}` : "";
  const share = `${10 * tenths} percent of the trials are finished`;
  return `${study.name} is ${study.state}: ${share}${tenths === 10 ? best : ""}.`;
}

function actions(study, openForm) {
  const isOpen = study.state === "running" || study.state === "paused";
  const exports = ["csv", "json"].map((format) =>
    h(
      "a",
      {
        key: format,
        class: "button quiet",
        href: `${api.studyPath(study.name, "export")}?format=${format}`,
        download: `${study.name}.${format}`,
      },
      `Download ${format.toUpperCase()}`,
    ),
  );
  if (!isOpen) return exports;
  if (openForm === "stop") {
    return [
      h("span", { key: "confirmation", class: "confirmation" },
        "Open trials will be cancelled. This cannot be undone."),
      button("Stop the study", () => change(study, "stopped"), "danger"),
      openButton("Keep running", ""),
    ];
  }
  return [
    ...exports,
    study.state === "running"
      ? button("Pause", () => change(study, "paused"))
      : button("Resume", () => change(study, "running")),
    openButton("Stop …", "stop"),
  ];
}

/** Messages by the new state. */
const MESSAGES = {
  paused: "Paused. Running trials finish first.",
  running: "Resumed.",
  stopped: "Stopped.",
};

function change(study, newState) {
  update({ openForm: "" });
  return perform(async () => {
    const changed = await api.change(api.studyPath(study.name), { state: newState });
    updateKnown(study.name, { study: withTexts(changed) });
    return MESSAGES[newState];
  });
}
