/** Small pieces that several views use. */

import { h } from "../dom.js";
import { go, state, update, writePlace } from "../state.js";

/** Three trials, and the one that one looks for. */
export function pearls() {
  return h(
    "svg",
    { class: "pearls", viewBox: "0 0 32 32", "aria-hidden": "true" },
    h("circle", { cx: 10, cy: 12, r: 6 }),
    h("circle", { cx: 22.5, cy: 11, r: 5 }),
    h("circle", { cx: 12, cy: 24, r: 5 }),
    h("circle", { class: "is-best", cx: 22.5, cy: 22, r: 6.5 }),
  );
}

/** A link to a place: a plain click goes there without a reload, any other is the browser's. */
export function link(change, props, ...children) {
  const click = (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(change);
  };
  const href = writePlace({ ...state.place, ...change });
  return h("a", { ...props, href, on: { ...props.on, click } }, ...children);
}

/** A state, by mark and by word. */
export function badge(name) {
  const mark = h("i", { class: "mark", "aria-hidden": "true" });
  return h("span", { class: `badge is-${name}` }, mark, name);
}

/** A button that copies text, and says that it did. */
export function copyButton(label, text) {
  const click = async (event) => {
    event.stopPropagation();
    const isCopied = await copy(text());
    announce(isCopied ? "Copied." : "The browser did not allow copying.", !isCopied);
  };
  return h("button", { type: "button", class: "quiet", on: { click } }, label);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

/** Over plain HTTP from another machine there is no navigator.clipboard. */
function copyTheOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

let timer = 0;

/** Show a short message for a while. */
export function announce(text, isError = false) {
  clearTimeout(timer);
  update({ notice: { text, isError } });
  timer = setTimeout(() => update({ notice: { text: "", isError } }), isError ? 8_000 : 3_000);
}

/** Facts as terms under a title: [[term, value], …]; those without a value are left out. */
export function withTitle(title, pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!shown.length) return null;
  const item = ([term, value]) => h("div", { key: term }, h("dt", {}, term), h("dd", {}, value));
  return [
    h("h3", { key: `${title} title` }, title),
    h("dl", { key: title, class: "facts" }, shown.map(item)),
  ];
}

/** The bar of a study: a stretch for each state, as wide as its share of the budget. */
export function bar(study) {
  const total = Math.max(1, study.progress.total);
  const stretches = ["completed", "pruned", "diverged", "failed", "cancelled", "running"];
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
    stretches.map((name) =>
      h("span", {
        key: name,
        class: `stretch is-${name}`,
        vars: { "--share": String((study.trials[name] ?? 0) / total) },
      }),
    ),
  );
}

/** What the marks and lines of a figure stand for. @param {string[]} names */
export function legend(names) {
  const items = names.map((name) =>
    h(
      "li",
      { key: name, class: `legend-${name.replaceAll(" ", "-")} is-${name}` },
      h("i", { class: "mark", "aria-hidden": "true" }),
      name,
    ),
  );
  return h("ul", { class: "legend", "aria-label": "Legend" }, items);
}
