/** The journal of a trial: the actions of its users, the first at the top. */

import { h } from "../dom.js";
import { counted, moment } from "../format.js";
import { setting } from "../settings.js";
import { detailOf } from "../trials.js";

/**
 * @param {any} known
 * @param {any} trial
 */
export function journal(known, trial) {
  const entries = detailOf(known, trial)?.journal ?? [];
  if (!entries.length) return null;
  return [
    h("h3", { key: "journal-title" }, "Journal"),
    h(
      "ol",
      { key: "journal", class: "journal" },
      entries.map((entry) => item(entry, known.study.space)),
    ),
  ];
}

function item(entry, space) {
  const isPending = entry.action === "adjust" && entry.epoch === null;
  return h(
    "li",
    { key: entry.id, class: entry.undone ? "is-undone" : null },
    entry.epoch !== null && h("b", {}, `epoch ${entry.epoch} `),
    description(entry, space),
    isPending && h("em", {}, " at the next epoch"),
    h(
      "span",
      { class: "muted" },
      ` · by ${entry.author}, ${moment(entry.at)}`,
      entry.reason && `: ${entry.reason}`,
      entry.undone && " (undone)",
    ),
  );
}

/** Texts by action. */
const DESCRIPTIONS = {
  pause: () => "paused",
  resume: ({ release }) => (release ? "released to the search" : "resumed"),
  cancel: () => "cancelled",
  void: () => "excluded",
  unvoid: () => "included again",
  rewind: ({ before }) => `rewound from epoch ${before}`,
  extend: ({ epochs }) => `extended by ${counted(epochs, "epoch")}`,
  fork: ({ children }) => `forked into ${children.join(", ")}`,
  adjust: (detail, space) =>
    Object.keys(detail.new)
      .map((name) => {
        const [before, after] = [detail.old[name], detail.new[name]];
        const from = before === undefined ? "" : `${setting(before, space[name])} → `;
        return `${name} ${from}${setting(after, space[name])}`;
      })
      .join(", "),
};

function description({ action, detail }, space) {
  return DESCRIPTIONS[action]?.(detail, space) ?? action;
}
