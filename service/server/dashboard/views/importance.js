/** Importance: the share of each parameter in the variance of the values, beside noise. */

import { h } from "../dom.js";
import { counted, percent } from "../format.js";

/** @param {typeof import("../state.js").state} state */
export function importance({ known }) {
  const table = known.importance?.table;
  if (!table) return null;
  return h(
    "section",
    { key: "importance", class: "card importance", "aria-labelledby": "importance-title" },
    h("h2", { id: "importance-title" }, "Importance"),
    table.parameters && [
      h("p", { class: "muted" }, `Estimated from ${counted(table.trials, "trial")}.`),
      h("ul", { class: "shares" }, rows(table).map(row)),
    ],
    h("p", { class: "muted" }, table.note),
  );
}

function rows(table) {
  const parameters = Object.entries(table.parameters).map(([name, { share, priority }]) => ({
    name,
    share,
    note: `priority ${priority}`,
  }));
  // One priority for all says nothing about any of them.
  if (new Set(parameters.map(({ note }) => note)).size === 1) {
    parameters.forEach((row) => (row.note = ""));
  }
  parameters.sort((a, b) => b.share - a.share);
  const noise = [{ name: "unexplained", share: table.noise, note: "", isNoise: true }];
  if (table.repeats) {
    const note = `same setting, other seed: ${counted(table.repeats.trials, "trial")}`;
    noise.push({ name: "noise", share: table.repeats.share, note, isNoise: true });
  }
  return [...parameters, ...noise];
}

function row({ name, share, note, isNoise }) {
  return h(
    "li",
    { key: `${name} ${isNoise ? "noise" : "parameter"}`, class: isNoise ? "is-noise" : null },
    h("span", { class: "share-name" }, name, note && h("small", {}, note)),
    h(
      "span",
      { class: "share-track", "aria-hidden": "true" },
      h("i", { vars: { "--share": String(share) } }),
    ),
    h("span", { class: "share-text" }, percent(share)),
  );
}
