/** A manual zoom: the form that draws a box for the next round, and its undo. */

import { h } from "../dom.js";
import * as api from "../api.js";
import { notify, perform } from "../notice.js";
import { isNumeric } from "../scale.js";
import { isSame, setting } from "../settings.js";
import { go, updateKnown } from "../state.js";
import { button, form, formButtons, openButton, reasonIn, reasonRow } from "./forms.js";

/**
 * The actions on the rounds of a study.
 * @param {typeof import("../state.js").state} state
 * @param {any} round  the one that is shown
 * @param {any} newest
 */
export function zoomActions({ known, openForm }, round, newest) {
  const { study } = known;
  if (study.state !== "running" && study.state !== "paused") return null;
  if (openForm === "zoom") return zoomForm(study, round);
  const canUndo = newest.manual && !known.trials.has(newest.first_trial);
  return h(
    "div",
    { key: "buttons", class: "buttons" },
    openButton("Zoom …", "zoom", "quiet"),
    canUndo && button(`Undo round ${newest.number}`, () => undo(study, newest), "quiet"),
  );
}

function zoomForm(study, round) {
  return form(
    "Zoom",
    (data) => zoom(study, round, data),
    h(
      "p",
      { class: "muted" },
      "The next trials are drawn from these ranges, in place of the rest of the current round.",
    ),
    zoomable(study).map(([name, spec]) => rangeRow(name, spec, round)),
    reasonRow(),
    formButtons("Zoom here"),
  );
}

/** The parameters that have an order. */
function zoomable(study) {
  return Object.entries(study.space).filter(([, spec]) => isNumeric(spec) || spec.ordered);
}

/** Two fields with the ends of the round's box. */
function rangeRow(name, spec, round) {
  const field = (end, index) => {
    const value = round.ranges[name].at(index);
    const props = { name: `${end} ${name}`, "aria-label": `${name}, ${end} end` };
    return spec.ordered ? choiceField(props, value, spec) : numberField(props, value, spec);
  };
  return h(
    "div",
    { key: name, class: "form-range" },
    h("span", {}, name),
    field("low", 0),
    h("span", { "aria-hidden": "true" }, "–"),
    field("high", -1),
  );
}

function numberField(props, value, spec) {
  const text = fieldText(value, spec);
  const typing = { inputmode: "decimal", autocomplete: "off", required: true };
  return h("input", { ...props, ...typing, value: text });
}

/** A choice by its index, because choices may be numbers. */
function choiceField(props, value, spec) {
  const option = (choice, index) =>
    h("option", { value: String(index), selected: isSame(choice, value) }, setting(choice, spec));
  return h("select", props, spec.choices.map(option));
}

function fieldText(value, spec) {
  return spec.type === "int" ? String(value) : setting(value, spec);
}

function zoom(study, round, data) {
  const box = {};
  for (const [name, spec] of zoomable(study)) {
    const whole = [round.whole[name].at(0), round.whole[name].at(-1)];
    const ends = ["low", "high"].map((end, index) =>
      parsed(data.get(`${end} ${name}`), whole[index], spec),
    );
    if (!isSame(ends, whole)) box[name] = ends;
  }
  if (!Object.keys(box).length) {
    notify("Nothing to zoom: every range is the full range.", true);
    return;
  }
  const message = "Zoomed. The next trials are drawn from the new box.";
  changeRounds(study, "rounds", { box, ...reasonIn(data) }, message);
}

/** The value of a field: a choice or a number; an unchanged end of the range without rounding. */
function parsed(text, whole, spec) {
  if (spec.ordered) return spec.choices[Number(text)];
  const number = String(text).trim().replace(",", ".");
  return number === fieldText(whole, spec) ? whole : Number(number || NaN);
}

function undo(study, round) {
  return changeRounds(study, "rounds/undo", {}, `Round ${round.number} is undone.`);
}

function changeRounds(study, what, body, message) {
  return perform(async () => {
    await api.post(api.studyPath(study.name, what), body);
    const { rounds } = await api.get(api.studyPath(study.name, "rounds"));
    updateKnown(study.name, { rounds });
    go({ round: null });
    return message;
  });
}
