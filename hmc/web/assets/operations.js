// SPDX-License-Identifier: Apache-2.0
// What is being moved, and what was: the newest first, each with its step and progress, or how it ended.
import { $, el, keyed, setAttribute, setClass, setText } from "./dom.js";
import { shareOf } from "./model.js";
import { errorWords, knows, number, t, time, word } from "./text.js";

const SHOWN_MAX = 12;

const make = operation => el("li", { class: "operation", "data-operation": operation.id },
  el("div", { class: "line" }, el("b", { class: "name" }), el("span", { class: "chip" })),
  el("progress", { max: 1 }), el("p", { class: "soft" }));

export function nameOf(operation) {
  const way = operation.from && operation.to ? `${operation.from} → ${operation.to}` : operation.to ?? operation.from ?? "";
  return [word("verb", operation.verb), operation.board, way].filter(Boolean).join(" ");
}

function outcome(operation) {
  if (operation.ended_ps === null) return [word("step", operation.step), ""];
  return operation.code ? [operation.code, "bad"] : [t("operationDone"), "good"];
}

function details(operation) {
  const parts = [t("operationAt", time(operation.began_ps)), operation.user ? t("operationBy", operation.user) : t("scripted")];
  if (operation.pages_total) parts.push(t("pages", number(operation.pages_done), number(operation.pages_total)));
  if (operation.ended_ps !== null) parts.push(t("operationTook", time(operation.ended_ps - operation.began_ps)));
  if (operation.code) parts.push(knows("errors", operation.code) ? errorWords(operation.code, operation) : operation.text ?? "");
  return parts.join(" · ");
}

function update(item, operation) {
  const [words, kind] = outcome(operation), chip = item.querySelector(".chip"), progress = item.querySelector("progress");
  setText(item.querySelector(".name"), nameOf(operation));
  setText(chip, words);
  setClass(chip, "good", kind === "good");
  setClass(chip, "bad", kind === "bad");
  setText(item.querySelector("p"), details(operation));
  item.title = operation.text ?? "";
  progress.hidden = operation.ended_ps !== null;
  setAttribute(progress, "aria-label", t("progressOf", nameOf(operation)));
  const share = shareOf(operation);
  if (share === null) progress.removeAttribute("value");
  else progress.value = share;
}

export function renderOperations(model) {
  const list = [...model.snapshot.operations].sort((a, b) => b.id - a.id).slice(0, SHOWN_MAX);
  $("operations-none").hidden = list.length > 0;
  keyed($("operations"), list, operation => operation.id, make, update);
}

// What has to be said aloud: that an operation has ended, and how.
export const endWords = operation => nameOf(operation) + ": " + (operation.code ? details(operation) : t("operationDone"));
