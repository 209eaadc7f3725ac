/**
 * The actions on one trial: buttons, and a form for each action that has parameters.
 *
 * A new action is a button in `buttons`, an entry in FORMS if it has parameters, and an entry in
 * MESSAGES.
 */

import { h } from "../dom.js";
import * as api from "../api.js";
import { perform } from "../notice.js";
import { parsed, setting } from "../settings.js";
import { go, update } from "../state.js";
import { detailOf, isOpen } from "../trials.js";
import {
  button,
  form,
  formButtons,
  openButton,
  reasonIn,
  reasonRow,
  row,
  textRow,
} from "./forms.js";

/** Hyperparameters that may change while a network trains, the most common ones first. */
const ADJUSTABLE = [
  "learning_rate",
  "momentum",
  "batch_size",
  "l2",
  "keep_prob",
  "optimizer",
  "decay",
  "decay_rate",
  "decay_every",
  "beta1",
  "beta2",
  "rms_decay",
  "epsilon",
  "batch_norm_momentum",
];

/** Hyperparameters that a fork may perturb by a factor. */
const PERTURBABLE = ADJUSTABLE.slice(0, 5);

/**
 * The actions of a trial, and what holds of it because of them.
 * @param {typeof import("../state.js").state} state
 * @param {any} trial
 */
export function trialActions({ known, openForm }, trial) {
  const { study } = known;
  const detail = detailOf(known, trial);
  return h(
    "section",
    { key: "actions", class: "trial-actions", "aria-label": "Actions" },
    FORMS[openForm] ? actionForm(openForm, study, trial, detail) : buttons(study, trial),
    isSteered(study, trial) &&
      h("p", { key: "manual", class: "muted" }, "Under manual control: the search does not wait."),
    detail?.comparison && h("p", { key: "twin", class: "reason" }, detail.comparison),
    trial.void &&
      h("p", { key: "excluded", class: "reason is-quoted" }, `Excluded: ${trial.void_reason}`),
  );
}

/** Whether a trial of a search is under manual control; a panda study has no search. */
function isSteered(study, trial) {
  return trial.manual && study.mode !== "panda" && isOpen(trial.state);
}

function buttons(study, trial) {
  const isNetwork = study.objective.kind === "network";
  const open = isOpen(trial.state);
  const isPaused = trial.state === "paused";
  const isAtEnd = trial.epoch >= trial.last_epoch;
  const canExtend = open || trial.state === "completed";
  const now = (text, action, body = {}) =>
    button(text, () => send(study, trial, action, body), "quiet");
  const ask = (text, action) => openButton(text, action, "quiet");
  return h(
    "div",
    { key: "buttons", class: "buttons" },
    open && !isPaused && now("Pause", "pause"),
    open && !isAtEnd && (isNetwork || trial.state !== "running") && ask("Pause at …", "pause"),
    isPaused && now(isAtEnd ? "Complete" : "Resume", "resume"),
    open && ask("Adjust …", "adjust"),
    isNetwork && trial.epoch > 0 && ask("Rewind …", "rewind"),
    isNetwork && canExtend && ask("Extend …", "extend"),
    isNetwork && ask("Fork …", "fork"),
    open && ask("Cancel …", "cancel"),
    !open && !trial.void && ask("Exclude …", "void"),
    trial.void && now("Include again", "unvoid"),
    isSteered(study, trial) && now("Release to the search", "resume", { release: true }),
  );
}

/** Forms by action: the text of the submit button, the fields, and the body of the request. */
const FORMS = {
  adjust: {
    submit: "Adjust",
    fields: adjustFields,
    body: (data, { space }) => {
      const name = String(data.get("name"));
      return { changes: { [name]: parsed(data.get("value"), space[name]) } };
    },
  },
  pause: {
    submit: "Pause at this epoch",
    fields: (study, trial) => [
      textRow("At epoch", "epoch", `from ${trial.epoch + 1} to ${trial.last_epoch}`),
    ],
    body: (data) => ({ epoch: parsed(data.get("epoch")) }),
  },
  rewind: {
    submit: "Rewind",
    fields: (study, trial, detail) => {
      const epochs = detail?.checkpoints.map(({ epoch }) => epoch).join(", ");
      const hint = epochs ? `checkpoints: ${epochs}` : "trains up to this epoch again";
      return [textRow("To epoch", "epoch", hint)];
    },
    body: (data) => ({ epoch: parsed(data.get("epoch")) }),
  },
  extend: {
    submit: "Extend",
    fields: () => [textRow("More epochs", "epochs", "for example 10")],
    body: (data) => ({ epochs: parsed(data.get("epochs")) }),
  },
  fork: {
    submit: "Fork",
    fields: forkFields,
    body: (data) => ({
      count: parsed(data.get("count")),
      perturb: { [data.get("name")]: parsed(data.get("factor")) },
      twin: data.get("twin") !== null,
    }),
  },
  cancel: { submit: "Cancel this trial", fields: () => [], body: () => ({}) },
  void: { submit: "Exclude", fields: () => [], body: () => ({}), needsReason: true },
};

function adjustFields(study, trial, detail) {
  const values = { ...study.objective.settings, ...(detail?.current_params ?? trial.params) };
  const names = study.objective.kind === "network" ? ADJUSTABLE : Object.keys(study.space);
  const text = (name) => {
    if (values[name] === undefined) return name;
    return `${name} (${setting(values[name], study.space[name])})`;
  };
  const options = names.map((name) => h("option", { key: name, value: name }, text(name)));
  return [
    row("Hyperparameter", h("select", { name: "name" }, options)),
    textRow("New value", "value", "for example 0.003"),
  ];
}

function forkFields() {
  const options = PERTURBABLE.map((name) => h("option", { key: name, value: name }, name));
  return [
    textRow("Children", "count", "for example 3"),
    row("Perturb", h("select", { name: "name" }, options)),
    textRow("Largest factor", "factor", "for example 3"),
    h(
      "label",
      { key: "twin", class: "checkbox" },
      h("input", { type: "checkbox", name: "twin", checked: true }),
      h("span", {}, "also an unchanged twin, for comparison"),
    ),
  ];
}

function actionForm(action, study, trial, detail) {
  const { submit, fields, body, needsReason } = FORMS[action];
  return form(
    submit,
    (data) => send(study, trial, action, { ...body(data, study), ...reasonIn(data) }),
    fields(study, trial, detail),
    reasonRow(needsReason),
    formButtons(submit),
  );
}

/** Messages after an action that succeeded. */
const MESSAGES = {
  adjust: "Adjusted: takes effect at the next epoch.",
  pause: "The trial pauses after the current epoch.",
  resume: "Resumed.",
  rewind: "Rewound.",
  extend: "Extended.",
  cancel: "Cancelled.",
  void: "Excluded.",
  unvoid: "Included again.",
};

function send(study, trial, action, body) {
  return perform(async () => {
    const path = api.studyPath(study.name, "trials", trial.number, action);
    const answer = await api.post(path, body);
    update({ openForm: "" });
    if (body.release) return "Released to the search.";
    if (action === "pause" && body.epoch) return `The trial pauses at epoch ${body.epoch}.`;
    if (action !== "fork") return MESSAGES[action];
    go({ trial: answer.children[0] });
    return `Forked: trials ${answer.children.join(", ")}.`;
  });
}
