/** The start of the page: state, polling and rendering meet here and nowhere else. */

import { patch } from "./dom.js";
import { followFocus } from "./focus.js";
import { look } from "./follow.js";
import { lookNow, poll } from "./poll.js";
import { go, readPlace, state, subscribe, update } from "./state.js";
import { frame } from "./views/frame.js";

const page = document.getElementById("page");
let isDue = false;

/** Render once for all changes of this moment. */
function render() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    document.title = state.place.study ? `${state.place.study} · Caviar` : "Caviar";
    patch(page, frame(state));
    followFocus(state.place.trial);
  });
}

function away(error, retryAt) {
  update({ connection: { kind: "away", retryAt, why: error.message } });
}

// The seconds to the next try count down.
setInterval(() => {
  if (state.connection.kind === "away" && !document.hidden) render();
}, 1_000);

let shown = state.place;
subscribe(() => {
  // A person who goes somewhere should not wait for the next look.
  if (shown.study !== state.place.study || shown.trial !== state.place.trial) lookNow();
  shown = state.place;
  render();
});

window.addEventListener("popstate", () => {
  update({ place: readPlace(location.search), asking: "" });
});
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.place.trial !== null) go({ trial: null });
});

render();
poll(look, away);
