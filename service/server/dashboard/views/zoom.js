/** Steering by hand: a form that zooms, and the way back. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { lookNow } from "../poll.js";
import { isRanged } from "../scale.js";
import { go, state as page, update } from "../state.js";
import { announce } from "./parts.js";

/**
 * What a person can do about the rounds of a study.
 * @param {typeof import("../state.js").state} state
 * @param {any} round  the one that is shown
 * @param {any} newest
 */
export function steering({ known, asking }, round, newest) {
  const { study } = known;
  if (study.state !== "running" && study.state !== "paused") return null;
  if (asking === "zoom") return form(study, round);
  const isFresh = newest.manual && !known.trials.has(newest.first_trial);
  return h(
    "div",
    { key: "steer", class: "steer" },
    h(
      "button",
      {
        key: "zoom",
        type: "button",
        class: "quiet",
        on: { click: () => update({ asking: "zoom" }) },
      },
      "Zoom by hand …",
    ),
    isFresh &&
      h(
        "button",
        { key: "undo", type: "button", class: "quiet", on: { click: () => undo(study) } },
        `Take round ${newest.number} back`,
      ),
  );
}

function form(study, round) {
  return h(
    "form",
    {
      key: "zoom-form",
      class: "zoom",
      "aria-label": "Zoom by hand",
      on: { submit: (event) => submit(event, study, round) },
    },
    h(
      "p",
      { class: "soft" },
      "The next trials are drawn from here, in place of the rest of the current round.",
    ),
    zoomable(study).map(([name, spec]) => ends(name, spec, round)),
    h(
      "label",
      { class: "zoom-why" },
      h("span", {}, "Why"),
      h("input", { name: "reason", maxlength: 500, placeholder: "for those who read it later" }),
    ),
    h(
      "div",
      { class: "steer" },
      h("button", { key: "go", type: "submit", class: "primary" }, "Zoom here"),
      h(
        "button",
        { key: "no", type: "button", on: { click: () => update({ asking: "" }) } },
        "Cancel",
      ),
    ),
  );
}

/** The parameters that have an order to zoom by. */
function zoomable(study) {
  return Object.entries(study.space).filter(([, spec]) => isRanged(spec) || spec.ordered);
}

/** Two fields with the ends of the box as it is. */
function ends(name, spec, round) {
  const field = (end, index) => {
    const value = round.ranges[name].at(index);
    const named = { name: `${end} ${name}`, "aria-label": `${name}, ${end} end` };
    return spec.ordered ? choice(named, value, spec) : number(named, value, spec);
  };
  return h(
    "div",
    { key: name, class: "zoom-ends" },
    h("span", {}, name),
    field("low", 0),
    h("span", { "aria-hidden": "true" }, "–"),
    field("high", -1),
  );
}

function number(named, value, spec) {
  return h("input", {
    ...named,
    inputmode: "decimal",
    autocomplete: "off",
    required: true,
    value: shown(value, spec),
  });
}

/** A choice by its place, for choices may be numbers. */
function choice(named, value, { choices }) {
  return h(
    "select",
    named,
    choices.map((each, place) =>
      h("option", { value: String(place), selected: each === value }, String(each)),
    ),
  );
}

/** A number as one would type it: four digits, of 1 - x where that is what counts. */
function shown(value, spec) {
  if (spec.type === "int") return String(value);
  if (spec.scale === "reverse_log") return String(Number((1 - tidy(1 - value)).toPrecision(12)));
  return String(tidy(value));
}

function tidy(value) {
  return Number(value.toPrecision(4));
}

async function submit(event, study, round) {
  event.preventDefault();
  const given = new FormData(event.target);
  const box = {};
  for (const [name, spec] of zoomable(study)) {
    const whole = [round.whole[name].at(0), round.whole[name].at(-1)];
    const pair = ["low", "high"].map((end, index) =>
      typed(given.get(`${end} ${name}`), whole[index], spec),
    );
    if (String(pair) !== String(whole)) box[name] = pair;
  }
  const reason = String(given.get("reason") ?? "").trim();
  if (!Object.keys(box).length) {
    announce("Nothing to zoom: every range is whole.", true);
    return;
  }
  const body = reason ? { box, reason } : { box };
  await act(study, "rounds", body, "Zoomed: the next trials are drawn from there.");
}

/** What a field says: a choice, or a number; the end of the range where it says just that. */
function typed(text, whole, spec) {
  if (spec.ordered) return spec.choices[Number(text)];
  const number = String(text).trim().replace(",", ".");
  return number === shown(whole, spec) ? whole : Number(number || NaN);
}

async function undo(study) {
  await act(study, "rounds/undo", {}, "Taken back.");
}

async function act(study, what, body, said) {
  try {
    await api.post(`/studies/${encodeURIComponent(study.name)}/${what}`, body);
    const { rounds } = await api.get(`/studies/${encodeURIComponent(study.name)}/rounds`);
    if (page.known.name === study.name) update({ known: { ...page.known, rounds } });
    go({ round: null });
    announce(said);
  } catch (error) {
    announce(error.message, true);
  }
  lookNow();
}
