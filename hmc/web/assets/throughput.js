// SPDX-License-Identifier: Apache-2.0
// Throughput of each partition over simulated time, drawn as the report draws it (draw.js), with what was moved meanwhile.
import { $, el, keyed, setAttribute, setText, svg } from "./dom.js";
import { rate, t } from "./text.js";

const EVERY_MS = 300; // drawing a line costs more than a sample
let chart = null, drawn = 0, timer = 0;

// The unit of the x axis: the largest of which the run has had at least two.
function unitOf(ps) {
  return [["s", 1e12], ["ms", 1e9], ["µs", 1e6], ["ns", 1e3]].find(([, size]) => ps >= 2 * size) ?? ["ns", 1e3];
}

function dataOf(model) {
  const lines = model.snapshot.partitions.map(partition => [partition.name, model.lines.get(partition.name)?.rates() ?? []]);
  const last = Math.max(0, ...lines.map(([, points]) => points.length ? points[points.length - 1][0] : 0));
  const [unit, size] = unitOf(last);
  const spans = model.snapshot.operations.filter(operation => ["move", "add", "delete"].includes(operation.verb) && operation.began_ps !== operation.ended_ps)
    .map(operation => [operation.began_ps / size, (operation.ended_ps ?? last) / size, operation.board + (operation.to ? " → " + operation.to : "")]);
  return { kind: "lines", first: 0, percent: false, x: { label: t("timeAxis"), unit, log: false },
    y: { label: t("throughputAxis"), unit: t("throughputUnit"), log: false }, spans, zero: true,
    series: lines.map(([name, points]) => ({ name, marks: "line", spread: "none", points: points.map(([at, value]) => [at / size, value / 1e6]) })) };
}

function configure(data) {
  const configuration = numaplexDraw.configuration(data);
  configuration.options.scales.y.ticks.maxTicksLimit = 6;
  configuration.options.scales.x.ticks.maxTicksLimit = 7;
  configuration.options.scales.x.ticks.maxRotation = 0;
  configuration.options.plugins.legend.display = false; // the list below shows the lines with their figures
  configuration.options.interaction = { mode: "nearest", intersect: false, axis: "x" };
  return configuration;
}

function draw(model) {
  const data = dataOf(model), some = data.series.some(series => series.points.length > 0);
  $("throughput-none").hidden = some;
  $("throughput").parentElement.hidden = !some;
  figures(model);
  if (!some || !window.Chart) return;
  const configuration = configure(data);
  setAttribute($("throughput"), "aria-label", t("throughput") + ". " + $("throughput-now").textContent);
  if (!chart) {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    chart = new Chart($("throughput"), configuration);
    return;
  }
  const hidden = chart.data.datasets.map((_, i) => !chart.isDatasetVisible(i));
  chart.data = configuration.data;
  chart.options = configuration.options;
  hidden.forEach((is, i) => chart.data.datasets[i] && chart.setDatasetVisibility(i, !is));
  chart.update("none");
}

// The same as words, beside the lines: what each partition does now.
function figures(model) {
  keyed($("throughput-now"), model.snapshot.partitions, partition => partition.name,
    partition => el("li", { "data-throughput": partition.name }, svg("svg", { class: "dash", width: 34, height: 12, "aria-hidden": "true" }, svg("line", { x1: 1, x2: 33, y1: 6, y2: 6 })),
      el("span", { class: "name" }), " ", el("b")),
    (item, partition) => {
      const now = model.partitionRate(model.snapshot.partitions.indexOf(partition));
      setAttribute(item, "data-colour", model.colourOf(partition.name));
      setAttribute(item.querySelector("line"), "stroke-dasharray", numaplexDraw.dash(model.snapshot.partitions.indexOf(partition)).join(" "));
      setAttribute(item, "data-rate", now === null ? "" : Math.round(now));
      setText(item.querySelector(".name"), partition.name);
      setText(item.querySelector("b"), now === null ? "–" : t(model.whole() ? "accessesMean" : "accesses", rate(now)));
    });
}

export function renderThroughput(model, at_once) {
  if (!model.snapshot) return;
  clearTimeout(timer);
  const wait = at_once ? 0 : drawn + EVERY_MS - performance.now();
  if (wait > 0) {
    timer = setTimeout(() => renderThroughput(model, true), wait);
    return;
  }
  drawn = performance.now();
  draw(model);
}

export function forgetThroughput() {
  chart?.destroy();
  chart = null;
}
