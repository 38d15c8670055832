// SPDX-License-Identifier: Apache-2.0
// Puts the page together: who is logged in, which run is looked at, what comes from it, and what is drawn when.
import { chooseRun, chosenRun, get, logout, machine, session, whenExpired } from "./api.js";
import { openAudit, startAudit } from "./audit.js";
import { Boards } from "./boards.js";
import { forgetConsoles, openConsoles, startConsoles } from "./consoles.js";
import { forgetCrossbar, renderCrossbar, spanOfCrossbar } from "./crossbar.js";
import { notice } from "./dialog.js";
import { $, el, say, setClass, setText } from "./dom.js";
import { Drag } from "./drag.js";
import { forgetEvents, renderEvents, startEvents } from "./events.js";
import { changePassword, showLogin, startLogin } from "./login.js";
import { closeMenu, openMenu } from "./menu.js";
import { Model } from "./model.js";
import { chooseTarget, moveBoard } from "./move.js";
import { boardMenu, partitionMenu } from "./offers.js";
import { endWords, renderOperations } from "./operations.js";
import { paceOf, renderPace, startPace, wordsOfPace } from "./pace.js";
import { mayAudit } from "./rights.js";
import { Stream } from "./stream.js";
import { current, firstLanguage, setLanguage, t, word } from "./text.js";
import { forgetThroughput, renderThroughput } from "./throughput.js";

const RUNS_EVERY_MS = 5000;
const model = new Model();
const tabs = ["events", "consoles", "audit"];
let user = null, stream = null, boards = null, runs = [], runsTimer = 0, pending = 0, wasLost = false, watching = false, tab = "events";

// ---- drawing

function renderAll() {
  pending = 0;
  if (!user) return;
  renderPace();
  if (!model.snapshot) return;
  help();
  boards.render();
  renderOperations(model);
  renderEvents(model);
  renderThroughput(model);
  renderCrossbar(model);
}

// Many messages may come between two drawings of the screen.
function renderSoon() {
  pending ||= requestAnimationFrame(renderAll);
}

function words() {
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) setText(element, t(element.dataset.t));
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
  for (const select of document.querySelectorAll("select.theme")) {
    select.replaceChildren(...["auto", "light", "dark"].map(choice => el("option", { value: choice }, word("theme", choice))));
    select.value = numaplexTheme.chosen();
  }
  for (const select of document.querySelectorAll("select.language")) select.value = current();
  const choice = numaplexTheme.chosen();
  setText($("theme"), { auto: "◐", light: "☀", dark: "☾" }[choice]);
  $("theme").setAttribute("aria-label", t("theme") + ": " + word("theme", choice));
  $("theme").title = $("theme").getAttribute("aria-label");
  $("stop").title = t("stop");
  const span = $("crossbar-span"), chosen = span.value || "last";
  span.replaceChildren(el("option", { value: "last" }, t("crossbarLast")), el("option", { value: "all" }, t("crossbarAll")));
  span.value = chosen;
  $("legend").replaceChildren(...["permanent", "used", "draining", "freeMemory"].map(part =>
    el("li", {}, el("span", { class: "part " + (part === "freeMemory" ? "free" : part) }), t(part))));
  wordsOfPace();
  if (user) {
    setText($("account"), user.name);
    $("account").title = t("loggedInAs", user.name, word("role", user.role));
    $("account").setAttribute("aria-label", t("account", user.name) + ". " + $("account").title);
    help();
    connection(state.name, state.seconds);
  }
}

function help() {
  const touch = matchMedia("(hover: none)").matches;
  setText($("platform-help"), t(model.over() ? "platformEnded" : user.role === "viewer" ? "platformLook" : touch ? "platformTouch" : "platformHelp"));
}

// ---- the connection

const state = { name: "connecting", seconds: 0 };
let wasOver = false;

const chosen = () => runs.find(run => run.name === chosenRun());

// A run that has left nothing to show is over as well; of one that has just ended the list may not know yet.
const isOver = () => model.over() || model.link === "ended" || chosen()?.live === false;

function endWordsOfRun(run) {
  if (run?.failure) return t(model.snapshot ? "runFailed" : "runFailedBare", run.failure, word("errors", run.failure));
  return t(model.snapshot ? "runEnded" : "runEndedBare");
}

