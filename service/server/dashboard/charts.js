/** Charts: plotly.js from this server, with one configuration and a theme for light and dark. */

/**
 * What plotly.js needs of a Content-Security-Policy: script-src 'self' is enough, without
 * 'unsafe-eval', as long as all traces are SVG (the WebGL ones compile code). It adds two <style>
 * elements: an empty one that it fills through the CSSOM
 * ('sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='), and a sheet for maps, which are not
 * drawn, with another hash in each version. Saving a PNG needs img-src data: and blob:.
 */
const PLOTLY = "static/plotly.min.js";

export const CONFIG = Object.freeze({
  responsive: false, // the ResizeObserver below also fits panels to the width
  displaylogo: false,
  displayNotifier: false,
  showTips: false,
  // plotly.js 4 has a button, on by default, that uploads the chart: nothing leaves this machine.
  showSendToCloud: false,
  plotlyServerURL: "",
  modeBarButtons: [["toImage", "resetScale2d"]],
});

const dark = matchMedia("(prefers-color-scheme: dark)");

/** The figure in each element, so that the same figure is not drawn twice. */
const drawings = new WeakMap();

let library;

/** The library, loaded when the first chart is drawn. */
function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = PLOTLY;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      library = undefined;
      reject(new Error("the chart library could not be loaded"));
    };
    document.head.append(script);
  });
  return library;
}

/**
 * Draw a figure in an element, unless it is there already.
 * @param {HTMLElement} element
 * @param {any} figure  plotly's data and layout
 * @param {Object} [options]
 * @param {(number: number) => void} [options.onTrial]  called on a click on a trial's mark
 * @param {(figure: any, width: number) => any} [options.fit]  the figure for a width
 */
export async function draw(element, figure, { onTrial, fit = (same) => same } = {}) {
  const width = element.clientWidth;
  if (!figure || !width) return;
  const before = drawings.get(element);
  // A figure with a height of its own sets the element's height; other figures follow it.
  const size = `${width} ${figure.layout.height ? "" : element.clientHeight}`;
  const isSame = before?.figure === figure && before.size === size;
  if (isSame && before.dark === dark.matches) return;
  if (!before) watch(element);
  drawings.set(element, { figure, size, dark: dark.matches, onTrial, fit });
  const Plotly = await load();
  if (drawings.get(element)?.figure !== figure) return;
  const { data, layout } = fit(figure, width);
  await Plotly.react(element, data, themed(layout), CONFIG);
  element.removeAttribute("data-empty");
  if (!before) {
    element.on("plotly_click", ({ points }) => {
      const number = points[0]?.customdata;
      if (Number.isInteger(number)) drawings.get(element).onTrial?.(number);
    });
  }
}

function redraw(element) {
  const { figure, onTrial, fit } = drawings.get(element) ?? {};
  if (figure && element.isConnected) draw(element, figure, { onTrial, fit });
}

const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => redraw(target)));
const elements = new Set();

function watch(element) {
  sizes.observe(element);
  elements.add(element);
  for (const other of elements) {
    if (other.isConnected) continue;
    sizes.unobserve(other);
    elements.delete(other);
    window.Plotly?.purge(other);
  }
}

dark.addEventListener("change", () => elements.forEach(redraw));

/** A layout with the page's fonts and colors as defaults. */
function themed(layout) {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  const axis = {
    gridcolor: token("--line"),
    linecolor: token("--line-strong"),
    zeroline: false,
    tickfont: { color: token("--muted"), size: 11 },
    title: { font: { color: token("--muted"), size: 12 }, standoff: 10 },
    automargin: true,
  };
  const template = {
    layout: {
      font: { family: token("--sans"), color: token("--ink"), size: 12 },
      annotationdefaults: { font: { color: token("--muted"), size: 11 } },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: {
        bgcolor: token("--raised"),
        bordercolor: token("--line-strong"),
        font: { family: token("--sans"), color: token("--ink"), size: 12 },
        align: "left",
      },
      modebar: {
        bgcolor: "rgba(0, 0, 0, 0)",
        color: token("--muted"),
        activecolor: token("--ink"),
      },
    },
  };
  // uirevision keeps a zoom while points are added. The page has a legend of its own, because
  // plotly's wraps badly.
  return { autosize: true, uirevision: "same", ...layout, showlegend: false, template };
}

/** The names of the traces in a figure. @returns {string[]} */
export function traceNames(figure) {
  return [...new Set(figure.data.filter((trace) => trace.x.length).map((trace) => trace.name))];
}

const PANEL_WIDTH = 250;
const PANEL_HEIGHT = 220;

/**
 * A figure of panels in as many columns as fit the width; only the first panel of a row has the
 * title of the shared axis.
 */
export function fitPanels(figure, width) {
  const count = Object.keys(figure.layout).filter((name) => /^xaxis\d*$/.test(name)).length;
  const most = Math.max(1, Math.min(count, 4, Math.floor(width / PANEL_WIDTH)));
  const rows = Math.ceil(count / most);
  const columns = Math.ceil(count / rows);
  const layout = { ...figure.layout, height: 40 + PANEL_HEIGHT * rows };
  layout.grid = { ...layout.grid, rows, columns };
  for (let index = 0; index < count; index += 1) {
    const name = index ? `yaxis${index + 1}` : "yaxis";
    if (!layout[name]) continue;
    const isFirst = index % columns === 0;
    const title = isFirst ? figure.layout.yaxis.title : { text: "" };
    layout[name] = { ...layout[name], showticklabels: isFirst, title };
  }
  return { data: figure.data, layout };
}
