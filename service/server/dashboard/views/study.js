/** A study: what is known of it, from the most important down. */

import { h } from "../dom.js";
import { draw, fitPanels, namesIn } from "../charts.js";
import { go } from "../state.js";
import { best } from "./best.js";
import { heading } from "./heading.js";
import { importance } from "./importance.js";
import { legend, link } from "./parts.js";
import { replicas } from "./replicas.js";
import { rounds } from "./rounds.js";
import { table } from "./table.js";

/** @param {typeof import("../state.js").state} state */
export function studyView(state) {
  const { known, place, connection } = state;
  if (known.missing) return missing(known);
  const { study } = known;
  if (!study || known.name !== place.study) {
    if (connection.kind === "away") return null;
    return h("p", { class: "plea" }, "Looking for the study …");
  }
  const { best_so_far, parameters, curves } = known.figures;
  return [
    heading(state),
    h(
      "div",
      { key: "story", class: "story" },
      h("div", { class: "story-facts" }, best(study), importance(state)),
      h(
        "div",
        { class: "story-charts" },
        chart(
          "best-so-far",
          "Best so far",
          "Every dot is a trial; the line is the best up to it.",
          best_so_far,
        ),
        chart(
          "curves",
          "Learning curves",
          "The trials that run now or are paused (dotted), and the best few for contrast.",
          curves,
        ),
      ),
    ),
    replicas(state),
    rounds(state),
    chart(
      "parameters",
      "What each parameter does",
      "Every parameter on its own scale. The shaded part is where the newest round draws from.",
      parameters,
      fitPanels,
    ),
    table(state),
  ];
}

function chart(id, title, caption, figure, fit) {
  const held = (element) => draw(element, figure, { onTrial: (trial) => go({ trial }), fit });
  return h(
    "section",
    { key: id, class: "card chart-card", "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    h("div", { class: "caption" }, h("p", {}, caption), figure && legend(namesIn(figure))),
    h("div", { key: "chart", id, class: "chart", "data-empty": figure ? null : "true", held }),
  );
}

function missing({ name, missing }) {
  return h(
    "section",
    { class: "empty" },
    h("h1", {}, `There is no study ${name}`),
    h("p", { class: "lead" }, `The server says: ${missing}.`),
    h("p", {}, link({ study: "", trial: null }, {}, "See all studies")),
  );
}
