/** From coarse to fine: what each round drew from, and why. */

import { h } from "../dom.js";
import { setting } from "../format.js";
import { go } from "../state.js";

/** @param {typeof import("../state.js").state} state */
export function rounds({ known, place }) {
  if (!known.rounds.length) return null;
  const newest = known.rounds.at(-1);
  const round = known.rounds.find((each) => each.number === place.round) ?? newest;
  return h(
    "section",
    { key: "rounds", class: "card rounds", "aria-labelledby": "rounds-title" },
    h("h2", { id: "rounds-title" }, "Rounds"),
    known.rounds.length > 1 && choice(known.rounds, round, newest),
    h(
      "p",
      { class: "soft" },
      `Trials ${round.first_trial} to ${round.first_trial + round.trials - 1} · ${round.state}`,
    ),
    h("p", { class: "reason" }, round.reason),
    h(
      "ul",
      { class: "tracks" },
      Object.entries(known.study.space).map(([name, spec]) => track(name, spec, round)),
    ),
  );
}

function choice(all, chosen, newest) {
  return h(
    "div",
    { class: "choice", role: "group", "aria-label": "Round" },
    all.map(({ number }) =>
      h(
        "button",
        {
          key: number,
          type: "button",
          "aria-pressed": String(number === chosen.number),
          "aria-label": `Round ${number}`,
          on: { click: () => go({ round: number === newest.number ? null : number }) },
        },
        number,
      ),
    ),
  );
}

/** The box of one parameter on the unit interval of its scale, with its ends in natural units. */
function track(name, spec, { box, ranges }) {
  const [start, end] = box[name] ?? [0, 1];
  return h(
    "li",
    { key: name },
    h("span", { class: "track-name" }, name),
    h("span", { class: "track-range" }, rangeText(ranges[name], spec, end - start)),
    h(
      "span",
      { class: "track", "aria-hidden": "true" },
      h("i", { vars: { "--start": String(start), "--end": String(end) } }),
    ),
  );
}

function rangeText(range, spec, width) {
  if (!range) return "";
  if (spec.type === "categorical") {
    return range.length > 4 ? `${range.length} choices` : range.map(String).join(", ");
  }
  const [low, high] = range.map((value) => setting(value, spec));
  return width > 0.999 ? `all, ${low} – ${high}` : `${low} – ${high}`;
}
