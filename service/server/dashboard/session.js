/** The session: whether the server needs a key, and signing in and out with one. */

import * as api from "./api.js";
import { refreshNow } from "./poll.js";
import { notLoaded, state, update } from "./state.js";

/** Whether the page may show the server's data; asks the server where that is not known. */
export async function mayRead() {
  if (!isSignedOut() && state.session) return true;
  const session = await api.get("session");
  if (JSON.stringify(session) !== JSON.stringify(state.session)) update({ session });
  return !isSignedOut();
}

/** Whether the page must show the sign-in. */
export function isSignedOut() {
  return Boolean(state.session?.required && !state.session.name);
}

/**
 * Sign in: from then on the browser has a cookie, and does not keep the key.
 * @param {string} key
 */
export async function signIn(key) {
  update({ signIn: { error: "", isBusy: true } });
  try {
    const session = await api.post("session", { key: key.trim() });
    update({ session, signIn: { error: "", isBusy: false } });
    refreshNow();
  } catch (error) {
    update({ signIn: { error: error.message, isBusy: false } });
  }
}

/** Sign out here, and end the session on the server. */
export async function signOut() {
  await api.remove("session");
  close();
  refreshNow();
}

/** Forget everything that was shown: the session has ended. */
export function close() {
  api.forget("");
  const session = { required: true, name: null, scopes: [], expires_at: null };
  update({ session, studies: null, known: notLoaded(""), openForm: "" });
}