function connection(name, seconds) {
  Object.assign(state, { name, seconds });
  const lost = name === "lost", run = model.link, over = wasOver = isOver(), shown = !lost && over ? "ended" : name;
  $("connection").dataset.state = shown;
  setText($("connection"), t({ lost: "lostShort", live: "live", ended: "endedShort" }[shown] ?? "connecting"));
  setClass($("app"), "stale", lost || run === "lost");
  setClass($("app"), "over", over);
  setClass($("app"), "bare", over && !model.snapshot);
  const text = lost ? (seconds ? t("lostLong", seconds) : t("lostTrying")) : run === "lost" ? t("runLost")
    : over ? endWordsOfRun(chosen()) : !chosenRun() && !model.snapshot ? t("noRunsHelp") : null;
  $("report").hidden = lost || !over || !chosen()?.report;
  $("report").href = machine("report");
  $("banner").hidden = !text;
  $("banner").dataset.kind = lost || run === "lost" ? "bad" : "calm";
  setText($("banner").firstElementChild, text ?? "");
  $("banner").querySelector("button").hidden = !lost;
  if (lost && !wasLost) say(t("lost"), true);
  if (name === "live" && wasLost) notice(t(model.missed ? "regainedMissed" : "regained"));
  if (name === "live") model.missed = false;
  if (lost || name === "live") wasLost = lost;
}

function ended(before, snapshot) {
  for (const operation of snapshot.operations) {
    const known = before?.operations.find(other => other.id === operation.id);
    if (!known || known.ended_ps !== null || operation.ended_ps === null) continue;
    if (operation.code) notice(endWords(operation), "bad", operation.code);
    else notice(endWords(operation));
  }
}

function take(kind, data) {
  if (kind === "snapshot") {
    const before = model.snapshot;
    model.takeSnapshot(data);
    if (before && model.snapshot.folder === before.folder) ended(before, data);
  } else if (kind === "event") model.takeEvent(data);
  else if (kind === "sample") model.takeSample(data, performance.now());
  else if (kind === "link") model.link = data.link;
  else if (kind === "reset") model.missed = true;
  if (isOver() !== wasOver) connection(state.name, state.seconds);
  renderSoon();
}

// The run's past as the run tells it, also of the time in which this page did not hear it; samples tell the rest.
async function past(snapshot) {
  try {
    const series = await get(machine("series"));
    if (model.snapshot?.folder === snapshot.folder) model.begin(series.partitions);
  } catch { /* the lines begin anew, or go on with a gap */ }
}

async function first() {
  const snapshot = await get(machine("snapshot"));
  model.link = snapshot.link ?? null;
  take("snapshot", snapshot);
  connection(state.name, state.seconds);
  await past(snapshot);
  renderSoon();
  return snapshot.last_seq;
}

function watch() {
  stream?.stop();
  stream = new Stream(first, from => machine("events", { from }), { message: take, state: connection, ended: expired,
    failed: () => session().then(answer => answer.user || expired(), () => {}) }); // no answer: the stream tries again
}

// ---- runs

function forget() {
  model.clear();
  model.link = null;
  boards?.forget();
  forgetThroughput();
  forgetCrossbar();
  forgetEvents();
  forgetConsoles();
}

function look(name) {
  forget();
  chooseRun(name);
  wasLost = false;
  watching = Boolean(chosen()?.live || chosen()?.state);
  if (watching) watch();
  else {
    stream?.stop();
    connection("connecting", 0);
  }
  showTab(tab);
  renderSoon();
}

function offerRuns() {
  const select = $("run");
  const key = current() + JSON.stringify(runs.map(run => [run.name, run.live, run.failure]));
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    const label = run => run.live ? run.name : run.name + " · " + (run.failure ?? word("runState", "ended"));
    select.replaceChildren(...(runs.length ? runs.map(run => el("option", { value: run.name }, label(run))) : [el("option", { value: "" }, t("noRuns"))]));
    select.disabled = !runs.length;
  }
  select.value = chosenRun();
}

async function findRuns() {
  clearTimeout(runsTimer);
  runsTimer = setTimeout(findRuns, RUNS_EVERY_MS);
  if (state.name === "lost" || document.hidden) return;
  try {
    ({ runs } = await get("/api/runs"));
  } catch {
    return; // the stream says that the connection is lost
  }
  if (!user) return;
  const wanted = new URLSearchParams(location.search).get("run");
  if (!chosenRun() && runs.length) look((runs.find(run => run.name === wanted) ?? runs.find(run => run.selected) ?? runs[0]).name);
  else if (!watching && chosen()?.live) look(chosenRun()); // one that had ended goes on
  offerRuns();
  connection(state.name, state.seconds);
}

