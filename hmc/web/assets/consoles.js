// SPDX-License-Identifier: Apache-2.0
// Consoles of partitions: what guests write, and a line to type. Asked for while one looks at them.
import { chosenRun, get, machine, post } from "./api.js";
import { refused } from "./dialog.js";
import { $, el, setAttribute, setText } from "./dom.js";
import { mayType } from "./rights.js";
import { t } from "./text.js";

const EVERY_MS = 700, SHOWN_MAX = 200000;
let model = null, user = null, timer = 0;
let texts = new Map(); // run and partition -> {text, next}

const shown = () => $("console-partition").value;
const keyOf = partition => chosenRun() + "\n" + partition;

function options() {
  const guests = model.snapshot.partitions.filter(partition => partition.has_guest).map(partition => partition.name);
  $("console-none").hidden = guests.length > 0;
  $("console-box").hidden = !guests.length;
  const select = $("console-partition");
  if (select.dataset.key === guests.join("\n")) return;
  const chosen = select.value;
  select.dataset.key = guests.join("\n");
  select.replaceChildren(...guests.map(name => el("option", { value: name }, name)));
  select.value = guests.includes(chosen) ? chosen : guests[0] ?? "";
}

function show() {
  const pre = $("console-text"), bottom = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
  const why = mayType(user, shown());
  setText(pre, texts.get(keyOf(shown()))?.text || t("consoleEmpty"));
  setAttribute(pre, "aria-label", t("consoleOf", shown()));
  if (bottom) pre.scrollTop = pre.scrollHeight;
  for (const input of $("console-form").elements) {
    input.disabled = Boolean(why);
    input.title = why ?? "";
  }
}

async function ask() {
  clearTimeout(timer);
  if (!model?.snapshot || $("view-consoles").hidden) return;
  options();
  if (shown()) {
    const key = keyOf(shown()), known = texts.get(key) ?? { text: "", next: 0 };
    try {
      const answer = await get(machine("console", { partition: shown(), from: known.next }));
      texts.set(key, { text: (known.text + answer.text).slice(-SHOWN_MAX), next: known.next + answer.bytes });
      show();
    } catch {
      // The connection's state stands above; the next attempt follows.
    }
  }
  timer = setTimeout(ask, EVERY_MS);
}

async function type(event) {
  event.preventDefault();
  const line = $("console-line");
  try {
    await post(machine("type"), { partition: shown(), text: line.value });
    line.value = "";
    ask();
  } catch (refusal) {
    refused(refusal);
  }
}

export function startConsoles() {
  $("console-form").addEventListener("submit", type);
  $("console-partition").addEventListener("change", () => { show(); ask(); });
}

export function openConsoles(with_model, as_user) {
  model = with_model;
  user = as_user;
  ask();
}

export function forgetConsoles() {
  clearTimeout(timer);
  texts = new Map();
}
