/** One trial taken by the hand: what a person may do to it, and what was done. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { moment, setting } from "../format.js";
import { lookNow } from "../poll.js";
import { go, update } from "../state.js";
import { announce } from "./parts.js";

/** What may change while a network trains, in the order in which one would try it. */
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

const OPEN = ["waiting", "running", "paused"];

/**
 * The controls of a trial.
 * @param {typeof import("../state.js").state} state
 * @param {any} trial
 */
export function controls({ known, asking }, trial) {
  const { study } = known;
  const detail = known.detail?.number === trial.number ? known.detail.trial : null;
  const [act] = FORMS[asking] ? [asking] : [""];
  return h(
    "section",
    { key: "hand", class: "hand", "aria-label": "By hand" },
    act ? form(act, study, trial, detail) : buttons(study, trial),
    trial.manual &&
      study.mode !== "panda" &&
      OPEN.includes(trial.state) &&
      h(
        "p",
        { key: "taken", class: "soft" },
        "A person has it by the hand: the search does not wait for it. ",
        button("Give it back", () => send(study, trial, "resume", { release: true })),
      ),
    detail?.comparison && h("p", { key: "twin", class: "reason" }, detail.comparison),
    trial.void &&
      h("p", { key: "void", class: "reason is-why" }, `Void: ${trial.void_reason}`),
  );
}

/** @param {any} known */
export function journal(known, trial) {
  const entries = known.detail?.number === trial.number ? known.detail.trial.journal : [];
  if (!entries.length) return null;
  return [
    h("h3", { key: "journal-title" }, "Journal"),
    h(
      "ol",
      { key: "journal", class: "journal" },
      entries.map((entry) =>
        h(
          "li",
          { key: entry.id, class: entry.undone ? "is-undone" : null },
          h("b", {}, entry.epoch === null ? "" : `epoch ${entry.epoch} `),
          words(entry),
          entry.action === "adjust" && entry.epoch === null && h("em", {}, " at the next epoch"),
          h(
            "span",
            { class: "soft" },
            ` ${entry.author}${entry.reason ? `: ${entry.reason}` : ""}, ${moment(entry.at)}`,
            entry.undone && " (undone)",
          ),
        ),
      ),
    ),
  ];
}

function words({ action: act, detail }) {
  if (act === "adjust") {
    const changes = Object.entries(detail.new).map(([name, value]) => {
      const old = detail.old[name];
      return `${name} ${old === undefined ? "" : `${setting(old)} → `}${setting(value)}`;
    });
    return changes.join(", ");
  }
  if (act === "rewind") return `rewound, from ${detail.before}`;
  if (act === "extend") return `extended by ${detail.epochs}`;
  if (act === "fork") return `forked into ${detail.children.join(", ")}`;
  return { pause: "paused", resume: "resumed", cancel: "cancelled" }[act] ?? act;
}

function buttons(study, trial) {
  const isNetwork = study.objective.kind === "network";
  const isOpen = OPEN.includes(trial.state);
  const isPaused = trial.state === "paused";
  const atEnd = trial.epoch >= trial.last_epoch;
  const canExtend = isOpen || trial.state === "completed";
  const now = (act) => () => send(study, trial, act, {});
  const ask = (act) => () => update({ asking: act });
  return h(
    "div",
    { key: "buttons", class: "steer" },
    isOpen && !isPaused && button("Pause", now("pause")),
    isPaused && button(atEnd ? "Complete" : "Resume", now("resume")),
    isOpen && button("Adjust …", ask("adjust")),
    isNetwork && trial.epoch > 0 && button("Rewind …", ask("rewind")),
    isNetwork && canExtend && button("Extend …", ask("extend")),
    isNetwork && button("Fork …", ask("fork")),
    isOpen && button("Cancel …", ask("cancel")),
    !isOpen && !trial.void && button("Void …", ask("void")),
    trial.void && button("Let it count again", now("unvoid")),
  );
}

function button(text, click) {
  return h("button", { key: text, type: "button", class: "quiet", on: { click } }, text);
}

