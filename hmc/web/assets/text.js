// SPDX-License-Identifier: Apache-2.0
// Words and figures in the language of the page.
import de from "./words_de.js";
import en from "./words_en.js";

const tables = { en, de };
const units = { time: ["ps", "ns", "µs", "ms", "s"], rate: ["", "k", "M", "G", "T"], bytes: ["B", "KiB", "MiB", "GiB", "TiB"] };
let language = "en";
let formats = new Map();

export const languages = Object.keys(tables);
export const current = () => language;

export function firstLanguage() {
  let chosen = null;
  try { chosen = localStorage.getItem("numaplex.language"); } catch { /* no storage: as the browser is set */ }
  return tables[chosen] ? chosen : navigator.language.toLowerCase().startsWith("de") ? "de" : "en";
}

export function setLanguage(wanted, keep) {
  language = tables[wanted] ? wanted : "en";
  formats = new Map();
  document.documentElement.lang = language;
  if (keep) try { localStorage.setItem("numaplex.language", language); } catch { /* likewise */ }
}

// The words of a key, filled in. A key that there is not is our mistake: its name shows up on the page, and in tests.
export function t(key, ...values) {
  const words = tables[language][key];
  return words === undefined ? "?" + key : words.replace(/\{(\d)\}/g, (_, i) => values[i]);
}

const map = name => tables[language][name + "#"];

// People's word for a stable word of the control API; a word that is not known stands for itself.
export function word(name, stable) {
  return map(name)[stable] ?? stable ?? "";
}

// What an error means, by its code; with the names of what was asked for where the words have places for them and they are known.
export function errorWords(code, { board, from, to } = {}) {
  const named = map("errorsNamed")[code], names = [board, from, to];
  if (!named || [...named.matchAll(/\{(\d)\}/g)].some(([, i]) => !names[i])) return word("errors", code);
  return named.replace(/\{(\d)\}/g, (_, i) => names[i]);
}

export const knows = (name, stable) => stable in map(name);

export function number(value, digits = 0) {
  if (!formats.has(digits))
    formats.set(digits, new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(digits).format(value);
}

const percents = () => formats.get("%") ?? formats.set("%", new Intl.NumberFormat(language, { style: "percent" })).get("%");
export const percent = share => percents().format(share);

function scaled(value, base, names, digits) {
  let i = 0;
  while (value >= base * 0.9995 && i + 1 < names.length) {
    value /= base;
    i++;
  }
  const figures = Number.isInteger(value) && i === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.max(value, 1))));
  const whole = Math.abs(value - Math.round(value)) < 1e-9;
  return number(value, whole ? 0 : figures) + (names[i] ? "\u00a0" + names[i] : "");
}

export const bytes = n => scaled(n, 1024, units.bytes, 3);
export const time = ps => scaled(ps, 1000, units.time, 4);
export const rate = n => scaled(n, 1000, units.rate, 3);
// Per simulated second; decimal as links are.
const byteRates = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];
export const bytesRate = n => scaled(n, 1000, byteRates, 3);

// The unit in which figures up to n are written, and its size.
export function unitOfBytesRate(n) {
  const i = Math.min(byteRates.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, n)) / 3)));
  return [byteRates[i], 1000 ** i];
}

// "10.5 / 16 MiB": a part in the unit of the whole.
export function bytesOf(part, whole) {
  const i = Math.min(units.bytes.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, whole)) / 10))), size = 1024 ** i;
  const share = part / size;
  return number(share, Number.isInteger(share) ? 0 : 1) + " / " + scaled(whole, 1024, units.bytes, 3);
}

// Simulated time as a clock shows it: always in the unit of the run's length, so that it does not jump.
export function clock(ps, until) {
  const unit = (until || ps) >= 1e12 ? 4 : (until || ps) >= 1e9 ? 3 : 2;
  return number(ps / 1000 ** unit, unit === 2 ? 1 : 3) + "\u00a0" + units.time[unit];
}

export function moment(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
}
