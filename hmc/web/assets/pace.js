// SPDX-License-Identifier: Apache-2.0
// The run's pace: pause, continue, a step, slow enough to watch, and its end.
import { machine, post } from "./api.js";
import { confirm, refused } from "./dialog.js";
import { $, el, setAttribute, setText } from "./dom.js";
import { mayPace } from "./rights.js";
import { clock, t, time, word } from "./text.js";

const steps = [1e6, 1e7, 1e8, 1e9];
const speeds = [0, 1e10, 1e9, 1e8, 1e7, 1e6];
let model = null, user = null;

async function pace(body) {
  try {
    await post(machine("pace"), body);
  } catch (refusal) {
    refused(refusal);
  }
}

function offer(control, what, ended) {
  const why = mayPace(user, what);
  control.disabled = Boolean(why) || ended;
  control.title = why ? "NP0811 " + why : "";
}

export function renderPace() {
  const { snapshot } = model, ended = !snapshot || snapshot.state === "ended", paused = snapshot?.state === "paused";
  setText($("pause"), t(paused ? "continue" : "pause"));
  setAttribute($("pause"), "data-icon", paused ? "continue" : "pause");
  offer($("pause"), "pause", ended);
  offer($("step"), "step", ended);
  offer($("step-by"), "step", ended);
  offer($("speed"), "slow", ended);
  offer($("stop"), "stop", ended);
  setText($("clock"), snapshot ? clock(snapshot.time_ps, snapshot.until_ps) : "–");
  setText($("until"), snapshot?.until_ps ? t("ofUntil", time(snapshot.until_ps)) : "");
  $("run-state").hidden = !snapshot;
  setText($("run-state"), snapshot ? word("runState", snapshot.state) : "");
  setAttribute($("run-state"), "data-state", snapshot?.state ?? "");
  if (snapshot && document.activeElement !== $("speed")) speed(snapshot.ps_per_s);
}

// A pace that somebody chose elsewhere is offered too.
function speed(value) {
  const select = $("speed");
  if (![...select.options].some(option => Number(option.value) === value)) select.append(el("option", { value }, t("perSecond", time(value))));
  select.value = String(value);
}

export function wordsOfPace() {
  const step = $("step-by").value || "10000000", chosen = $("speed").value;
  $("step-by").replaceChildren(...steps.map(value => el("option", { value }, time(value))));
  $("step-by").value = step;
  $("speed").replaceChildren(...speeds.map(value => el("option", { value }, value ? t("perSecond", time(value)) : t("fast"))));
  if (chosen) speed(Number(chosen));
}

export function startPace(with_model) {
  model = with_model;
  $("pause").addEventListener("click", () => pace({ pace: model.snapshot?.state === "paused" ? "continue" : "pause" }));
  $("step").addEventListener("click", () => pace({ pace: "step", step_ps: Number($("step-by").value) }));
  $("speed").addEventListener("change", () => pace({ pace: "slow", ps_per_s: Number($("speed").value) }));
  $("stop").addEventListener("click", async () => await confirm(t("stopAsk"), t("stop"), true) && pace({ pace: "stop" }));
}

export const paceOf = as_user => { user = as_user; };