function chooseFromList() {
  history.replaceState(null, "", "/?run=" + encodeURIComponent($("run").value));
  look($("run").value);
}

// ---- login

function expired() {
  leave(t("loginExpired"));
}

function leave(note) {
  if (!user) return;
  user = null;
  stream?.stop();
  clearTimeout(runsTimer);
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  closeMenu(false);
  forget();
  chooseRun("");
  session().catch(() => {});
  words();
  showLogin(note);
}

function enter(who) {
  user = who;
  paceOf(user);
  $("login").hidden = true;
  $("app").hidden = false;
  $("tab-audit").hidden = !mayAudit(user);
  showTab(mayAudit(user) || tab !== "audit" ? tab : "events");
  words();
  renderPace();
  findRuns();
  $("platform").focus({ preventScroll: true });
}

async function goOut() {
  try {
    await logout();
  } catch { /* the session was over already */ }
  leave(t("loginOut"));
}

function themeMenu() {
  openMenu($("theme"), t("theme"), ["auto", "light", "dark"].map(choice => ({ text: word("theme", choice), checked: choice === numaplexTheme.chosen(),
    act: () => { numaplexTheme.choose(choice); words(); } })));
}

function accountMenu() {
  openMenu($("account"), t("account", user.name), [
    { text: t("changePassword"), act: async () => await changePassword(user) && leave(t("passwordChanged")) },
    { text: t("logout"), act: goOut }]);
}

// ---- boards and tabs

async function move(name, partition) {
  const board = model.board(name);
  if (!board) return;
  if (model.over()) {
    notice(word("errors", "NP0816"), "bad", "NP0816");
    return;
  }
  const target = partition === undefined ? await chooseTarget(model, board) : partition;
  if (target === undefined || target === board.partition) return;
  await moveBoard(model, user, board, target);
  if (document.activeElement === document.body) boards.cards.get(name)?.focus();
}

function showTab(name) {
  tab = name;
  for (const other of tabs) {
    const button = $("tab-" + other), on = other === name;
    button.setAttribute("aria-selected", String(on));
    button.tabIndex = on ? 0 : -1;
    $("view-" + other).hidden = !on;
  }
  if (!user) return;
  if (name === "consoles") openConsoles(model, user);
  if (name === "audit") openAudit();
  renderSoon();
}

function tabKey(event) {
  const shown = tabs.filter(name => !$("tab-" + name).hidden), at = shown.indexOf(tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  showTab(shown[(to + shown.length) % shown.length]);
  $("tab-" + tab).focus();
}

function switchLanguage(event) {
  setLanguage(event.target.value, true);
  words();
  $("run").dataset.key = "";
  offerRuns();
  forgetCrossbar();
  renderAll();
  renderThroughput(model, true);
  renderCrossbar(model, true);
}

function listen() {
  const find = name => model.partition(name);
  boards = new Boards($("rows"), model, {
    move, menu: (name, anchor) => boardMenu(model, user, model.board(name), anchor, { move }),
    partitionMenu: (name, anchor) => partitionMenu(model, user, find(name), anchor) });
  new Drag($("rows"), move, () => !model.over());
  for (const select of document.querySelectorAll("select.language")) select.addEventListener("change", switchLanguage);
  for (const select of document.querySelectorAll("select.theme")) select.addEventListener("change", () => { numaplexTheme.choose(select.value); words(); });
  document.documentElement.addEventListener("themechange", () => { forgetThroughput(); renderThroughput(model, true); });
  for (const name of tabs) $("tab-" + name).addEventListener("click", () => showTab(name));
  $("tabs").addEventListener("keydown", tabKey);
  $("account").addEventListener("click", accountMenu);
  $("theme").addEventListener("click", themeMenu);
  addEventListener("resize", () => renderCrossbar(model));
  $("run").addEventListener("change", chooseFromList);
  $("crossbar-span").addEventListener("change", () => spanOfCrossbar($("crossbar-span").value, model));
  $("banner").querySelector("button").addEventListener("click", () => stream?.connect());
  startPace(model);
  startEvents(() => renderEvents(model));
  startConsoles();
  startAudit();
  startLogin(enter);
  whenExpired(expired);
}

async function start() {
  setLanguage(firstLanguage());
  listen();
  words();
  showTab("events");
  let answer = null;
  try {
    answer = await session();
  } catch { /* the login page says so when it is used */ }
  if (answer?.user) enter(answer.user);
  else showLogin(null);
}

start();
