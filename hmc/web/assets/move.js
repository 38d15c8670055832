// SPDX-License-Identifier: Apache-2.0
// Moving a board: where to, what that does as the machine plans it, and the command.
import { machine, post } from "./api.js";
import { ask, notice, refused } from "./dialog.js";
import { el, say } from "./dom.js";
import { worksWith } from "./model.js";
import { mayCommand } from "./rights.js";
import { bytes, errorWords, knows, number, t, word } from "./text.js";

const NOWHERE = "\u0000";
const levels = { in: ["configure", "connect", "assign"], out: ["unassign", "disconnect", "unconfigure"] };

// The command that brings a board to a partition, or to none (null).
export function commandFor(board, partition) {
  if (partition === null) return { verb: "delete", board: board.name };
  return { verb: board.partition ? "move" : "add", board: board.name, partition };
}

// The keyboard's way to choose what a drag chooses. Resolves with a partition's name, null for none, or undefined.
export async function chooseTarget(model, board) {
  const partitions = model.snapshot.partitions.filter(partition => partition.system === board.system);
  const places = [...partitions.map(partition => ({ value: partition.name, text: partition.name, colour: model.colourOf(partition.name),
    boards: model.boardsOf(partition.name).map(other => other.name).join(", "), here: partition.name === board.partition })),
    { value: NOWHERE, text: t("free"), colour: "free", boards: "", here: !board.partition }];
  const first = places.find(place => !place.here);
  const choices = el("div", { class: "choices", role: "radiogroup", "aria-label": t("moveTitle", board.name) }, places.map(place =>
    el("label", { "data-colour": place.colour, class: place.here ? "here" : "" },
      el("input", { type: "radio", name: "target", value: place.value, disabled: place.here, checked: place === first }),
      el("span", { class: "swatch", "aria-hidden": "true" }), el("b", {}, place.text), el("small", {}, place.here ? t("moveHere") : place.boards))));
  const question = board.partition ? t("moveFrom", board.name, board.partition) : t("moveFromFree", board.name);
  const value = await ask(t("moveTitle", board.name), [el("p", {}, question), choices],
    [{ value: "", text: t("cancel") }, { value: "choose", text: t("choose"), class: "primary" }],
    dialog => dialog.querySelector("input:checked")?.focus());
  const chosen = choices.querySelector("input:checked")?.value;
  return value !== "choose" || chosen === undefined ? undefined : chosen === NOWHERE ? null : chosen;
}

const arrow = (before, after) => before === after ? [el("b", {}, before)] : [before, el("span", { class: "arrow", "aria-hidden": "true" }, " → "), el("b", {}, after)];

// Capacities of all partitions of the system, before and after, as numbers and as bars.
function capacities(model, board, plan) {
  const rows = model.snapshot.partitions.filter(partition => partition.system === board.system).map(partition => {
    const boards = model.boardsOf(partition.name), side = partition.name === plan.from ? "from" : partition.name === plan.to ? "to" : null;
    const cpus = boards.reduce((sum, b) => sum + b.cpus_online, 0), memory = boards.reduce((sum, b) => sum + worksWith(b, partition), 0);
    return { name: partition.name, side, cpus: side ? [plan[`cpus_${side}_before`], plan[`cpus_${side}_after`]] : [cpus, cpus],
      memory: side ? [plan[`memory_${side}_before`], plan[`memory_${side}_after`]] : [memory, memory] };
  });
  const most = Math.max(1, ...rows.flatMap(row => row.cpus));
  const bars = row => el("span", { class: "before-after", "aria-hidden": "true" }, row.cpus.map((cpus, i) => {
    const bar = el("i", { class: i ? "after" : "before" });
    bar.style.setProperty("--share", (cpus / most).toFixed(3));
    return bar;
  }));
  return el("table", { class: "capacities" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("partition")), el("th", { scope: "col", class: "n" }, t("cpus")), el("td", { class: "soft" }, el("small", {}, t("planBefore") + " → " + t("planAfter"))),
      el("th", { scope: "col", class: "n" }, t("memory")))),
    el("tbody", {}, rows.map(row => el("tr", { "data-colour": model.colourOf(row.name), "data-capacity": row.name, class: row.side ? "" : "other" },
      el("th", { scope: "row" }, el("span", { class: "swatch", "aria-hidden": "true" }), row.name),
      el("td", { class: "n", "data-cpus": row.cpus[1], title: `${t("planBefore")} ${number(row.cpus[0])}, ${t("planAfter")} ${number(row.cpus[1])}` },
        arrow(number(row.cpus[0]), number(row.cpus[1]))),
      el("td", {}, bars(row)),
      el("td", { class: "n" }, arrow(bytes(row.memory[0]), bytes(row.memory[1])))))));
}

