// SPDX-License-Identifier: Apache-2.0
// The platform: one row to each partition, its boards as cards, and a row of free boards. Cards are made once and changed in
// place, so that they keep the focus and can be dragged while figures change under them.
import { calm, el, keyed, setAttribute, setClass, setText } from "./dom.js";
import { memoryParts, occupied, shareOf, worksWith } from "./model.js";
import { bytes, bytesOf, number, percent, rate, t, word } from "./text.js";

const FREE = "\u0000free"; // no name of a partition has this byte
export const SMALL_CARDS_FROM = 25;

const parts = ["permanent", "used", "draining", "free"];

// A card's or a row's attributes that mark its partition: colour and pattern by CSS.
function mark(element, colour) {
  setAttribute(element, "data-colour", colour === null ? "free" : colour);
}

function cpuDots(box, board) {
  const many = board.cpus > 16;
  const wanted = many ? 1 : board.cpus;
  while (box.children.length > wanted) box.lastChild.remove();
  while (box.children.length < wanted) box.append(el("i"));
  [...box.children].forEach((dot, i) => setClass(dot, "on", many ? board.cpus_online > 0 : i < board.cpus_online));
}

// What a guest has of a board that was offered to it.
const guestUse = board => board.cpus_online || board.used_bytes ? t("guestUses", number(board.cpus_online), bytes(board.used_bytes)) : t("standby");

export class Boards {
  // actions: menu(board, anchor), partitionMenu(kind, partition, anchor), move(board)
  constructor(rows, model, actions) {
    this.rows = rows;
    this.model = model;
    this.actions = actions;
    this.cards = new Map(); // board -> its card
  }

  makeCard(name) {
    const card = el("div", { class: "card", tabindex: 0, role: "group", "data-board": name, "aria-keyshortcuts": "M" },
      el("div", { class: "stripe", "aria-hidden": "true" }),
      el("div", { class: "top" }, el("b", { class: "name" }, name), el("span", { class: "cpus", "aria-hidden": "true" }),
        el("button", { type: "button", class: "dots", "aria-haspopup": "menu", "aria-expanded": "false", tabindex: 0 }, "⋮")),
      el("div", { class: "status" }, el("span", { class: "state" }), el("span", { class: "flags" })),
      el("dl", { class: "bars", "aria-hidden": "true" },
        el("div", { class: "load" }, el("dt"), el("dd", { class: "track" }, el("span", { class: "fill" })), el("dd", { class: "value" })),
        el("div", { class: "mem" }, el("dt"), el("dd", { class: "track" }, parts.map(part => el("span", { class: "part " + part }))), el("dd", { class: "value" })),
        el("div", { class: "port" }, el("dt"), el("dd", { class: "track" }, el("span", { class: "fill" })), el("dd", { class: "value" }))),
      el("div", { class: "under-way", hidden: true }, el("span", { class: "step-word" }), el("progress", { max: 1 }), el("small", { class: "drain" })));
    const button = card.querySelector(".dots");
    button.addEventListener("click", () => this.actions.menu(name, button));
    card.addEventListener("keydown", event => this.cardKey(event, card, name));
    this.cards.set(name, card);
    return card;
  }

  cardKey(event, card, name) {
    if (event.target !== card || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key.toLowerCase() === "m") this.actions.move(name);
    else if (event.key === "Enter") this.actions.menu(name, card.querySelector(".dots"));
    else if (["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"].includes(event.key)) this.step(card, event.key);
    else return;
    event.preventDefault();
  }

  // Left and right through the cards as they stand; up and down to the nearest card of the row above or below.
  step(card, key) {
    const all = [...this.rows.querySelectorAll(".card")], here = card.getBoundingClientRect();
    let to = all[all.indexOf(card) + (key === "ArrowRight" ? 1 : -1)];
    if (key === "ArrowDown" || key === "ArrowUp") {
      const sign = key === "ArrowDown" ? 1 : -1;
      const far = other => Math.abs(other.top - here.top) * 3 + Math.abs(other.left - here.left);
      to = all.map(other => [other, other.getBoundingClientRect()]).filter(([, at]) => (at.top - here.top) * sign > 8)
        .sort(([, a], [, b]) => far(a) - far(b))[0]?.[0];
    }
    to?.focus();
  }

