/** Components that several views use. */

import { h } from "../dom.js";
import { notify } from "../notice.js";
import { go, state, writeRoute } from "../state.js";

/** The logo: trials, and the best of them. */
export function logo() {
  return h(
    "svg",
    { class: "logo", viewBox: "0 0 32 32", "aria-hidden": "true" },
    h("circle", { cx: 10, cy: 12, r: 6 }),
    h("circle", { cx: 22.5, cy: 11, r: 5 }),
    h("circle", { cx: 12, cy: 24, r: 5 }),
    h("circle", { class: "is-best", cx: 22.5, cy: 22, r: 6.5 }),
  );
}

/** A link to a route: a plain click goes there without a reload, the browser handles any other. */
export function link(change, props, ...children) {
  const click = (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(change);
  };
  const href = writeRoute({ ...state.route, ...change });
  return h("a", { ...props, href, on: { ...props.on, click } }, ...children);
}

/** A state: its mark and its name. */
export function badge(name) {
  const mark = h("i", { class: "mark", "aria-hidden": "true" });
  return h("span", { class: `badge is-${name}` }, mark, name);
}

/** A button that copies a text and confirms it. */
export function copyButton(label, text) {
  const click = async (event) => {
    event.stopPropagation();
    const isCopied = await copy(text());
    notify(isCopied ? "Copied." : "The browser did not allow copying.", !isCopied);
  };
  return h("button", { type: "button", class: "quiet", on: { click } }, label);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** navigator.clipboard does not exist on pages loaded over plain HTTP from another machine. */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

/** Terms and values under a title: [[term, value], …]; terms without a value are left out. */
export function facts(title, pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!shown.length) return null;
  const item = ([term, value]) => h("div", { key: term }, h("dt", {}, term), h("dd", {}, value));
  return [
    h("h3", { key: `${title} title` }, title),
    h("dl", { key: title, class: "facts" }, shown.map(item)),
  ];
}

/** A table in a region of its own that scrolls. @param {string} titleId */
export function scrollRegion(titleId, table) {
  const label = { tabindex: "0", role: "region", "aria-labelledby": titleId };
  return h("div", { key: "scroll", class: "scroll", ...label }, table);
}

/** The progress bar of a study: a segment for each state, as wide as its share of the budget. */
export function progressBar(study) {
  const total = Math.max(1, study.progress.total);
  const segments = ["completed", "pruned", "diverged", "failed", "cancelled", "running"];
  return h(
    "div",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": `${study.name}: trials finished`,
      "aria-valuemin": 0,
      "aria-valuemax": study.progress.total,
      "aria-valuenow": study.progress.finished,
    },
    segments.map((name) =>
      h("span", {
        key: name,
        class: `bar-segment is-${name}`,
        vars: { "--share": String((study.trials[name] ?? 0) / total) },
      }),
    ),
  );
}

/** The legend of a figure. @param {string[]} names  of its traces */
export function legend(names) {
  const items = names.map((name) => {
    const slug = name.replaceAll(" ", "-");
    const mark = h("i", { class: "mark", "aria-hidden": "true" });
    return h("li", { key: name, class: `legend-${slug} is-${slug}` }, mark, name);
  });
  return h("ul", { class: "legend", "aria-label": "Legend" }, items);
}
