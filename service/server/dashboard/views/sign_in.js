/** The sign-in, in place of everything else while the server needs a key. */

import { h } from "../dom.js";
import { signIn } from "../session.js";
import { form, row } from "./forms.js";

/** @param {typeof import("../state.js").state} state */
export function signInView({ signIn: { error, isBusy } }) {
  const input = h("input", {
    key: "key",
    name: "key",
    type: "password",
    required: true,
    autocomplete: "current-password",
    spellcheck: "false",
    placeholder: "cav_…",
    "aria-describedby": "sign-in-error",
  });
  return h(
    "section",
    { key: "sign-in", class: "card sign-in" },
    h("h1", {}, "Sign in"),
    h(
      "p",
      { class: "muted" },
      "This server needs a key with the scope read; to create and steer studies, submit as well. ",
      "Its administrator makes one with ",
      h("code", {}, "caviar key create"),
      ".",
    ),
    form(
      "Sign in",
      (data) => signIn(String(data.get("key"))),
      row("Key", input),
      h("p", { key: "error", id: "sign-in-error", class: "form-error", role: "alert" }, error),
      h(
        "div",
        { key: "buttons", class: "buttons" },
        h("button", { type: "submit", class: "primary", disabled: isBusy }, "Sign in"),
      ),
    ),
  );
}
