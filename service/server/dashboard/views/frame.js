/** The frame of the page: top bar, connection, notices. */

import { h } from "../dom.js";
import { clock, sentence } from "../format.js";
import { notify } from "../notice.js";
import { isSignedOut, signOut } from "../session.js";
import { STUDY_LIST } from "../state.js";
import { link, logo } from "./components.js";
import { button } from "./forms.js";
import { signInView } from "./sign_in.js";
import { studies } from "./studies.js";
import { studyView } from "./study.js";
import { trialPanel } from "./trial_panel.js";

/** The whole page. @param {typeof import("../state.js").state} state */
export function frame(state) {
  const { route } = state;
  const isOut = isSignedOut();
  return [
    header(state, isOut),
    offline(state),
    isOut
      ? h("main", { key: "sign-in" }, signInView(state))
      : h("main", { key: route.study || "/" }, route.study ? studyView(state) : studies(state)),
    !isOut && route.study && route.trial !== null && trialPanel(state),
    h(
      "div",
      { key: "notice", class: `notice${state.notice.isError ? " is-error" : ""}`, role: "status" },
      state.notice.text,
    ),
  ];
}

function header({ route, connection, session }, isOut) {
  return h(
    "header",
    { key: "top", class: "top" },
    brand(),
    breadcrumb(isOut ? { study: "" } : route),
    session?.required && session.name && signedIn(session),
    connectionState(connection),
  );
}

function signedIn({ name }) {
  const leave = () => signOut().catch((error) => notify(error.message, true));
  return h("p", { key: "session", class: "signed-in" }, name, button("Sign out", leave, "quiet"));
}

function brand() {
  return link(
    STUDY_LIST,
    { class: "brand", "aria-label": "Caviar: all studies" },
    logo(),
    h("span", {}, "Caviar"),
  );
}

function breadcrumb(route) {
  if (!route.study) return h("nav", { class: "breadcrumb" });
  return h(
    "nav",
    { class: "breadcrumb", "aria-label": "Breadcrumb" },
    link(STUDY_LIST, {}, "Studies"),
    h("span", { "aria-hidden": "true" }, "/"),
    h("span", { "aria-current": "page" }, route.study),
  );
}

const CONNECTIONS = { connecting: "connecting", live: "live", offline: "no connection" };

function connectionState({ kind }) {
  return h(
    "p",
    { class: `connection is-${kind}`, role: "status" },
    h("i", { class: "mark", "aria-hidden": "true" }),
    CONNECTIONS[kind],
  );
}

/** A screen reader announces the reason once; the seconds that count down are hidden from it. */
function offline({ connection, studies, known }) {
  if (connection.kind !== "offline") return null;
  const seconds = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  const next = seconds ? `; next attempt in ${seconds} s` : "; trying again";
  const hasData = connection.refreshedAt && (studies || known.study);
  return h(
    "p",
    { key: "offline", class: "offline" },
    h("strong", { role: "alert" }, sentence(connection.reason)),
    h("span", { "aria-hidden": "true" }, next, "."),
    hasData &&
      h("span", { class: "aside" }, `Showing data from ${clock(connection.refreshedAt)}.`),
  );
}
