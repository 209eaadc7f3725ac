/** What mattered: the share of each parameter in what the results vary by, beside luck. */

import { h } from "../dom.js";
import { counted } from "../format.js";

/** @param {typeof import("../state.js").state} state */
export function importance({ known }) {
  const found = known.importance?.table;
  if (!found) return null;
  return h(
    "section",
    { key: "importance", class: "card mattered", "aria-labelledby": "importance-title" },
    h("h2", { id: "importance-title" }, "What mattered"),
    h("p", { class: "soft" }, `By ${counted(found.trials, "trial")} that gave a value.`),
    found.parameters && h("ul", { class: "shares" }, rows(found).map(row)),
    h("p", { class: "soft" }, found.note),
  );
}

function rows(found) {
  const named = Object.entries(found.parameters).map(([name, { share, priority }]) => ({
    name,
    share,
    note: `priority ${priority}`,
  }));
  named.sort((a, b) => b.share - a.share);
  const luck = [{ name: "what none explains", share: found.noise, note: "", isLuck: true }];
  if (found.repeats) {
    const note = counted(found.repeats.trials, "trial");
    luck.push({ name: "the same setting again", share: found.repeats.share, note, isLuck: true });
  }
  return [...named, ...luck];
}

function row({ name, share, note, isLuck }) {
  return h(
    "li",
    { key: name, class: isLuck ? "is-luck" : null },
    h("span", { class: "share-name" }, name, note && h("small", {}, note)),
    h(
      "span",
      { class: "share-track", "aria-hidden": "true" },
      h("i", { vars: { "--share": String(share) } }),
    ),
    h("span", { class: "share-text" }, percent(share)),
  );
}

function percent(share) {
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}
