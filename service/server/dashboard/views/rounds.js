/** From coarse to fine: what each round drew from, and why. */

import { h } from "../dom.js";
import { counted, setting } from "../format.js";
import { choicesOf, isRanged, place, varies } from "../scale.js";
import { go } from "../state.js";
import { steering } from "./zoom.js";

/** Rounds drawn in the picture of a parameter: the newest, and always the one that is shown. */
const DRAWN = 14;

/** @param {typeof import("../state.js").state} state */
export function rounds(state) {
  const { known, place: at } = state;
  if (!known.rounds.length) return null;
  const newest = known.rounds.at(-1);
  const round = known.rounds.find((each) => each.number === at.round) ?? newest;
  const elites = round.elites.map((number) => known.trials.get(number)).filter(Boolean);
  const isDrawn = (each) => each === round || newest.number - each.number < DRAWN;
  const drawn = known.rounds.filter(isDrawn);
  return h(
    "section",
    { key: "rounds", class: "card rounds", "aria-labelledby": "rounds-title" },
    h("h2", { id: "rounds-title" }, "From coarse to fine"),
    h(
      "div",
      { class: "rounds-body" },
      h(
        "div",
        { class: "rounds-why" },
        known.rounds.length > 1 && choice(known.rounds, round, newest),
        h("p", { class: "soft" }, facts(round)),
        h("p", { class: "reason" }, round.reason),
        steering(state, round, newest),
      ),
      h(
        "div",
        { class: "rounds-where" },
        h(
          "ul",
          { class: "tracks" },
          Object.entries(known.study.space)
            .filter(([, spec]) => varies(spec))
            .map(([name, spec]) => track(name, spec, round, drawn, elites)),
        ),
        h("p", { class: "key soft" }, key(elites.length, drawn.length)),
      ),
    ),
  );
}

function key(elites, rounds) {
  return [
    h("span", { key: "line" }, rounds > 1 ? "A line is a round, from the first at the top." : ""),
    elites > 0 &&
      h(
        "span",
        { key: "elites" },
        h("i", { class: "elite", "aria-hidden": "true" }),
        `the ${counted(elites, "elite")} that the round came from`,
      ),
  ];
}

function choice(all, chosen, newest) {
  return h(
    "div",
    { class: "choice", role: "group", "aria-label": "Round" },
    all.map(({ number, manual }) =>
      h(
        "button",
        {
          key: number,
          type: "button",
          class: manual ? "is-by-hand" : null,
          "aria-pressed": String(number === chosen.number),
          "aria-label": `Round ${number}${manual ? ", by hand" : ""}`,
          on: { click: () => go({ round: number === newest.number ? null : number }) },
        },
        number,
      ),
    ),
  );
}

function facts({ number, first_trial, trials, state, manual, enqueued }) {
  const last = first_trial + trials - 1;
  const span = trials === 1 ? `trial ${last}` : `trials ${first_trial} to ${last}`;
  return [
    `Round ${number}`,
    trials ? span : "no trial",
    state,
    manual && "by hand",
    enqueued && `${enqueued} beside its own`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The boxes of one parameter on its own scale, round by round, and both ends of the range. */
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
      drawn.map((each) => line(name, spec, each, whole[name], each === round ? elites : null)),
    ),
    h(
      "span",
      { class: "track-ends" },
      isRanged(spec) && endText(name, "low", spec, round, whole[name][0]),
      isRanged(spec) && h("span", { key: "note" }, note(spec, whole[name])),
      isRanged(spec) && endText(name, "high", spec, round, whole[name][1]),
    ),
  );
}

/** One round of one parameter; with elites, it is the one that is shown. */
function line(name, spec, round, whole, elites) {
  const [start, end] = boxOn(name, spec, round, whole);
  const dots = (elites ?? [])
    .filter((trial) => name in trial.params)
    .map((trial) => [trial.number, place(trial.params[name], spec, whole)])
    .filter(([, at]) => at >= 0 && at <= 1);
  const classes = ["track-line", elites && "is-shown", round.manual && "is-by-hand"];
  return h(
    "span",
    { key: round.number, class: classes.filter(Boolean).join(" ") },
    h("i", { key: "box", vars: { "--start": String(start), "--end": String(end) } }),
    dots.map(([number, at]) =>
      h("b", { key: number, class: "elite", vars: { "--at": String(at) } }),
    ),
  );
}

/** A box in the unit interval of a range that may have grown since. */
function boxOn(name, spec, round, whole) {
  const box = round.box[name] ?? [0, 1];
  if (!isRanged(spec) || String(round.whole[name]) === String(whole)) return box;
  return round.ranges[name].map((value) => Math.min(1, Math.max(0, place(value, spec, whole))));
}

/** An end of the range; where the best press against it, how much further it might better be. */
function endText(name, end, spec, round, value) {
  const alarm = round.alarms.find((each) => each.parameter === name && each.end === end);
  const text = setting(value, spec);
  if (!alarm) return h("span", { key: end }, text);
  const title = `The best press against the ${end} end of ${name}: better settings may lie beyond.`;
  const further = alarm.wider === null ? "!" : ` → ${setting(alarm.wider, spec)}?`;
  return h("strong", { key: end, class: "alarm", title }, text, further);
}

function rangeText(range, spec, isWhole) {
  if (!range) return "";
  if (choicesOf(spec)) {
    return range.length > 4 ? `${range.length} choices` : range.map(String).join(", ");
  }
  const [low, high] = range.map((value) => setting(value, spec));
  return isWhole ? "all of it" : `${low} – ${high}`;
}

/** The scale between the ends, and whether the search has widened the range. */
function note(spec, [low, high]) {
  const scale = { log: "log", reverse_log: "log of 1 − x" }[spec.scale] ?? "";
  const isWider = low < spec.low || high > spec.high;
  return [scale, isWider && "widened"].filter(Boolean).join(" · ");
}
