/** Notices: short messages about actions. */

import { refreshNow } from "./poll.js";
import { update } from "./state.js";

const SHOWN_MS = 3_000;
const ERROR_SHOWN_MS = 8_000;

let timer = 0;

/** Show a message for a few seconds. */
export function notify(text, isError = false) {
  clearTimeout(timer);
  update({ notice: { text, isError } });
  const hide = () => update({ notice: { text: "", isError } });
  timer = setTimeout(hide, isError ? ERROR_SHOWN_MS : SHOWN_MS);
}

/**
 * Run an action on the server, show its message or its error, and refresh.
 * @param {() => Promise<string>} action  resolves to the message
 */
export async function perform(action) {
  try {
    notify(await action());
  } catch (error) {
    notify(error.message, true);
  }
  refreshNow();
}
