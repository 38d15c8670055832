// SPDX-License-Identifier: Apache-2.0
// Dragging a card with mouse, pen or finger. By pointer events: the browser's own drag and drop cannot be cancelled with Escape in
// a way one can see, and shows no figures while it hovers. A finger that moves at once scrolls; one that rests lifts the card.
import { el, say, setClass } from "./dom.js";
import { t } from "./text.js";

const BEGIN_PX = 6, EDGE_PX = 60, HOLD_MS = 350, SCROLL_PX = 12;

// {partition: name or null for free, over: the element} at a place of the page, or null.
function targetAt(x, y) {
  const over = document.elementFromPoint(x, y)?.closest("[data-partition], [data-free]");
  return over ? { partition: over.dataset.partition ?? null, over } : null;
}

// drop(board, partition or null) is called when a card was dropped on another row, on a card in it or beside. allowed(): whether
// cards can be dragged at all.
export class Drag {
  constructor(rows, drop, allowed) {
    Object.assign(this, { rows, drop, allowed });
    rows.addEventListener("pointerdown", event => this.press(event));
    addEventListener("pointermove", event => this.move(event));
    addEventListener("pointerup", event => this.release(event));
    addEventListener("pointercancel", event => event.pointerId === this.pointer && this.end());
    addEventListener("keydown", event => this.key(event), true);
    addEventListener("blur", () => this.end());
    // Once lifted, the finger drags: the page must not scroll with it, and holding must not open the browser's menu.
    rows.addEventListener("touchmove", event => this.ghost && event.cancelable && event.preventDefault(), { passive: false });
    rows.addEventListener("contextmenu", event => this.touch && event.preventDefault());
  }

  press(event) {
    const card = event.target.closest(".card");
    if (this.card || !card || event.button !== 0 || event.target.closest("button") || !this.allowed()) return;
    this.card = card;
    this.pointer = event.pointerId;
    this.touch = event.pointerType === "touch";
    this.start = this.at = [event.clientX, event.clientY];
    if (this.touch) {
      this.hold = setTimeout(() => this.begin(), HOLD_MS);
      return;
    }
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
    this.follow();
    say(t("grabbed", this.card.dataset.board));
  }

  move(event) {
    if (!this.card || event.pointerId !== this.pointer) return;
    this.at = [event.clientX, event.clientY];
    if (!this.ghost) {
      if (Math.hypot(this.at[0] - this.start[0], this.at[1] - this.start[1]) < BEGIN_PX) return;
      if (this.touch) this.end();
      else this.begin();
    }
    this.follow();
  }

  follow() {
    if (!this.ghost) return;
    this.ghost.style.transform = `translate(${this.at[0] - this.grip[0]}px, ${this.at[1] - this.grip[1]}px) rotate(-1.5deg)`;
    this.hover(targetAt(...this.at));
    this.scrolling ??= requestAnimationFrame(() => this.scroll());
  }

  // The page goes on under a card that is held at its edge.
  scroll() {
    this.scrolling = null;
    if (!this.ghost) return;
    const way = this.at[1] < EDGE_PX ? -SCROLL_PX : this.at[1] > innerHeight - EDGE_PX ? SCROLL_PX : 0, before = scrollY;
    if (!way) return;
    scrollBy({ top: way, behavior: "instant" });
    if (scrollY !== before) this.follow();
  }

  home() {
    return this.card.closest("[data-partition], [data-free]");
  }

  hover(target) {
    const over = target && target.over !== this.home() ? target.over : null;
    for (const row of this.rows.querySelectorAll(".row")) setClass(row, "target", row === over);
  }

  release(event) {
    if (!this.card || event.pointerId !== this.pointer) return;
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
    clearTimeout(this.hold);
    this.hover(null);
    this.card.classList.remove("lifted");
    this.ghost?.remove();
    document.body.classList.remove("dragging");
    this.card = this.ghost = null;
  }
}
