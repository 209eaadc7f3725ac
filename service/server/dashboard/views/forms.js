/** Buttons and forms that several views use. */

import { h } from "../dom.js";
import { update } from "../state.js";

/**
 * A button with a text of its own.
 * @param {string} text  also its key
 * @param {() => void} click
 * @param {string} [kind]  class: "", "quiet", "primary" or "danger"
 */
export function button(text, click, kind = "") {
  return h("button", { key: text, type: "button", class: kind, on: { click } }, text);
}

/** A button that opens a form. */
export function openButton(text, form, kind = "") {
  return button(text, () => update({ openForm: form }), kind);
}

/** The buttons at the end of a form: one submits it, the other closes it. */
export function formButtons(text) {
  return h(
    "div",
    { key: "buttons", class: "buttons" },
    h("button", { key: "submit", type: "submit", class: "primary" }, text),
    openButton("Back", ""),
  );
}

/**
 * A form.
 * @param {string} name  its accessible name
 * @param {(data: FormData) => void} submit
 * @param {...any} children
 */
export function form(name, submit, ...children) {
  const onSubmit = (event) => {
    event.preventDefault();
    submit(new FormData(event.target));
  };
  return h(
    "form",
    { key: `${name} form`, class: "form", "aria-label": name, on: { submit: onSubmit } },
    ...children,
  );
}

/** A row of a form: a label beside an input. */
export function row(label, input) {
  return h("label", { key: label, class: "form-row" }, h("span", {}, label), input);
}

/** A row with a required text field. */
export function textRow(label, name, placeholder = "") {
  return row(label, h("input", { name, placeholder, required: true, autocomplete: "off" }));
}

/** A row for the reason of an action, which the journal keeps. */
export function reasonRow(required = false) {
  const placeholder = required ? "" : "optional note";
  return row("Reason", h("input", { name: "reason", maxlength: 500, required, placeholder }));
}

/** The reason in a form, to spread into the body of a request; nothing without one. */
export function reasonIn(data) {
  const reason = String(data.get("reason") ?? "").trim();
  return reason ? { reason } : {};
}
