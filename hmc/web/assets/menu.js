// SPDX-License-Identifier: Apache-2.0
// Menus, as the ARIA authoring practices have them: arrows, Home, End, Escape; the focus goes back to the button.
import { $, el } from "./dom.js";

let anchor = null;

export function closeMenu(back = true) {
  if (!anchor) return;
  const button = anchor;
  anchor = null;
  $("menu").hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (back && button.isConnected) button.focus();
}

// items: [{text, act, checked (radio), why (disabled: the reason), group (a line above)}]
export function openMenu(button, label, items) {
  const again = anchor === button;
  closeMenu();
  if (again) return;
  const menu = $("menu");
  anchor = button;
  menu.setAttribute("aria-label", label);
  menu.replaceChildren(...items.map(item => el("button", { type: "button", tabindex: -1, class: item.group ? "group" : "",
    role: item.checked === undefined ? "menuitem" : "menuitemradio", "aria-checked": item.checked === undefined ? null : String(item.checked),
    "aria-disabled": item.why ? "true" : null, title: item.why ?? null,
    onclick: () => {
      if (item.why) return;
      closeMenu();
      item.act();
    } }, item.text, item.why ? el("small", {}, item.why) : null)));
  menu.hidden = false;
  button.setAttribute("aria-expanded", "true");
  const at = button.getBoundingClientRect(), size = menu.getBoundingClientRect();
  menu.style.left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8)) + "px";
  menu.style.top = (at.bottom + 4 + size.height > innerHeight ? Math.max(8, at.top - size.height - 4) : at.bottom + 4) + "px";
  (menu.querySelector("[aria-checked=true]") ?? menu.firstElementChild).focus();
}

function key(event) {
  if (!anchor) return;
  const items = [...$("menu").children], at = items.indexOf(document.activeElement);
  const to = { ArrowDown: (at + 1) % items.length, ArrowUp: (at - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) items[to].focus();
  else if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

addEventListener("keydown", key, true);
addEventListener("pointerdown", event => {
  if (anchor && !event.target.closest("#menu") && !anchor.contains(event.target)) closeMenu(false);
}, true);
addEventListener("scroll", event => { if (event.target === document) closeMenu(false); }, true);
addEventListener("resize", () => closeMenu(false));
