// SPDX-License-Identifier: Apache-2.0
// The console's page as tests speak of it: what a person does with it and reads off it.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { axeSource } from "./modules.js";

const shots = process.env.NUMAPLEX_SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

export async function logIn(page, url, user, password) {
  await page.goto(url);
  await page.fill("#login-user", user);
  await page.fill("#login-password", password);
  await page.press("#login-password", "Enter");
  await page.waitForSelector("#app:not([hidden]) .card");
}

export const card = (page, board) => page.locator(`.rows .card[data-board="${board}"]`);
export const row = (page, partition) => page.locator(`.row[data-partition="${partition}"]`);
export const boardsOf = (page, partition) => row(page, partition).locator(".card").evaluateAll(cards => cards.map(c => c.dataset.board));

// {SMP1: 12, ...}: CPUs online as the cards show them.
export const cpus = page => page.locator(".row[data-partition]").evaluateAll(rows =>
  Object.fromEntries(rows.map(row => [row.dataset.partition, row.querySelectorAll(".cpus i.on").length])));

export const waitCpus = (page, wanted) => page.waitForFunction(wanted => [...document.querySelectorAll(".row[data-partition]")]
  .every(row => row.querySelectorAll(".cpus i.on").length === wanted[row.dataset.partition]), wanted, { timeout: 120000 });

// Accesses per simulated second of a partition, of the last two seconds.
export const rateOf = async (page, partition) => Number(await page.locator(`[data-throughput="${partition}"]`).getAttribute("data-rate"));

export async function drag(page, board, onto, { drop = true } = {}) {
  const from = card(page, board), to = typeof onto === "string" ? card(page, onto) : onto;
  await from.scrollIntoViewIfNeeded();
  const a = await from.boundingBox(), b = await to.boundingBox();
  await page.mouse.move(a.x + a.width / 2, a.y + 20);
  await page.mouse.down();
  await page.mouse.move(b.x + b.width / 2, b.y + b.height / 2, { steps: 10 });
  if (drop) await page.mouse.up();
}

// CPUs before and after as the open dialog plans them: {SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12]}.
export async function planned(page) {
  await page.waitForSelector("dialog .capacities");
  return page.locator("dialog [data-capacity]").evaluateAll(rows => Object.fromEntries(rows.map(row => {
    const figures = row.querySelector("[data-cpus]").textContent.match(/\d+/g).map(Number);
    return [row.dataset.capacity, [figures[0], figures[figures.length - 1]]];
  })));
}

export const confirmButton = page => page.locator("dialog .foot button").last();

// stay: as it is scrolled, for what is under a finger.
export async function shot(page, name, { stay = false, ...options } = {}) {
  if (!shots) return;
  if (!stay) await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${shots}/${name}.png`, ...options });
}

// axe-core's judgement by WCAG 2.2 AA and its best practices.
export async function accessible(page, what) {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .map(v => `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 4).map(node => node.target.join(" ") + " " + node.failureSummary.split("\n")[1]).join("\n    ")}`));
  assert.deepEqual(found, [], `${what}:\n${found.join("\n")}`);
}

// The page is not wider than its window.
export async function fits(page) {
  const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(scroll <= client, `the page is ${scroll} wide in a window of ${client}`);
}
