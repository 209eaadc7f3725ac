/** A study: its sections, the most important ones first. */

import { h } from "../dom.js";
import { draw, fitPanels, traceNames } from "../charts.js";
import { sentence } from "../format.js";
import { go, STUDY_LIST } from "../state.js";
import { best } from "./best.js";
import { legend, link } from "./components.js";
import { heading } from "./heading.js";
import { importance } from "./importance.js";
import { replicas } from "./replicas.js";
import { rounds } from "./rounds.js";
import { table } from "./table.js";

/** @param {typeof import("../state.js").state} state */
export function studyView(state) {
  const { known, route, connection } = state;
  if (known.missing) return notFound(known);
  const { study } = known;
  if (!study || known.name !== route.study) {
    const isOffline = connection.kind === "offline";
    return isOffline ? null : h("p", { class: "loading" }, "Loading the study …");
  }
  const { best_so_far, parameters, curves } = known.figures;
  return [
    heading(state),
    h(
      "div",
      { key: "summary", class: "summary" },
      h("div", { class: "summary-facts" }, best(study), importance(state)),
      h(
        "div",
        { class: "summary-charts" },
        chart(
          "best-so-far",
          "Value by trial",
          "A dot is a trial. The line is the best value so far.",
          best_so_far,
        ),
        chart(
          "curves",
          "Learning curves",
          "Running and paused (dotted) trials, beside the best completed trials.",
          curves,
        ),
      ),
    ),
    replicas(state),
    rounds(state),
    chart(
      "parameters",
      "Value by parameter",
      "Each parameter is on its own scale. The shaded range is the box of the newest round.",
      parameters,
      fitPanels,
    ),
    table(state),
  ];
}

function chart(id, title, caption, figure, fit) {
  const onPatch = (element) => draw(element, figure, { onTrial: (trial) => go({ trial }), fit });
  return h(
    "section",
    { key: id, class: "card chart-card", "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title),
    h("div", { class: "caption" }, h("p", {}, caption), figure && legend(traceNames(figure))),
    h("div", { key: "chart", id, class: "chart", "data-empty": figure ? null : "true", onPatch }),
  );
}

function notFound({ missing }) {
  return h(
    "section",
    { class: "empty" },
    h("h1", {}, "Study not found"),
    h("p", { class: "lead" }, `${sentence(missing)}.`),
    h("p", {}, link(STUDY_LIST, {}, "All studies")),
  );
}
