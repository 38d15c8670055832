// SPDX-License-Identifier: Apache-2.0
// The event log with its filter: the newest first.
import { $, el, keyed, setText } from "./dom.js";
import { endWords, nameOf } from "./operations.js";
import { clock, knows, number, t, word } from "./text.js";

const SHOWN_MAX = 300;

// The machine speaks English; what it says of states is translated word for word, the rest is marked as English.
function wordsOf(text) {
  const [, who, rest] = /^([\w.-]+): (.*)$/.exec(text ?? "") ?? [null, null, text ?? ""];
  for (const map of ["eventText", "step", "assignment", "receptacle", "occupant", "partitionState"])
    if (knows(map, rest)) return [(who ? who + ": " : "") + word(map, rest), null];
  return [text ?? "", "en"];
}

function wordsOfEvent(event, model) {
  const operation = event.operation && model.snapshot.operations.find(known => known.id === event.operation);
  if (operation && event.what === "begun") return [nameOf(operation), null];
  if (operation && event.what === "ended") return [endWords(operation), null];
  if (event.what === "drained" && event.pages_total) return [event.board + ": " + t("pages", number(event.pages_done), number(event.pages_total)), null];
  return wordsOf(event.what === "pace" ? event.text?.replace(/^pace: /, "") : event.text);
}

function row(event, model) {
  const [text, lang] = wordsOfEvent(event, model);
  const refused = ["refused", "failed"].includes(event.what);
  return el("tr", { class: refused ? "bad" : "" }, el("td", { class: "n" }, clock(event.time_ps, model.snapshot.until_ps)), el("td", {}, word("event", event.what)),
    el("td", {}, [event.board, event.partition].filter(Boolean).join(", ")), el("td", { lang: lang === document.documentElement.lang ? null : lang }, text),
    el("td", {}, event.user ?? ""));
}

function options(select, values, wordOf) {
  const key = document.documentElement.lang + JSON.stringify(values);
  if (select.dataset.key === key) return;
  const chosen = select.value;
  select.dataset.key = key;
  select.replaceChildren(el("option", { value: "" }, t("all")), ...values.map(value => el("option", { value }, wordOf(value))));
  select.value = values.includes(chosen) ? chosen : "";
}

function fits(event, model) {
  const kind = $("filter-kind").value, where = $("filter-where").value, text = $("filter-text").value.trim().toLowerCase();
  return (!kind || event.what === kind) && (!where || event.board === where || event.partition === where) &&
    (!text || [event.text, wordsOfEvent(event, model)[0], event.board, event.partition, event.user].some(part => part?.toLowerCase().includes(text)));
}

export function renderEvents(model) {
  if (!model.snapshot || $("view-events").hidden) return;
  options($("filter-kind"), [...new Set(model.events.map(event => event.what))].sort(), value => word("event", value));
  options($("filter-where"), [...model.snapshot.partitions, ...model.snapshot.boards].map(thing => thing.name), value => value);
  const found = model.events.filter(event => fits(event, model)), language = document.documentElement.lang;
  if ($("events").dataset.language !== language) {
    $("events").dataset.language = language;
    $("events").replaceChildren();
    $("events").keyedChildren = new Map();
  }
  keyed($("events"), found.slice(-SHOWN_MAX).reverse(), event => event.seq, event => row(event, model));
  setText($("event-count"), t("eventCount", number(found.length), number(model.events.length)));
  $("events-none").hidden = found.length > 0;
  setText($("events-none"), t(model.events.length ? "eventsNoMatch" : "eventsNone"));
}

export function startEvents(render) {
  for (const id of ["filter-text", "filter-kind", "filter-where"]) $(id).addEventListener("input", render);
}

export function forgetEvents() {
  $("events").replaceChildren();
  $("events").keyedChildren = new Map();
}
