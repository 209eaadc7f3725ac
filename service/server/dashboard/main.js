/** The start of the page: connects state, polling and rendering. */

import { patch } from "./dom.js";
import { followFocus } from "./focus.js";
import { poll, refreshNow } from "./poll.js";
import { refresh } from "./refresh.js";
import { go, readRoute, state, subscribe, update } from "./state.js";
import { frame } from "./views/frame.js";

const page = document.getElementById("page");
let isScheduled = false;

/** Render once for all changes before the next animation frame. */
function render() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    document.title = state.route.study ? `${state.route.study} · Caviar` : "Caviar";
    patch(page, frame(state));
    followFocus(state.route.trial);
  });
}

function setOffline(error, retryAt) {
  update({ connection: { ...state.connection, kind: "offline", retryAt, reason: error.message } });
}

// While the server is offline, the seconds to the next attempt count down.
setInterval(() => {
  if (state.connection.kind === "offline" && !document.hidden) render();
}, 1_000);

let route = state.route;
subscribe(() => {
  // A new study or trial is loaded at once, not at the next refresh.
  if (route.study !== state.route.study || route.trial !== state.route.trial) refreshNow();
  route = state.route;
  render();
});

window.addEventListener("popstate", () => {
  update({ route: readRoute(location.search), openForm: "" });
});
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.route.trial !== null) go({ trial: null });
});

render();
poll(refresh, setOffline);
