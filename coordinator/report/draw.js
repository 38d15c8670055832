// SPDX-License-Identifier: Apache-2.0
// Makes configurations of Chart.js from charts as data, in the colours of the style sheet: for the pages of reports, and for
// the web console, whose charts go on growing. chart.h says what the data are.
window.numaplexDraw = (() => {
  "use strict";
  const root = document.documentElement;
  const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [], [8, 4], [2, 3], [10, 3, 2, 3]];
  const shapes = ["circle", "rect", "triangle", "rectRot", "cross", "star", "crossRot", "dash"];
  const numbers = new Map(); // language -> how it writes numbers: a console changes it, a report does not
  const number = {
    format(value) {
      if (!numbers.has(root.lang)) numbers.set(root.lang, new Intl.NumberFormat(root.lang, { maximumSignificantDigits: 6 }));
      return numbers.get(root.lang).format(value);
    },
  };

  // Of more series than colours, those of one colour differ in their dashes.
  const dash = i => dashes[(i + Math.floor(i / 8)) % 8];
  const colour = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const clear = (hex, share) => hex + Math.round(255 * share).toString(16).padStart(2, "0");
  const titled = axis => axis.unit ? axis.label + " [" + axis.unit + "]" : axis.label;

  // Labels at powers of ten; where few of them fit in, at 2 and 5 times them too.
  function logTicks(axis) {
    const steps = Math.log10(axis.max / axis.min) < 2.2 ? [1, 2, 5] : [1];
    axis.ticks = [];
    for (let power = Math.floor(Math.log10(axis.min)); power <= Math.log10(axis.max); power++)
      for (const step of steps) {
        const value = Number((step * 10 ** power).toPrecision(3));
        if (value >= axis.min && value <= axis.max) axis.ticks.push({ value });
      }
  }

  function scale(axis, log, more) {
    const text = colour("soft");
    return Object.assign({
      type: log ? "logarithmic" : "linear",
      title: { display: true, text: titled(axis), color: colour("ink") },
      grid: { color: clear(colour("line"), 0.7), borderColor: colour("line") },
      ticks: { color: text, callback: value => number.format(value), maxRotation: 50 },
      afterBuildTicks: log ? logTicks : undefined,
    }, more);
  }

  const drop = (value, log) => value === null || (log && value <= 0) ? NaN : value;

  function lines(data, series, i) {
    const c = colour("c" + i % 8);
    return {
      label: series.name, showLine: series.marks !== "points", spread: series.spread, tension: 0,
      data: series.points.map(p => ({ x: drop(p[0], data.x.log), y: drop(p[1], data.y.log), low: p[2], high: p[3] })),
      borderColor: c, backgroundColor: c, borderWidth: 2, borderDash: dash(i),
      pointStyle: series.marks === "line" ? "line" : shapes[i % 8], pointRadius: series.marks === "line" ? 0 : 4, pointHitRadius: 6,
    };
  }

  function bars(data, series, i) {
    const many = series.points.length * (data.kind === "stacked" ? 1 : data.series.length) > 100; // then borders would be all one sees
    return { label: series.name, data: series.points, backgroundColor: colour("c" + i % 8), borderColor: colour("paper"),
      borderWidth: many ? 0 : 1, barPercentage: many ? 1 : 0.9, categoryPercentage: many ? 0.9 : 0.8, maxBarThickness: 60 };
  }

  // The outline of bins: up at the low edge, down at the high one where the next bin is not its neighbour.
  function bins(data, series, i) {
    const c = colour("c" + i % 8), outline = [], floor = data.y.log ? 0.5 : 0;
    series.points.forEach(([low, high, y], k) => {
      const before = series.points[k - 1], after = series.points[k + 1];
      if (!before || before[1] !== low) outline.push({ x: low, y: floor });
      outline.push({ x: low, y }, { x: high, y });
      if (!after || after[0] !== high) outline.push({ x: high, y: floor }, { x: high, y: NaN });
    });
    return { label: series.name, data: outline, showLine: true, borderColor: c, backgroundColor: clear(c, 0.18), fill: "start",
      borderWidth: 2, borderDash: dash(i), pointRadius: 0, pointHitRadius: 4, tension: 0 };
  }

  // Error bars and bands, which Chart.js does not have.
  const spreads = {
    id: "spreads",
    beforeDatasetsDraw(chart) {
      const { ctx, scales: { x, y }, chartArea: area } = chart;
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      chart.data.datasets.forEach((set, i) => {
        if (!chart.isDatasetVisible(i) || !set.spread || set.spread === "none") return;
        const points = set.data.filter(p => Number.isFinite(p.low) && Number.isFinite(p.high));
        const px = p => x.getPixelForValue(p.x), py = value => y.getPixelForValue(value);
        ctx.beginPath();
        if (set.spread === "band") {
          points.forEach(p => ctx.lineTo(px(p), py(p.high)));
          points.reverse().forEach(p => ctx.lineTo(px(p), py(p.low)));
          ctx.fillStyle = clear(set.borderColor, 0.2);
          ctx.fill();
        } else {
          for (const p of points) {
            ctx.moveTo(px(p), py(p.low));
            ctx.lineTo(px(p), py(p.high));
            for (const end of [p.low, p.high]) {
              ctx.moveTo(px(p) - 4, py(end));
              ctx.lineTo(px(p) + 4, py(end));
            }
          }
          ctx.strokeStyle = set.borderColor;
          ctx.lineWidth = 1.5;
          ctx.stroke();
        }
      });
      ctx.restore();
    },
  };

  // Stretches of x while something went on: a shade, a line where it begins, and what it is, one below the other.
  const spans = {
    id: "spans",
    beforeDatasetsDraw(chart) {
      const { ctx, scales: { x }, chartArea: area } = chart, ends = [];
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      ctx.font = "12px " + Chart.defaults.font.family;
      ctx.textBaseline = "top";
      for (const [from, to, label] of chart.options.spans || []) {
        const left = x.getPixelForValue(from), right = Math.max(x.getPixelForValue(to), left + 1.5), width = ctx.measureText(label).width;
        ctx.fillStyle = clear(colour("soft"), 0.16);
        ctx.fillRect(left, area.top, right - left, area.height);
        ctx.fillStyle = colour("soft");
        ctx.fillRect(left, area.top, 1, area.height);
        ctx.fillRect(right - 1, area.top, 1, area.height);
        const at = Math.max(area.left + 2, Math.min(left + 4, area.right - width - 4));
        let row = ends.findIndex(end => end < at);
        if (row < 0) row = ends.length;
        ends[row] = at + width + 6;
        ctx.fillStyle = colour("ink");
        ctx.fillText(label, at, area.top + 3 + 15 * row);
      }
      ctx.restore();
    },
  };

  // The next of 1, 2, 5 times a power of ten below or above a value.
  function round125(value, up) {
    const power = 10 ** Math.floor(Math.log10(value));
    const steps = [1, 2, 5, 10].filter(step => up ? step * power >= value * 0.999 : step * power <= value * 1.001);
    return Number(((up ? steps[0] : steps[steps.length - 1]) * power).toPrecision(3));
  }

  // The ends of an axis for points: error bars and bands count, which Chart.js does not know of; a logarithmic axis ends at
  // the next round figure and not at the next power of ten.
  function reach(data, log, columns) {
    const all = data.series.flatMap(s => s.points.flatMap(p => columns.map(c => p[c]))).filter(v => Number.isFinite(v) && (!log || v > 0));
    if (!all.length) return {};
    const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
    return log ? { min: round125(low, false), max: round125(high, true) } : { suggestedMin: low, suggestedMax: high };
  }

  function axes(data) {
    if (data.kind === "bars" || data.kind === "stacked") {
      const stacked = data.kind === "stacked";
      const x = scale(data.x, false, { type: "category", stacked });
      delete x.ticks.callback;
      return { x, y: scale(data.y, data.y.log, Object.assign({ stacked }, data.percent ? { min: 0, max: 100 } : { beginAtZero: true })) };
    }
    if (data.kind === "histogram")
      return { x: scale(data.x, data.x.log, reach(data, data.x.log, [0, 1])),
        y: scale(data.y, data.y.log, data.y.log ? { min: 0.5, max: reach(data, true, [2]).max } : { beginAtZero: true }) };
    return { x: scale(data.x, data.x.log, reach(data, data.x.log, [0])), y: scale(data.y, data.y.log, data.zero ? { beginAtZero: true, grace: "8%" } : reach(data, data.y.log, [1, 2, 3])) };
  }

  function tip(data, item) {
    const series = data.series[item.datasetIndex].name, unit = data.y.unit ? " " + data.y.unit : "";
    return series + ": " + number.format(item.parsed.y) + unit;
  }

  // The legend shows a line with its dashes, which Chart.js leaves out where it shows shapes.
  function legend(data) {
    const lines = data.kind === "lines";
    const labels = { color: colour("ink"), usePointStyle: lines, boxWidth: 24, boxHeight: lines ? 7 : 10 };
    if (lines) {
      if (data.series.every(series => series.marks === "line")) labels.pointStyleWidth = 30;
      labels.generateLabels = chart => Chart.defaults.plugins.legend.labels.generateLabels(chart).map(item =>
        item.pointStyle === "line" ? Object.assign(item, { lineDash: chart.data.datasets[item.datasetIndex].borderDash, lineWidth: 2 }) : item);
    }
    return { display: data.series.length > 1, position: "bottom", labels };
  }

  function configuration(data) {
    const dataset = { lines, bars, stacked: bars, histogram: bins }[data.kind];
    const category = data.kind === "bars" || data.kind === "stacked";
    return {
      type: category ? "bar" : "line",
      data: { labels: data.categories, datasets: data.series.map((series, i) => dataset(data, series, i + data.first)) },
      plugins: [spans, spreads],
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, parsing: category ? undefined : false, normalized: true,
        devicePixelRatio: root.classList.contains("printing") ? 3 : undefined, locale: root.lang,
        interaction: { mode: category ? "index" : "nearest", intersect: false, axis: category ? "x" : "xy" },
        scales: axes(data), spans: data.spans,
        plugins: {
          legend: legend(data),
          tooltip: { callbacks: {
            title: items => category ? items[0].label : titled(data.x) + ": " + number.format(items[0].parsed.x),
            label: item => tip(data, item) } },
        },
      },
    };
  }

  return { configuration, dash };
})();
