// SPDX-License-Identifier: Apache-2.0
// Menus of boards and partitions: what can be done with them, and why not where it cannot.
import { ask, confirm } from "./dialog.js";
import { el } from "./dom.js";
import { openMenu } from "./menu.js";
import { occupied } from "./model.js";
import { send } from "./move.js";
import { whyNot } from "./rights.js";
import { bytes, number, t, word } from "./text.js";

const positions = ["off", "standby", "on", "diag", "secure"];
const running = ["on", "diag", "secure"];

function details(model, board) {
  const rates = model.boardRates(model.snapshot.boards.indexOf(board));
  const rows = { system: board.system, partition: board.partition ?? t("freeOne"), assignment: word("assignment", board.assignment),
    attachment: [word("receptacle", board.receptacle), word("occupant", board.occupant)].join(", "), test: word("test", board.test),
    power: t(board.powered ? "on" : "off"), cpus: t("cpusOf", number(board.cpus_online), number(board.cpus)),
    clock: board.clock_hz ? number(board.clock_hz / 1e6) + "\u00a0MHz" : null, cache: board.cache_bytes ? bytes(board.cache_bytes) : null,
    threads: number(board.threads), memory: t("memoryOf", bytes(occupied(board)), bytes(board.memory_bytes)),
    permanent: bytes(board.permanent_bytes), base: board.occupant === "configured" ? "0x" + board.real_base.toString(16) : null,
    next: board.next_partition, work: rates.accesses === null ? null : t("accesses", number(rates.accesses)) };
  return ask(board.name, el("dl", { class: "details" }, Object.entries(rows).filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => el("div", {}, el("dt", {}, word("detail", key)), el("dd", {}, value)))), [{ value: "", text: t("close"), class: "primary" }]);
}

// act.move(board, partition?) opens what a drag would.
export function boardMenu(model, user, board, anchor, act) {
  const item = (text, command, run, group) => ({ text, group, why: whyNot(user, model, { board: board.name, ...command }),
    act: run ?? (() => send({ board: board.name, ...command })) });
  const over = model.over() ? whyNot(user, model, {}) : null; // else a plan says who may
  const items = [{ text: t(board.partition ? "move" : "addTo"), why: over, act: () => act.move(board.name) }];
  if (board.partition) items.push({ text: t("giveBack"), why: over, act: () => act.move(board.name, null) });
  items.push(item(t("powerOn"), { verb: "power", on: true }, null, true));
  items.push(item(t("powerOff"), { verb: "power", on: false }, async () =>
    await confirm(t("powerOffAsk", board.name), t("powerOff"), true) && send({ verb: "power", board: board.name, on: false })));
  items.push(item(t("test"), { verb: "test" }));
  items.push(item(t(board.blacklisted ? "blacklistOff" : "blacklistOn"), { verb: "blacklist", on: !board.blacklisted }));
  if (model.system(board.system)?.family === "superdome")
    items.push(item(t(board.use_on_next_boot ? "cellOff" : "cellOn"), { verb: "cell", on: !board.use_on_next_boot }));
  items.push({ text: t("details"), group: true, act: () => details(model, board) });
  openMenu(anchor, t("menuOf", board.name), items);
}

async function turn(partition, position) {
  const ends = running.includes(partition.position) && !running.includes(position);
  if (ends && !await confirm(t("keyswitchAsk", partition.name, word("position", partition.position), word("position", position)), t("confirm"), true)) return;
  await send({ verb: "keyswitch", partition: partition.name, position });
}

async function reboot(partition, on) {
  if (await confirm(t("rebootAsk", partition.name), t(on ? "rebootReconfigure" : "reboot"), true)) await send({ verb: "reboot", partition: partition.name, on });
}

async function tag(partition) {
  const input = el("input", { value: partition.tag ?? "", maxlength: 60, "aria-label": t("tagAsk", partition.name) });
  const value = await ask(t("tagAsk", partition.name), input, [{ value: "", text: t("cancel") }, { value: "save", text: t("tagSave"), class: "primary" }]);
  if (value === "save") await send({ verb: "tag", partition: partition.name, name: input.value.trim() });
}

export function partitionMenu(model, user, partition, anchor) {
  const why = verb => whyNot(user, model, { verb, partition: partition.name });
  openMenu(anchor, t("keyswitchOf", partition.name, word("position", partition.position)), [
    ...positions.map(position => ({ text: word("position", position), checked: position === partition.position, why: why("keyswitch"), act: () => turn(partition, position) })),
    { text: t("reboot"), group: true, why: why("reboot"), act: () => reboot(partition, false) },
    ...(model.system(partition.system)?.family === "superdome" ? [{ text: t("rebootReconfigure"), why: why("reboot"), act: () => reboot(partition, true) }] : []),
    { text: t("tag"), group: true, why: why("tag"), act: () => tag(partition) }]);
}
