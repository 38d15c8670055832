// SPDX-License-Identifier: Apache-2.0
// Dragging a card with mouse or pen. By pointer events: the browser's own drag and drop cannot be cancelled with Escape in a
// way one can see, and shows no figures while it hovers. Fingers scroll; they use the card's menu.
import { el, say, setClass } from "./dom.js";
import { t } from "./text.js";

const BEGIN_PX = 6, EDGE_PX = 60;

// {partition: name or null for free, over: the element} at a place of the page, or null.
function targetAt(x, y) {
  const over = document.elementFromPoint(x, y)?.closest("[data-partition], [data-free]");
  return over ? { partition: over.dataset.partition ?? null, over } : null;
}

// drop(board, partition or null) is called when a card was dropped on another row, on a card in it or beside.
export class Drag {
  constructor(rows, drop) {
    this.rows = rows;
    this.drop = drop;
    rows.addEventListener("pointerdown", event => this.press(event));
    addEventListener("pointermove", event => this.move(event));
    addEventListener("pointerup", event => this.release(event));
    addEventListener("pointercancel", () => this.end());
    addEventListener("keydown", event => this.key(event), true);
    addEventListener("blur", () => this.end());
  }

  press(event) {
    const card = event.target.closest(".card");
    if (!card || event.button !== 0 || event.pointerType === "touch" || event.target.closest("button")) return;
    this.card = card;
    this.start = [event.clientX, event.clientY];
    event.preventDefault(); // no selecting of text
    card.focus({ preventScroll: true });
  }

  begin() {
    const box = this.card.getBoundingClientRect();
    this.grip = [this.start[0] - box.left, this.start[1] - box.top];
    this.ghost = el("div", { class: "ghost", "aria-hidden": "true" }, this.card.cloneNode(true));
    this.ghost.style.width = box.width + "px";
    for (const node of this.ghost.querySelectorAll("[data-board], [tabindex], [role]")) {
      node.removeAttribute("data-board");
      node.removeAttribute("tabindex");
      node.removeAttribute("role");
    }
    document.body.append(this.ghost);
    document.body.classList.add("dragging");
    this.card.classList.add("lifted");
    say(t("grabbed", this.card.dataset.board));
  }

  move(event) {
    if (!this.card) return;
    this.at = [event.clientX, event.clientY];
    if (!this.ghost) {
      if (Math.hypot(this.at[0] - this.start[0], this.at[1] - this.start[1]) < BEGIN_PX) return;
      this.begin();
    }
    this.ghost.style.transform = `translate(${this.at[0] - this.grip[0]}px, ${this.at[1] - this.grip[1]}px) rotate(-1.5deg)`;
    if (this.at[1] < EDGE_PX) scrollBy(0, -12);
    else if (this.at[1] > innerHeight - EDGE_PX) scrollBy(0, 12);
    this.hover(targetAt(...this.at));
  }

  home() {
    return this.card.closest("[data-partition], [data-free]");
  }

  hover(target) {
    const over = target && target.over !== this.home() ? target.over : null;
    for (const row of this.rows.querySelectorAll(".row")) setClass(row, "target", row === over);
  }

  release(event) {
    if (!this.card) return;
    const board = this.card.dataset.board, target = this.ghost ? targetAt(event.clientX, event.clientY) : null;
    const home = this.home();
    this.end();
    if (target && target.over !== home) this.drop(board, target.partition);
  }

  key(event) {
    if (event.key !== "Escape" || !this.ghost) return;
    say(t("dropped", this.card.dataset.board));
    event.preventDefault();
    event.stopPropagation();
    this.end();
  }

  end() {
    if (!this.card) return;
    this.hover(null);
    this.card.classList.remove("lifted");
    this.ghost?.remove();
    document.body.classList.remove("dragging");
    this.card = this.ghost = null;
  }
}
