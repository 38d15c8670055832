// SPDX-License-Identifier: Apache-2.0
// Small helpers for elements. Texts are always set as text: nothing of the machine is ever read as markup.
const SVG = "http://www.w3.org/2000/svg";

export const $ = id => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "class") element.setAttribute("class", value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// These three change an element only where it differs: what is focused, selected or read aloud stays as it is.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

export function setClass(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

// Children of a list by key: made when they are new, updated, put in order, and removed when they are gone.
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyedChildren ??= new Map();
  const wanted = new Set(items.map(keyOf));
  for (const [key, child] of known)
    if (!wanted.has(key)) {
      if (child.parentElement === parent) child.remove(); // else it stands in another list by now
      known.delete(key);
    }
  let at = 0;
  for (const item of items) {
    const key = keyOf(item);
    if (!known.has(key)) known.set(key, make(item));
    const child = known.get(key);
    update?.(child, item);
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
    at++;
  }
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

let sayTimer = 0;
// Says something to those who listen to the page; the element is emptied first so that a repetition is said too.
export function say(text, urgent) {
  const region = $(urgent ? "say-now" : "say");
  region.textContent = "";
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { region.textContent = text; }, 50);
}
