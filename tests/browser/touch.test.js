// SPDX-License-Identifier: Apache-2.0
// The page under a finger, on a telephone: a board is held and dragged; a finger that moves at once scrolls.
import assert from "node:assert/strict";
import { boardsOf, card, confirmButton, fits, planned, row, shot, waitCpus } from "./lib/console.js";
import { page_test, page_tests_run } from "./lib/page.js";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

// A finger, as the browser gets it from a screen.
async function finger(page) {
  const line = await page.context().newCDPSession(page);
  const send = (type, points) => line.send("Input.dispatchTouchEvent", { type, touchPoints: points });
  return { down: (x, y) => send("touchStart", [{ x, y }]), to: (x, y) => send("touchMove", [{ x, y }]), up: () => send("touchEnd", []) };
}

async function middle(locator) {
  const box = await locator.boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function lift(page, hand, board) {
  await card(page, board).scrollIntoViewIfNeeded();
  const box = await card(page, board).boundingBox(), at = [box.x + box.width / 2, box.y + 22];
  await hand.down(...at);
  await page.waitForSelector(".ghost");
  return at;
}

page_test("a board is held, dragged onto another partition, and moves", { context: phone }, async ({ page }) => {
  assert.match(await page.locator("#platform-help").innerText(), /^Hold a board/);
  await row(page, "SMP2").locator(".row-head").evaluate(head => head.scrollIntoView({ block: "center" })); // away from the edge
  const hand = await finger(page), [x, y] = await lift(page, hand, "SB6");
  const before = await page.evaluate(() => scrollY);
  await hand.to(x, y + 20);
  assert.equal(await page.evaluate(() => scrollY), before, "the page stays under the finger");
  const [toX, toY] = await middle(row(page, "SMP2").locator(".row-head"));
  await hand.to(toX, toY);
  await page.waitForSelector(".row.target[data-partition=SMP2]");
  await shot(page, "touch-drag-en-light", { stay: true });
  await hand.up();
  assert.deepEqual(await planned(page), { SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12] });
  await fits(page);
  await confirmButton(page).tap();
  await waitCpus(page, { SMP1: 8, SMP2: 12, SMP3: 12 });
  assert.deepEqual(await boardsOf(page, "SMP2"), ["SB2", "SB4", "SB6"]);
});

page_test("held at the edge, the page goes on under the board", { context: phone }, async ({ page }) => {
  const hand = await finger(page), [x] = await lift(page, hand, "SB0"), before = await page.evaluate(() => scrollY);
  await hand.to(x, 830);
  await page.waitForFunction(before => scrollY > before + 200, before);
  await page.waitForSelector(".row.target");
  await hand.to(x, 400);
  await page.evaluate(() => dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }))); // a keyboard may be there too
  await page.waitForSelector(".ghost", { state: "detached" });
  await hand.up();
  assert.equal(await page.locator("dialog").count(), 0);
});

page_test("a finger that moves at once scrolls, and a tap lifts nothing", { context: phone }, async ({ page }) => {
  const hand = await finger(page), box = await card(page, "SB1").boundingBox(), x = box.x + 60, y = box.y + 22;
  await hand.down(x, y);
  for (let i = 1; i <= 8; i++) await hand.to(x, y - 30 * i);
  await page.waitForFunction(() => scrollY > 60);
  assert.equal(await page.locator(".ghost").count(), 0);
  await hand.up();
  await card(page, "SB4").locator(".name").tap();
  assert.equal(await page.locator(".ghost, dialog").count(), 0);
  await card(page, "SB4").locator(".dots").tap(); // the menu stays
  await page.getByRole("menuitem", { name: "Move…" }).tap();
  await page.waitForSelector("dialog .choices");
  await fits(page);
});

page_tests_run();
