/** The head of a study: its name, its definition in a line, its progress, what one can do. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { about, count, counted, duration, moment, number, pace } from "../format.js";
import { lookNow } from "../poll.js";
import { state as page, update } from "../state.js";
import { STATES } from "../trials.js";
import { announce, badge, bar } from "./parts.js";

/** @param {typeof import("../state.js").state} state */
export function heading({ known, asking }) {
  const { study } = known;
  return h(
    "section",
    { key: "heading", class: "heading" },
    h(
      "div",
      { class: "heading-line" },
      h("h1", {}, study.name),
      badge(study.state),
      h("div", { class: "actions" }, actions(study, asking)),
    ),
    h("p", { class: "definition" }, definition(study).map((text, key) => h("span", { key }, text))),
    bar(study),
    h("div", { class: "progress-line" }, counts(study), h("p", {}, progress(study))),
    h("p", { class: "unseen", role: "status" }, milestone(study)),
    warnings(study),
  );
}

function definition(study) {
  const { objective, sampler } = study;
  return [
    `${study.direction} ${objective.metric}`,
    objective.dataset ? `data set ${objective.dataset}` : "trained by the caller",
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

/** What is allowed and probably not meant so; also that the table depends on timing. */
function warnings({ warnings }) {
  if (!warnings?.length) return null;
  return h(
    "ul",
    { class: "alarms" },
    warnings.map(({ field, message }) =>
      h("li", { key: `${field} ${message}` }, h("b", {}, field.replace(/^space\./, "")), " ", message),
    ),
  );
}

function counts(study) {
  const present = STATES.filter((name) => study.trials[name]);
  if (!present.length) {
    return h("p", { class: "soft" }, "No trials yet: the first worker to ask gets one.");
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
      pace(finished, seconds, "trials"),
      pace(epochs_trained, seconds, "epochs"),
      isRunning && eta_seconds
        ? `about ${about(eta_seconds)} left`
        : finished && `in ${duration(seconds)}`,
    ]
      .filter(Boolean)
      .map((text) => ` · ${text}`),
  ];
}

/** For those who listen: a sentence at each tenth of the way and at each change of state. */
function milestone(study) {
  const tenths = Math.floor((10 * study.progress.finished) / Math.max(1, study.progress.total));
  const best = study.best ? `, best ${number(study.best.value)}` : "";
  const share = `${10 * tenths} percent of the trials are finished`;
  return `${study.name} is ${study.state}: ${share}${tenths === 10 ? best : ""}.`;
}

function actions(study, asking) {
  const isOpen = study.state === "running" || study.state === "paused";
  const exports = ["csv", "json"].map((format) =>
    h(
      "a",
      {
        key: format,
        class: "button quiet",
        href: `/studies/${encodeURIComponent(study.name)}/export?format=${format}`,
        download: `${study.name}.${format}`,
      },
      `Save ${format.toUpperCase()}`,
    ),
  );
  if (!isOpen) return exports;
  if (asking === "stop") {
    return [
      h("span", { key: "question", class: "question" }, "Its open trials are cancelled, for good."),
      button("Stop the study", "danger", () => change(study, "stopped")),
      button("Keep it", "", () => update({ asking: "" })),
    ];
  }
  return [
    ...exports,
    study.state === "running"
      ? button("Pause", "", () => change(study, "paused"))
      : button("Resume", "", () => change(study, "running")),
    button("Stop …", "", () => update({ asking: "stop" })),
  ];
}

function button(label, kind, click) {
  return h("button", { key: label, type: "button", class: kind, on: { click } }, label);
}

const SAID = {
  paused: "Paused: running trials still finish.",
  running: "Running again.",
  stopped: "Stopped.",
};

async function change(study, wanted) {
  update({ asking: "" });
  try {
    const path = `/studies/${encodeURIComponent(study.name)}`;
    const changed = await api.change(path, { state: wanted });
    if (page.known.name === study.name) update({ known: { ...page.known, study: changed } });
    announce(SAID[wanted]);
  } catch (error) {
    announce(error.message, true);
  }
  lookNow();
}