  updateCard(card, board) {
    const model = this.model, index = model.snapshot.boards.indexOf(board), rates = model.boardRates(index);
    const load = model.boardLoad(board), memory = memoryParts(board), family = model.system(board.system)?.family;
    const state = [word("assignment", board.assignment), word("occupant", board.occupant)].filter(Boolean).join(" · ");
    const flags = [[board.core, "core"], [board.floating, "floating"], [board.blacklisted, "blacklisted"], [!board.powered, "off"]]
      .filter(([on]) => on).map(([, flag]) => t(flag));
    if (board.standby) flags.push(guestUse(board));
    if (board.test === "failed" || board.test === "under test") flags.push(word("test", board.test));
    mark(card, model.colourOf(board.partition));
    setClass(card, "dark", !board.powered);
    setClass(card, "trouble", board.test === "failed" || board.blacklisted);
    cpuDots(card.querySelector(".cpus"), board);
    setText(card.querySelector(".state"), state);
    setText(card.querySelector(".flags"), flags.join(" · "));
    this.bar(card.querySelector(".load"), t("load"), Math.min(1, load), percent(load), load > 1.001);
    this.bar(card.querySelector(".port"), t("port"), rates.port ?? 0, rates.port === null ? "–" : percent(rates.port), false);
    this.memory(card.querySelector(".mem"), board, memory);
    this.underWay(card, board);
    const words = t("memoryWords", bytes(occupied(board)), bytes(board.permanent_bytes), bytes(board.memory_bytes));
    setAttribute(card, "aria-label", t("boardLabel", word("family", family), board.name, board.partition ?? t("freeOne"),
      [state, ...flags].join(", "), t("cpusOf", number(board.cpus_online), number(board.cpus)), percent(load), words));
    setAttribute(card.querySelector(".dots"), "aria-label", t("menuOf", board.name));
    card.title = t("cpusOf", number(board.cpus_online), number(board.cpus)) + "\n" + t("loadHelp") + "\n" + t("memory") + ": " + words +
      (rates.accesses === null ? "" : "\n" + t("accesses", rate(rates.accesses)));
  }

  bar(row, name, share, words, over) {
    setText(row.querySelector("dt"), name);
    setText(row.querySelector(".value"), words);
    setClass(row, "over", over);
    row.querySelector(".fill").style.setProperty("--share", share.toFixed(3));
  }

  memory(row, board, memory) {
    setText(row.querySelector("dt"), t("memory"));
    setText(row.querySelector(".value"), bytesOf(occupied(board), board.memory_bytes));
    for (const part of parts)
      row.querySelector("." + part).style.setProperty("--share", board.memory_bytes ? (memory[part] / board.memory_bytes).toFixed(4) : "0");
  }

  underWay(card, board) {
    const operation = this.model.operationOn(board.name), box = card.querySelector(".under-way");
    box.hidden = !operation;
    setClass(card, "busy", Boolean(operation));
    if (!operation) return;
    const progress = box.querySelector("progress"), moving = board.drained_bytes + board.draining_bytes;
    setText(box.querySelector(".step-word"), word("step", operation.step));
    setText(box.querySelector(".drain"), board.draining_bytes ? t("drainWords", bytes(board.draining_bytes), bytes(board.drained_bytes)) : "");
    setAttribute(progress, "aria-label", t("progressOf", board.name));
    const share = moving && board.draining_bytes ? board.drained_bytes / moving : shareOf(operation);
    if (share === null) progress.removeAttribute("value");
    else progress.value = share;
  }

  makeRow(key) {
    const free = key.endsWith(FREE), name = free ? null : key;
    const keyswitch = el("button", { type: "button", class: "keyswitch", "aria-haspopup": "menu", "aria-expanded": "false" });
    keyswitch.addEventListener("click", () => this.actions.partitionMenu(name, keyswitch));
    return el("section", { class: "row", [free ? "data-free" : "data-partition"]: free ? key.slice(0, -FREE.length) : name },
      el("div", { class: "row-head" }, el("span", { class: "swatch", "aria-hidden": "true" }), el("h3"),
        el("span", { class: "facts" }), el("span", { class: "chip over", hidden: true }), free ? null : keyswitch),
      el("div", { class: "cards" }), el("p", { class: "soft empty" }));
  }

