/** The learning curve of one trial as a figure: the study's metric, and its kin of other parts. */

const COLORS = ["#3f8fd2", "#7889a3"];

/** The same answer is the same figure: drawing compares by identity. */
const made = new WeakMap();

/**
 * @param {any} curve  epochs and metrics in columns, or null before they came
 * @param {any} trial
 * @param {any} study
 */
export function curveFigure(curve, trial, study) {
  if (!curve) return null;
  if (!made.has(curve)) made.set(curve, figure(curve, trial, study));
  return made.get(curve);
}

function figure(curve, trial, study) {
  const names = kin(Object.keys(curve.metrics), study.objective.metric);
  const values = names.flatMap((name) => curve.metrics[name]).filter((value) => value !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // The best of a share that should grow is close to 1: a log axis would hide it.
  const isShare = study.direction === "maximize" && high <= 1;
  const isLog = low > 0 && high >= 10 * low && !isShare;
  const data = names.map((name, index) => ({
    type: "scatter",
    mode: curve.epoch.length > 1 ? "lines" : "markers",
    name,
    x: curve.epoch,
    y: curve.metrics[name],
    line: { color: COLORS[Math.min(index, 1)], width: index ? 1.5 : 2.5 },
    hovertemplate: "epoch %{x}: %{y:.4g}<extra></extra>",
  }));
  const visible = names.length > 0;
  const best = trial.best_epoch && trial.best_epoch < trial.epoch ? [trial.best_epoch] : [];
  return {
    data,
    layout: {
      paper_bgcolor: "rgba(0, 0, 0, 0)",
      plot_bgcolor: "rgba(0, 0, 0, 0)",
      margin: { t: 8, r: 8, b: 36, l: 48 },
      xaxis: { title: { text: "epoch" }, rangemode: "tozero", nticks: 6, visible },
      yaxis: { ...(isLog ? logTicks(low, high) : { nticks: 5 }), exponentformat: "e", visible },
      shapes: best.map(markedEpoch),
      annotations: visible ? [] : [NOTHING_YET],
    },
  };
}

const PAPER = { xref: "paper", yref: "paper" };

const NOTHING_YET = {
  ...PAPER,
  text: "No epoch has been reported yet.",
  x: 0.5,
  y: 0.5,
  showarrow: false,
};

function markedEpoch(epoch) {
  const line = { dash: "dot", width: 1, color: COLORS[1] };
  return { ...PAPER, type: "line", xref: "x", x0: epoch, x1: epoch, y0: 0, y1: 1, line };
}

/** The metric first, then its kin on other parts: training_loss beside validation_loss. */
function kin(names, metric) {
  const measure = metric.split("_").at(-1);
  const others = names.filter((name) => name !== metric && name.split("_").at(-1) === measure);
  return [...names.filter((name) => name === metric), ...others];
}

/** A log axis with round ticks: 1, 2, 5 of each decade, or powers of ten if these are many. */
function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const digits = last - first > 3 ? [1] : [1, 2, 5];
  const tickvals = [];
  for (let power = first; power <= last; power += 1) {
    tickvals.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return { type: "log", tickmode: "array", tickvals, ticktext: tickvals.map(String) };
}
