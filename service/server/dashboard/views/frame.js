/** The page around the views: top line, connection, notices. */

import { h } from "../dom.js";
import { overview } from "./overview.js";
import { panel } from "./panel.js";
import { link, pearls } from "./parts.js";
import { studyView } from "./study.js";

/** The whole page. @param {typeof import("../state.js").state} state */
export function frame(state) {
  const { place } = state;
  return [
    h("header", { key: "top", class: "top" }, brand(), crumbs(place), connection(state.connection)),
    away(state),
    h("main", { key: place.study || "/" }, place.study ? studyView(state) : overview(state)),
    place.study && place.trial !== null && panel(state),
    h(
      "div",
      { key: "notice", class: `notice${state.notice.isError ? " is-error" : ""}`, role: "status" },
      state.notice.text,
    ),
  ];
}

function brand() {
  return link(
    { study: "", trial: null, round: null, state: "", page: 1 },
    { class: "brand", "aria-label": "Caviar: all studies" },
    pearls(),
    h("span", {}, "Caviar"),
  );
}

function crumbs(place) {
  if (!place.study) return h("nav", { class: "crumbs" });
  return h(
    "nav",
    { class: "crumbs", "aria-label": "Where you are" },
    link({ study: "", trial: null, round: null, state: "", page: 1 }, {}, "Studies"),
    h("span", { "aria-hidden": "true" }, "/"),
    h("span", { "aria-current": "page" }, place.study),
  );
}

const WORDS = { first: "connecting", live: "live", away: "no connection" };

function connection({ kind }) {
  return h(
    "p",
    { class: `connection is-${kind}`, role: "status" },
    h("i", { class: "mark", "aria-hidden": "true" }),
    WORDS[kind],
  );
}

/** Said once to those who listen; only those who look see the seconds count down. */
function away({ connection, studies, known }) {
  if (connection.kind !== "away") return null;
  const seconds = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  const next = seconds ? `; trying again in ${seconds} s` : "; trying again";
  const isOld = studies || known.study;
  return h(
    "p",
    { key: "away", class: "away" },
    h("strong", { role: "alert" }, sentence(connection.why)),
    h("span", { "aria-hidden": "true" }, next, "."),
    isOld && h("span", { class: "aside" }, "What you see is from before."),
  );
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
