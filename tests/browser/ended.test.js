// SPDX-License-Identifier: Apache-2.0
// What is not of the moment: runs that have ended, and the past of a run for pages that come later.
import assert from "node:assert/strict";
import { accessible, boardsOf, card, drag, fits, logIn, row, shot, waitCpus } from "./lib/console.js";
import { newPage } from "./lib/browser.js";
import { Machine } from "./fake/machine.js";
import { PASSWORD, browser, page_test, page_tests_run, refusalNoise } from "./lib/page.js";

const AFTER = { SMP1: 8, SMP2: 12, SMP3: 12 };

// A machine that has moved SB6, and ended.
function ended() {
  const machine = new Machine();
  for (let i = 0; i < 60; i++) machine.tick();
  machine.command({ verb: "move", board: "SB6", partition: "SMP2" }, "olaf");
  while (machine.operations[0].ended_ps === null) machine.tick();
  for (let i = 0; i < 60; i++) machine.tick();
  machine.state = "ended";
  return machine;
}

// [time in ms of the first point, of the last, number of points] of the lines as they are drawn.
const drawn = (page, line) => page.evaluate(line => {
  const points = Chart.getChart("throughput")?.data.datasets.filter(set => set.data.length)[line]?.data ?? [];
  return [points[0]?.x, points[points.length - 1]?.x, points.length];
}, line);

page_test("a run that has ended: boards, series, events and report, for a viewer too", { machine: ended, user: "vera" }, async ({ page }) => {
  await page.waitForSelector("#banner[data-kind=calm]:has-text('The run has ended.')");
  await page.waitForSelector("#connection[data-state=ended]:has-text('Ended')");
  assert.equal(await page.locator("#run-state").innerText(), "ended");
  assert.match(await page.locator("#platform-help").innerText(), /As the run has left it/);
  await waitCpus(page, AFTER);
  assert.deepEqual(await boardsOf(page, "SMP2"), ["SB2", "SB4", "SB6"]);
  await page.waitForFunction(() => document.querySelectorAll("#events tr").length > 10);
  await page.waitForFunction(() => Number(document.querySelector("[data-throughput=SMP2]").dataset.rate) > 8e8);
  assert.match(await page.locator("[data-throughput=SMP2]").innerText(), /on average/);
  await page.waitForSelector("#crossbar svg");
  assert.ok(await page.locator("#crossbar-span").isDisabled());
  const [first, last, points] = await drawn(page, 0);
  assert.ok(first < 0.2 && last > 3 && points > 50, `${first} ${last} ${points}`);
  const [report] = await Promise.all([page.context().waitForEvent("page"), page.click("#report")]);
  await report.waitForSelector("h1:has-text('The report')");
  await report.close();
  await accessible(page, "a run that has ended");
  await shot(page, "ended-en-light", { fullPage: true });
});

page_test("nothing of a run that has ended can be moved or turned", { machine: ended, noise: [refusalNoise] }, async ({ page, machine }) => {
  await page.waitForSelector("#connection[data-state=ended]");
  for (const id of ["pause", "step", "speed", "stop"]) assert.ok(await page.locator("#" + id).isDisabled(), id);
  await drag(page, "SB0", "SB3", { drop: false });
  assert.equal(await page.locator(".ghost").count(), 0);
  await page.mouse.up();
  assert.equal(await page.locator("dialog").count(), 0);
  await card(page, "SB0").focus();
  await page.keyboard.press("m");
  await page.waitForSelector(".notice-box.bad:has-text('NP0816')");
  await card(page, "SB0").locator(".dots").click();
  const items = page.locator("#menu button");
  assert.equal(await items.count(), await page.locator("#menu button[aria-disabled=true]").count() + 1); // but its details
  await page.keyboard.press("Escape");
  await row(page, "SMP1").locator(".keyswitch").click();
  assert.equal(await items.count(), await page.locator("#menu button[aria-disabled=true]:has-text('NP0816')").count());
  assert.equal(machine.operations.length, 1);
});

page_test("a run ends while one looks at it, and one that left nothing says why", { context: { locale: "de-DE", colorScheme: "dark" } }, async ({ page, machine }) => {
  await page.waitForSelector("#connection[data-state=live]");
  machine.pace({ pace: "stop" }, "anna");
  await page.waitForSelector("#connection[data-state=ended]:has-text('Beendet')");
  await page.waitForSelector("#banner:has-text('zu ändern ist nichts mehr')");
  await page.waitForSelector("#report:not([hidden]):has-text('Bericht')"); // with the next look at the list of runs
  await shot(page, "ended-de-dark", { fullPage: true });
  await page.selectOption("#run", "broken");
  await page.waitForSelector("#banner:has-text('NP0601: Ein Prozess des Laufs endete unerwartet.')");
  assert.ok(await page.locator("#report").isHidden());
  assert.equal(await page.locator(".card").count(), 0);
  await fits(page);
  await shot(page, "broken-de-dark");
});

page_test("a page that comes late, or is loaded again, has the lines from the beginning on", {}, async ({ page, url, machine }) => {
  await page.waitForSelector("#connection[data-state=live]");
  for (let i = 0; i < 150; i++) machine.tick(); // 3 ms that nobody saw
  await page.reload();
  await page.waitForFunction(() => window.Chart?.getChart("throughput"));
  const [first, last, points] = await drawn(page, 1);
  assert.ok(first < 0.2 && last > 3 && points > 50, `${first} ${last} ${points}`);
  const late = await newPage(browser, url);
  await logIn(late, url, "vera", PASSWORD);
  await late.waitForFunction(() => window.Chart?.getChart("throughput"));
  const [begin, end, n] = await drawn(late, 1);
  assert.ok(begin < 0.2 && end >= last && n > 50, `${begin} ${end} ${n}`);
  await late.context().close();
});

page_test("refusals are German where the page is, with the machine's English beneath", { noise: [refusalNoise], context: { locale: "de-DE" }, machine: () => new Machine({ SMP1: ["SB0"], SMP2: ["SB1", "SB2"] }) },
  async ({ page }) => {
    await drag(page, "SB0", "SB1");
    await page.waitForSelector("dialog .refusal:has-text('NP0804 SMP1 kann nicht die letzte CPU oder den letzten Speicher verlieren.')");
    assert.match(await page.locator("dialog .refusal [lang=en]").innerText(), /turn its keyswitch off first/);
    await shot(page, "refused-de-light");
    await page.keyboard.press("Escape");
    await card(page, "SB1").locator(".dots").click();
    await page.getByRole("menuitem", { name: "Ausschalten" }).click();
    await page.locator("dialog .foot button").last().click();
    await page.waitForSelector(".notice-box.bad:has-text('NP0802 Das Board oder die Partition ist nicht in dem Zustand')");
    assert.match(await page.locator(".notice-box.bad small[lang=en]").innerText(), /active in SMP2/);
    await accessible(page, "a refusal, in German");
    await shot(page, "notice-de-light");
  });

page_tests_run();