function consequences(board, plan) {
  const lines = [];
  if (plan.from) lines.push(plan.drain_bytes ? t("planDrain", bytes(plan.drain_bytes), plan.from) : t("planNoDrain"));
  if (plan.permanent_bytes && plan.copy_target) lines.push(t("planPermanent", bytes(plan.permanent_bytes), plan.copy_target, plan.from));
  if (plan.threads) lines.push(t("planThreads", number(plan.threads), plan.from));
  if (plan.to) lines.push(t("planTest", plan.to));
  if (plan.standby_cpus) lines.push(t("planStandby", number(plan.standby_cpus), bytes(plan.standby_bytes), plan.to));
  lines.push(t("planRest"));
  return [el("h3", {}, t("planWhat")), el("ul", { class: "what" }, lines.map(line => el("li", {}, line)))];
}

// Why it cannot be done: said by the machine, or known of the user's role.
function hindrance(answer, forbidden, about) {
  if (forbidden) return el("div", { class: "refusal", role: "alert" }, el("b", {}, t("planForbidden")), el("p", {}, el("b", { class: "code" }, "NP0811 "), forbidden));
  if (!answer.code) return null;
  const meaning = knows("errors", answer.code) ? errorWords(answer.code, about) : answer.meaning ?? "";
  return el("div", { class: "refusal", role: "alert" }, el("b", {}, t("planRefused")), el("p", {}, el("b", { class: "code" }, answer.code + " "), meaning),
    answer.text ? el("p", { lang: "en", class: "soft" }, answer.text) : null);
}

const titles = { move: ["planMove", "confirmMove"], add: ["planAdd", "confirmAdd"], delete: ["planDelete", "confirmDelete"] };

// Plans, asks, commands. Resolves when the dialog is closed.
export async function moveBoard(model, user, board, partition) {
  const command = commandFor(board, partition);
  const [title, confirm] = titles[command.verb];
  const question = command.verb === "move" ? t(title, board.name, board.partition, partition) : t(title, board.name, partition ?? board.partition);
  const body = el("div", { class: "plan", "aria-live": "polite" }, el("p", { class: "soft" }, t("planAsking")));
  const level = el("select", {}, levels[command.verb === "delete" ? "out" : "in"].map(value => el("option", { value }, word("level", value))));
  const force = el("input", { type: "checkbox" });
  const options = el("details", { class: "options" }, el("summary", {}, t("options")), el("label", {}, el("span", {}, t("level")), " ", level),
    el("label", { class: "check", hidden: command.verb === "add" }, force, " ", t("force")));
  const about = { board: board.name, from: board.partition, to: partition };
  let round = 0;
  const full = () => ({ ...command, level: level.value, ...(force.checked ? { force: true } : {}) });

  async function plan(dialog) {
    const mine = ++round, submit = dialog.querySelector(".foot").lastElementChild;
    const forbidden = mayCommand(user, model, command);
    submit.disabled = true;
    let answer;
    try {
      answer = await post(machine("plan"), full());
    } catch (refusal) {
      answer = { code: refusal.code ?? "", text: refusal.text || refusal.message, meaning: refusal.meaning };
    }
    if (mine !== round || !dialog.isConnected) return;
    const known = answer.plan && (answer.plan.from || answer.plan.to);
    const why = hindrance(answer, forbidden, about);
    body.replaceChildren(...[why, known ? capacities(model, board, answer.plan) : null, ...(known && !why ? consequences(board, answer.plan) : [])].filter(Boolean));
    submit.disabled = Boolean(why) || !answer.plan;
    if (!dialog.querySelector(".options[open]")) (submit.disabled ? submit.previousElementSibling : submit).focus();
    say(body.textContent);
  }

  const value = await ask(question, [body, options], [{ value: "", text: t("cancel") },
    { value: "go", text: t(confirm, board.name), class: "primary", disabled: true }], dialog => {
    for (const input of [level, force]) input.addEventListener("change", () => plan(dialog));
    plan(dialog);
  });
  if (value === "go") await send(full(), about);
}

// Sends a command and says how it was taken; what follows comes as events. True when it was.
export async function send(command, about = { board: command.board }) {
  try {
    const answer = await post(machine("command"), command);
    const name = [word("verb", command.verb), command.board ?? command.partition].filter(Boolean).join(" ");
    notice(answer.operation ? t("began", name) : t("done"));
    return true;
  } catch (refusal) {
    refused(refusal, about);
    return false;
  }
}
