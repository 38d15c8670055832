// SPDX-License-Identifier: Apache-2.0
// The crossbar as a map: rows send, columns receive; one hue, the more the stronger. As in the report.
import { $, el, setAttribute, setText, svg } from "./dom.js";
import { bytesRate, number, t, unitOfBytesRate } from "./text.js";

const LABELLED_MAX = 8; // boards up to which cells hold their figures
const NAMED_MAX = 32;   // and up to which each row and column has its name
const HIGH = 0.6;       // of the greatest: from here on the paper's colour is easier to read than ink
const EVERY_MS = 500;
let made = "", cells = [], all = false, drawn = 0, timer = 0;

// Measures in pixels, for a panel of this width.
function geometry(boards, width) {
  const n = boards.length, left = n <= NAMED_MAX ? 26 + 7.5 * Math.max(...boards.map(board => board.name.length)) : 20;
  const cell = Math.max(5, Math.min(46, Math.floor((width - left - 2) / n)));
  return { n, cell, left, top: n <= LABELLED_MAX ? 36 : left + 14, height: n <= LABELLED_MAX ? Math.min(cell, 32) : cell, labelled: n <= LABELLED_MAX, named: n <= NAMED_MAX };
}

function names(picture, boards, g) {
  boards.forEach((board, i) => {
    const middle = g.left + i * g.cell + g.cell / 2;
    picture.append(svg("text", { class: "r", x: g.left - 6, y: g.top + i * g.height + g.height / 2 + 4 }, board.name));
    picture.append(g.labelled ? svg("text", { class: "k", x: middle, y: g.top - 6 }, board.name)
      : svg("text", { class: "k", transform: `translate(${middle + 4} ${g.top - 5}) rotate(-90)` }, board.name));
  });
}

function frame(boards, width) {
  const g = geometry(boards, width), { n, cell, height, left, top } = g;
  const picture = svg("svg", { class: g.labelled ? "heat" : "heat small", role: "img", width: left + n * cell + 2, height: top + n * height + 2 });
  cells = boards.map((from, i) => boards.map((to, j) => {
    const x = left + j * cell, y = top + i * height, gap = cell > 14 ? 1.5 : 0.5;
    const rect = svg("rect", { class: "h", x, y, width: cell - gap, height: height - gap, rx: cell > 14 ? 3 : 0 }, svg("title"));
    const value = g.labelled ? svg("text", { class: "v", x: x + cell / 2, y: y + height / 2 + 4 }) : null;
    picture.append(rect, ...(value ? [value] : []));
    return { rect, value, title: rect.firstChild };
  }));
  if (g.named) names(picture, boards, g);
  picture.append(svg("text", { class: "a", x: left + n * cell / 2, y: 12 }, t("receiver") + " →"),
    svg("text", { class: "a", transform: `translate(10 ${top + n * height / 2}) rotate(-90)` }, "← " + t("sender")));
  return picture;
}

// The same as a table, for those who cannot see the map.
function table(boards) {
  return el("details", {}, el("summary", {}, t("asTable")), el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, el("td"), boards.map(board => el("th", { scope: "col", class: "n" }, board.name)))),
    el("tbody", {}, boards.map(from => el("tr", {}, el("th", { scope: "row" }, from.name), boards.map(() => el("td", { class: "n" }))))))));
}

function make(boards, width) {
  $("crossbar").replaceChildren(frame(boards, width),
    el("p", { class: "scale", "aria-hidden": "true" }, t("less"), el("span"), t("more"), el("b", { class: "unit" })), table(boards));
}

// Boards stand by partition, so that partitions show as squares along the diagonal.
function inOrder(model) {
  const place = board => board.partition ? model.snapshot.partitions.findIndex(partition => partition.name === board.partition) : 1e6;
  return model.snapshot.boards.map((board, index) => ({ ...board, index })).sort((a, b) => place(a) - place(b) || a.index - b.index);
}

function fill(boards, sent) {
  const most = Math.max(1, ...boards.flatMap(from => boards.map(to => sent[from.index][to.index])));
  const [unit, size] = unitOfBytesRate(most), table = $("crossbar").querySelector("details");
  const rows = table.open ? [...table.querySelectorAll("tbody tr")] : null; // a closed one is not worth 4,096 texts
  setText($("crossbar").querySelector(".unit"), cells[0][0].value ? unit : bytesRate(most));
  boards.forEach((from, i) => boards.forEach((to, j) => {
    const value = sent[from.index][to.index], share = value / most, { rect, title, value: text } = cells[i][j];
    setAttribute(rect, "fill-opacity", (value ? 0.08 + 0.92 * share : 0.03).toFixed(2));
    setText(title, t("crossbarCell", from.name, to.name, bytesRate(value)));
    if (rows) setText(rows[i].children[j + 1], value ? bytesRate(value) : "–");
    if (!text) return;
    setText(text, value ? number(value / size, value / size < 99.95 ? 1 : 0) : "");
    setAttribute(text, "class", share > HIGH ? "v hi" : "v");
  }));
}

export function renderCrossbar(model, at_once) {
  if (!model.snapshot) return;
  clearTimeout(timer);
  const wait = at_once ? 0 : drawn + EVERY_MS - performance.now();
  if (wait > 0) {
    timer = setTimeout(() => renderCrossbar(model, true), wait); // the last sample may have been the last
    return;
  }
  drawn = performance.now();
  const sent = model.crossbar(all || model.whole()), boards = inOrder(model);
  $("crossbar-none").hidden = Boolean(sent);
  $("crossbar-span").disabled = model.whole();
  $("crossbar-span").value = all || model.whole() ? "all" : "last";
  $("crossbar").hidden = !sent;
  if (!sent) return;
  const width = $("crossbar").clientWidth, key = [document.documentElement.lang, width, ...boards.map(board => board.name)].join();
  if (made !== key) make(boards, width);
  made = key;
  setAttribute($("crossbar").querySelector("svg"), "aria-label", t("crossbar") + ". " + t("crossbarHelp"));
  fill(boards, sent);
}

export function spanOfCrossbar(choice, model) {
  all = choice === "all";
  renderCrossbar(model, true);
}

export const forgetCrossbar = () => { made = ""; };
