/** The learning curve of one trial as a figure: the metric on each part of the data. */

import { number } from "./format.js";
import { isOpen } from "./trials.js";

const MAX_TICKS = 6;

const COLORS = ["#3f8fd2", "#7889a3"];

/** Figures by curve: drawing compares figures by identity. */
const figures = new WeakMap();

/**
 * @param {any} curve  epochs and metrics in columns, or null before they are loaded
 * @param {any} trial
 * @param {any} study
 */
export function curveFigure(curve, trial, study) {
  if (!curve) return null;
  if (!figures.has(curve)) figures.set(curve, figure(curve, trial, study));
  return figures.get(curve);
}

function figure(curve, trial, study) {
  const names = sameMeasure(Object.keys(curve.metrics), study.objective.metric);
  const values = names.flatMap((name) => curve.metrics[name]).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // A share that is maximized differs most close to 1, where a log axis has no resolution.
  const isShare = study.direction === "maximize" && high <= 1;
  const isLog = low > 0 && high >= 10 * low && !isShare;
  const data = names.map((name, index) => ({
    type: "scatter",
    mode: curve.epoch.length > 1 ? "lines" : "markers",
    name,
    x: curve.epoch,
    y: curve.metrics[name],
    line: { color: COLORS[Math.min(index, 1)], width: index ? 1.5 : 2.5 },
    text: curve.metrics[name].map(number),
    hovertemplate: "epoch %{x}: %{text}<extra></extra>",
  }));
  const visible = names.length > 0;
  const best = trial.best_epoch && trial.best_epoch < trial.epoch ? [trial.best_epoch] : [];
  return {
    data,
    layout: {
      paper_bgcolor: "rgba(0, 0, 0, 0)",
      plot_bgcolor: "rgba(0, 0, 0, 0)",
      margin: { t: 8, r: 8, b: 36, l: 48 },
      xaxis: { title: { text: "epoch" }, rangemode: "tozero", ...epochTicks(curve), visible },
      yaxis: { ...(isLog ? logTicks(low, high) : { nticks: 5 }), exponentformat: "e", visible },
      shapes: best.map(epochLine),
      annotations: visible ? [] : [emptyNote(trial)],
    },
  };
}

/** A tick for each of a few epochs: plotly would put ticks between them. */
function epochTicks({ epoch }) {
  return epoch.at(-1) < MAX_TICKS ? { dtick: 1 } : { nticks: MAX_TICKS };
}

const PAPER = { xref: "paper", yref: "paper" };

function emptyNote({ state }) {
  const text = isOpen(state) ? "No epochs reported yet." : "No epochs reported.";
  return { ...PAPER, text, x: 0.5, y: 0.5, showarrow: false };
}

function epochLine(epoch) {
  const line = { dash: "dot", width: 1, color: COLORS[1] };
  return { ...PAPER, type: "line", xref: "x", x0: epoch, x1: epoch, y0: 0, y1: 1, line };
}

/** The metric, then the same measure on other parts: training_loss beside validation_loss. */
function sameMeasure(names, metric) {
  const measure = metric.split("_").at(-1);
  const others = names.filter((name) => name !== metric && name.split("_").at(-1) === measure);
  return [...names.filter((name) => name === metric), ...others];
}

/** A log axis with ticks at 1, 2 and 5 of each decade, or at powers of ten if there are many. */
function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const digits = last - first > 3 ? [1] : [1, 2, 5];
  const tickvals = [];
  for (let power = first; power <= last; power += 1) {
    tickvals.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map(number) };
}