/** By act: its fields, the words on its button, and the body that its fields make. */
const FORMS = {
  adjust: {
    go: "Adjust",
    fields: (trial, detail, study) => {
      const known = { ...study.objective.settings, ...(detail?.current_params ?? trial.params) };
      const names = study.objective.kind === "network" ? ADJUSTABLE : Object.keys(study.space);
      return [
        label(
          "What",
          h(
            "select",
            { name: "name" },
            names.map((name) =>
              h(
                "option",
                { key: name, value: name },
                known[name] === undefined ? name : `${name} (${setting(known[name])})`,
              ),
            ),
          ),
        ),
        field("To", "value", "such as 0.003"),
      ];
    },
    body: (given) => ({ changes: { [given.get("name")]: typed(given.get("value")) } }),
  },
  rewind: {
    go: "Rewind",
    fields: (trial, detail) => {
      const kept = detail?.checkpoints.map((each) => each.epoch).join(", ");
      const hint = kept ? `kept: ${kept}` : "it trains up to there again";
      return [field("To epoch", "epoch", hint)];
    },
    body: (given) => ({ epoch: typed(given.get("epoch")) }),
  },
  extend: {
    go: "Extend",
    fields: () => [field("By epochs", "epochs", "10")],
    body: (given) => ({ epochs: typed(given.get("epochs")) }),
  },
  fork: {
    go: "Fork",
    fields: () => [
      field("Children", "count", "3"),
      label("Perturb", h("select", { name: "name" }, ADJUSTABLE.slice(0, 5).map(option))),
      field("By a factor of up to", "factor", "3"),
      h(
        "label",
        { key: "twin", class: "hand-check" },
        h("input", { type: "checkbox", name: "twin", checked: true }),
        h("span", {}, "and a twin that changes nothing, to compare"),
      ),
    ],
    body: (given) => ({
      count: typed(given.get("count")),
      perturb: { [given.get("name")]: typed(given.get("factor")) },
      twin: given.get("twin") !== null,
    }),
  },
  cancel: { go: "Cancel this trial", fields: () => [], body: () => ({}) },
  void: { go: "Let it not count", fields: () => [], body: () => ({}) },
};

function option(name) {
  return h("option", { key: name, value: name }, name);
}

function label(text, input) {
  return h("label", { key: text, class: "zoom-why" }, h("span", {}, text), input);
}

function field(text, name, placeholder) {
  return label(text, h("input", { name, placeholder, required: true, autocomplete: "off" }));
}

function form(act, study, trial, detail) {
  const { go: words, fields, body } = FORMS[act];
  const submit = (event) => {
    event.preventDefault();
    const given = new FormData(event.target);
    const why = String(given.get("why") ?? "").trim();
    send(study, trial, act, { ...body(given), ...(why ? { reason: why } : {}) });
  };
  return h(
    "form",
    { key: act, class: "zoom", "aria-label": words, on: { submit } },
    fields(trial, detail, study),
    label(
      "Why",
      h("input", {
        name: "why",
        maxlength: 500,
        required: act === "void",
        placeholder: "for those who read it later",
      }),
    ),
    h(
      "div",
      { class: "steer" },
      h("button", { key: "go", type: "submit", class: "primary" }, words),
      h(
        "button",
        { key: "no", type: "button", on: { click: () => update({ asking: "" }) } },
        "Never mind",
      ),
    ),
  );
}

/** What somebody typed: a number, true or false, or a word. */
function typed(value) {
  const text = String(value).trim();
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text.replace(",", "."));
  return text === "" || Number.isNaN(number) ? text : number;
}

const SAID = {
  adjust: "Adjusted, from the next epoch on.",
  pause: "It will pause after this epoch.",
  resume: "It goes on.",
  rewind: "Rewound.",
  extend: "Extended.",
  cancel: "Cancelled.",
  void: "It counts no more.",
  unvoid: "It counts again.",
};

async function send(study, trial, act, body) {
  const path = `/studies/${encodeURIComponent(study.name)}/trials/${trial.number}/${act}`;
  try {
    const answer = await api.post(path, body);
    update({ asking: "" });
    if (act === "fork") go({ trial: answer.children[0] });
    announce(SAID[act] ?? `Forked: trials ${answer.children.join(", ")}.`);
  } catch (error) {
    announce(error.message, true);
  }
  lookNow();
}