  updateRow(row, partition, system) {
    const model = this.model, boards = partition ? model.boardsOf(partition.name)
      : model.snapshot.boards.filter(board => !board.partition && board.system === system.name);
    mark(row, partition ? model.colourOf(partition.name) : null);
    const title = partition ? partition.name + (partition.tag && partition.tag !== partition.name ? " – " + partition.tag : "") : t("free");
    setText(row.querySelector("h3"), title);
    row.setAttribute("aria-label", title);
    const load = partition ? model.partitionLoad(partition) : 0;
    setText(row.querySelector(".facts"), partition ? this.facts(partition, boards, load) : "");
    const over = row.querySelector(".chip.over");
    over.hidden = load <= 1.001;
    setText(over, t("overloaded"));
    const empty = row.querySelector(".empty");
    empty.hidden = boards.length > 0;
    setText(empty, t(partition || model.over() ? "noBoards" : "freeHelp"));
    if (partition) this.keyswitch(row.querySelector(".keyswitch"), partition);
    keyed(row.querySelector(".cards"), boards, board => board.name, board => this.cards.get(board.name) ?? this.makeCard(board.name),
      (card, board) => this.updateCard(card, board));
  }

  facts(partition, boards, load) {
    const cpus = boards.reduce((sum, board) => sum + board.cpus_online, 0), memory = boards.reduce((sum, board) => sum + worksWith(board, partition), 0);
    return [word("partitionState", partition.state), t("nCpus", number(cpus)), bytes(memory), t("load") + " " + percent(load)].join(" · ");
  }

  keyswitch(button, partition) {
    setText(button, t("keyswitch") + ": " + word("position", partition.position));
    setAttribute(button, "aria-label", t("keyswitchOf", partition.name, word("position", partition.position)));
  }

  // Where cards stand, to let those that come to stand elsewhere glide there.
  places() {
    return new Map([...this.cards].filter(([, card]) => card.isConnected).map(([name, card]) => [name, [card.parentElement, card.getBoundingClientRect()]]));
  }

  glide(before) {
    if (calm()) return;
    for (const [name, [parent, from]] of before) {
      const card = this.cards.get(name);
      if (!card?.isConnected || card.parentElement === parent) continue;
      const to = card.getBoundingClientRect();
      card.animate([{ transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)`, zIndex: 5 }, { transform: "none", zIndex: 5 }],
        { duration: 450, easing: "cubic-bezier(.2, .7, .2, 1)" });
    }
  }

  render() {
    const { snapshot } = this.model, focused = document.activeElement;
    if (!snapshot) return;
    const partitionsOf = JSON.stringify(snapshot.boards.map(board => board.partition));
    const moved = this.lastPartitions !== undefined && partitionsOf !== this.lastPartitions;
    const before = moved ? this.places() : null;
    this.lastPartitions = partitionsOf;
    setClass(this.rows, "small", snapshot.boards.length >= SMALL_CARDS_FROM);
    const most = Math.max(3, ...snapshot.partitions.map(partition => partition.boards.length));
    this.rows.style.setProperty("--columns", most);
    const rows = snapshot.systems.flatMap(system => [
      ...(snapshot.systems.length > 1 ? [{ key: "\u0001" + system.name, system, heading: true }] : []),
      ...snapshot.partitions.filter(partition => partition.system === system.name).map(partition => ({ key: partition.name, system, partition })),
      { key: system.name + FREE, system }]);
    keyed(this.rows, rows, row => row.key, row => row.heading ? el("h3", { class: "system" }, row.system.name) : this.makeRow(row.key),
      (element, row) => row.heading || this.updateRow(element, row.partition, row.system));
    if (focused?.classList.contains("card") && document.activeElement !== focused && focused.isConnected) focused.focus({ preventScroll: true });
    if (before) this.glide(before);
  }

  forget() {
    this.rows.replaceChildren();
    this.rows.keyedChildren = new Map();
    this.cards.clear();
    this.lastPartitions = undefined;
  }
}
