/** Rounds: the box of each parameter round by round, and the reason of each round. */

import { h } from "../dom.js";
import { counted } from "../format.js";
import { choicesOf, isNumeric, position, varies } from "../scale.js";
import { setting } from "../settings.js";
import { go } from "../state.js";
import { zoomActions } from "./zoom.js";

/** Rounds drawn for each parameter: the newest ones, and the one that is shown. */
const DRAWN_ROUNDS = 14;

/** @param {typeof import("../state.js").state} state */
export function rounds(state) {
  const { known, route } = state;
  if (!known.rounds.length) return null;
  const newest = known.rounds.at(-1);
  const round = known.rounds.find(({ number }) => number === route.round) ?? newest;
  const elites = round.elites.map((number) => known.trials.get(number)).filter(Boolean);
  const isDrawn = (item) => item === round || newest.number - item.number < DRAWN_ROUNDS;
  const drawn = known.rounds.filter(isDrawn);
  return h(
    "section",
    { key: "rounds", class: "card rounds", "aria-labelledby": "rounds-title" },
    h("h2", { id: "rounds-title" }, "Rounds"),
    h(
      "div",
      { class: "rounds-body" },
      h(
        "div",
        { class: "rounds-reason" },
        known.rounds.length > 1 && roundButtons(known.rounds, round, newest),
        h("p", { class: "muted" }, roundFacts(round)),
        h("p", { class: "reason" }, round.reason),
        zoomActions(state, round, newest),
      ),
      h(
        "div",
        { class: "rounds-boxes" },
        h(
          "ul",
          { class: "tracks" },
          Object.entries(known.study.space)
            .filter(([, spec]) => varies(spec))
            .map(([name, spec]) => track(name, spec, round, drawn, elites)),
        ),
        h("p", { class: "tracks-key muted" }, key(elites.length, drawn.length)),
      ),
    ),
  );
}

function key(elites, rounds) {
  return [
    h("span", { key: "line" }, rounds > 1 ? "One line for each round, the oldest at the top." : ""),
    elites > 0 &&
      h(
        "span",
        { key: "elites" },
        h("i", { class: "elite", "aria-hidden": "true" }),
        `${counted(elites, "best trial")} (elites) that the round is based on`,
      ),
  ];
}

function roundButtons(all, shown, newest) {
  return h(
    "div",
    { class: "round-buttons", role: "group", "aria-label": "Round" },
    all.map(({ number, manual }) =>
      h(
        "button",
        {
          key: number,
          type: "button",
          class: manual ? "is-manual" : null,
          "aria-pressed": String(number === shown.number),
          "aria-label": `Round ${number}${manual ? ", manual" : ""}`,
          on: { click: () => go({ round: number === newest.number ? null : number }) },
        },
        number,
      ),
    ),
  );
}

function roundFacts({ number, first_trial, trials, state, manual, enqueued }) {
  const last = first_trial + trials - 1;
  const span = trials === 1 ? `trial ${last}` : `trials ${first_trial} to ${last}`;
  return [
    `Round ${number}`,
    trials ? span : "no trial",
    state,
    manual && "manual",
    enqueued && `${enqueued} enqueued`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The boxes of one parameter on its scale, round by round, and both ends of its range. */
function track(name, spec, round, drawn, elites) {
  const { whole } = drawn.at(-1);
  const [start, end] = round.box[name] ?? [0, 1];
  const isWhole = end - start > 0.999;
  return h(
    "li",
    { key: name, class: isWhole ? "is-whole" : null },
    h("span", { class: "track-name" }, name),
    h("span", { class: "track-range" }, rangeText(round.ranges[name], spec, isWhole)),
    h(
      "span",
      { class: "track", "aria-hidden": "true" },
      drawn.map((item) => line(name, spec, item, whole[name], item === round ? elites : null)),
    ),
    h(
      "span",
      { class: "track-ends" },
      isNumeric(spec) && endText(name, "low", spec, round, whole[name][0]),
      isNumeric(spec) && h("span", { key: "note" }, note(spec, whole[name])),
      isNumeric(spec) && endText(name, "high", spec, round, whole[name][1]),
    ),
  );
}

/** One round of one parameter; only the round that is shown has elites. */
function line(name, spec, round, whole, elites) {
  const [start, end] = boxOn(name, spec, round, whole);
  const dots = (elites ?? [])
    .filter((trial) => name in trial.params)
    .map((trial) => [trial.number, position(trial.params[name], spec, whole)])
    .filter(([, at]) => at >= 0 && at <= 1);
  const classes = ["track-line", elites && "is-shown", round.manual && "is-manual"];
  return h(
    "span",
    { key: round.number, class: classes.filter(Boolean).join(" ") },
    h("i", { key: "box", vars: { "--start": String(start), "--end": String(end) } }),
    dots.map(([number, at]) =>
      h("b", { key: number, class: "elite", vars: { "--at": String(at) } }),
    ),
  );
}

/** A box in the unit interval of the full range, which may be wider than in that round. */
function boxOn(name, spec, round, whole) {
  const box = round.box[name] ?? [0, 1];
  if (!isNumeric(spec) || String(round.whole[name]) === String(whole)) return box;
  return round.ranges[name].map((value) => Math.min(1, Math.max(0, position(value, spec, whole))));
}

/** An end of the range; with an alarm, also the wider end that the sampler suggests. */
function endText(name, end, spec, round, value) {
  const alarm = round.alarms.find((item) => item.parameter === name && item.end === end);
  const text = setting(value, spec);
  if (!alarm) return h("span", { key: end }, text);
  const title = `The best trials are at the ${end} end of ${name}: a wider range may be better.`;
  const further = alarm.wider === null ? "!" : ` → ${setting(alarm.wider, spec)}?`;
  return h("strong", { key: end, class: "alarm", title }, text, further);
}

function rangeText(range, spec, isWhole) {
  if (!range) return "";
  if (choicesOf(spec)) {
    const texts = range.map((choice) => setting(choice, spec));
    return texts.length > 4 ? `${texts.length} choices` : texts.join(", ");
  }
  const [low, high] = range.map((value) => setting(value, spec));
  return isWhole ? "full range" : `${low} – ${high}`;
}

/** The scale, and whether the search has widened the range. */
function note(spec, [low, high]) {
  const scale = { log: "log", reverse_log: "log of 1 − x" }[spec.scale] ?? "";
  const isWider = low < spec.low || high > spec.high;
  return [scale, isWider && "widened"].filter(Boolean).join(" · ");
}
