// SPDX-License-Identifier: Apache-2.0
// The console's page against the fake machine: everything a person does with it, and what may go wrong meanwhile.
import assert from "node:assert/strict";
import { Machine } from "./fake/machine.js";
import { accessible, boardsOf, card, confirmButton, cpus, drag, fits, logIn, planned, rateOf, row, shot, waitCpus } from "./lib/console.js";
import { PASSWORD, lineNoise, page_test, page_tests_run, refusalNoise } from "./lib/page.js";

const BEFORE = { SMP1: 12, SMP2: 8, SMP3: 12 }, AFTER = { SMP1: 8, SMP2: 12, SMP3: 12 };
page_test("logs in, shows the platform as Abb. 12.1.6 has it, and logs out", { user: null, noise: [refusalNoise] }, async ({ page, url }) => {
  await page.goto(url);
  await page.waitForSelector("#login:not([hidden])");
  await accessible(page, "login");
  await shot(page, "login-en-light");
  await page.fill("#login-user", "anna");
  await page.fill("#login-password", "wrong");
  await page.press("#login-password", "Enter");
  await page.waitForSelector("#login-error:has-text('User name or password is wrong.')");
  await logIn(page, url, "anna", PASSWORD);
  assert.deepEqual(await boardsOf(page, "SMP1"), ["SB0", "SB1", "SB6"]);
  assert.deepEqual(await boardsOf(page, "SMP2"), ["SB2", "SB4"]);
  assert.deepEqual(await boardsOf(page, "SMP3"), ["SB3", "SB5", "SB7"]);
  assert.deepEqual(await cpus(page), BEFORE);
  await row(page, "SMP2").locator(".chip.over", { hasText: "overloaded" }).waitFor();
  await page.waitForSelector("#crossbar svg");
  await accessible(page, "the console");
  await fits(page);
  await shot(page, "console-en-light", { fullPage: true });
  await page.click("#account");
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.waitForSelector("#login-note:has-text('You have logged out.')");
});

page_test("drags SB6 onto SB2: plan, drain, 8/12/12, and more throughput", {}, async ({ page }) => {
  await page.waitForFunction(() => Number(document.querySelector("[data-throughput=SMP2]")?.dataset.rate) > 0);
  const rate = await rateOf(page, "SMP2");
  await drag(page, "SB6", "SB2", { drop: false });
  await page.waitForSelector(".row.target[data-partition=SMP2]");
  await shot(page, "drag-en-light");
  await page.mouse.up();
  assert.deepEqual(await planned(page), { SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12] });
  assert.match(await page.locator("dialog").innerText(), /Move SB6 from SMP1 to SMP2\?[^]*7\sMiB of memory are drained/);
  await accessible(page, "the plan");
  await shot(page, "plan-en-light");
  assert.deepEqual(await cpus(page), BEFORE); // nothing has happened yet
  await confirmButton(page).click();
  // The drain as the card shows it: what is left falls, what has moved rises.
  const drain = () => page.evaluate(() => {
    const words = document.querySelector("[data-board=SB6] .drain").textContent.match(/([\d.]+)\sMiB to drain, ([\d.]+)/);
    return words && [Number(words[1]), Number(words[2])];
  });
  await page.waitForFunction(() => /[1-9].* to drain, [1-9]/.test(document.querySelector("[data-board=SB6] .drain").textContent));
  const first = await drain();
  await shot(page, "drain-en-light", { fullPage: true });
  await page.waitForFunction(left => Number(document.querySelector("[data-board=SB6] .drain").textContent.match(/[\d.]+/)?.[0] ?? 0) < left, first[0]);
  await waitCpus(page, AFTER);
  assert.deepEqual(await boardsOf(page, "SMP2"), ["SB2", "SB4", "SB6"]);
  await page.waitForSelector("#operations .chip.good:has-text('done')");
  await page.waitForFunction(before => Number(document.querySelector("[data-throughput=SMP2]").dataset.rate) > 1.3 * before, rate);
  await shot(page, "moved-en-light", { fullPage: true });
});

page_test("a reload in the middle of a move shows the same move going on", {}, async ({ page }) => {
  await drag(page, "SB6", row(page, "SMP2"));
  await planned(page);
  await confirmButton(page).click();
  await page.waitForSelector("[data-board=SB6] .under-way:not([hidden])");
  await page.waitForFunction(() => document.querySelectorAll("#events tr").length > 2);
  const events = await page.locator("#events tr").count();
  await page.reload();
  await page.waitForSelector("#operations li[data-operation='1']");
  await page.waitForFunction(n => document.querySelectorAll("#events tr").length >= n, events);
  await waitCpus(page, AFTER);
  assert.equal(await page.locator("#operations li").count(), 1);
});

page_test("a lost connection is said, tried again, and resumed without a gap", { noise: [lineNoise] }, async ({ page, line, machine, server }) => {
  await page.waitForSelector("#connection[data-state=live]");
  machine.event("state", { board: "SB0", text: "SB0: active" }); // behind which the stream has to go on
  await page.waitForSelector("#event-count:has-text('1 of 1 events')");
  line.cut();
  await page.waitForSelector("#banner[data-kind=bad]:has-text('Connection lost')");
  await page.waitForSelector("#app.stale");
  await shot(page, "lost-en-light");
  machine.command({ verb: "move", board: "SB6", partition: "SMP2" }, "olaf"); // meanwhile
  while (machine.operations[0].ended_ps === null) machine.tick();
  line.mend();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.waitForSelector("#connection[data-state=live]");
  await page.waitForSelector("#banner", { state: "hidden" });
  await waitCpus(page, AFTER);
  await page.waitForFunction(n => document.getElementById("event-count").textContent === `${n} of ${n} events`, machine.events.length);
  line.cut(); // and by itself
  await page.waitForSelector("#connection[data-state=lost]");
  line.mend();
  await page.waitForSelector("#connection[data-state=live]");
  assert.equal(server.streams.size, 1);
});

page_test("a viewer sees everything and changes nothing", { user: "vera", noise: [refusalNoise] }, async ({ page, machine }) => {
  for (const id of ["pause", "step", "speed", "stop"]) assert.ok(await page.locator("#" + id).isDisabled(), id);
  assert.match(await page.locator("#pause").getAttribute("title"), /NP0811/);
  assert.ok(await page.locator("#tab-audit").isHidden());
  await drag(page, "SB6", "SB2");
  assert.deepEqual(await planned(page), { SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12] });
  await page.waitForSelector("dialog .refusal:has-text('NP0811')");
  assert.ok(await confirmButton(page).isDisabled());
  await shot(page, "viewer-en-light");
  await page.keyboard.press("Escape");
  await row(page, "SMP1").locator(".keyswitch").click();
  await page.getByRole("menuitemradio", { name: /off/ }).click({ force: true }); // though it is marked as disabled
  assert.equal(machine.findPartition("SMP1").position, "on");
  const answer = await page.evaluate(async () => {
    const { csrf } = await (await fetch("/api/session")).json();
    const reply = await fetch("/api/command", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ verb: "move", board: "SB6", partition: "SMP2" }) });
    return [reply.status, (await reply.json()).code];
  });
  assert.deepEqual(answer, [403, "NP0811"]);
  assert.equal(machine.operations.length, 0);
});

page_test("what the server refuses is shown with its code", { noise: [refusalNoise] }, async ({ page, machine, server }) => {
  server.users.anna.role = "viewer"; // the page does not know yet
  await row(page, "SMP3").locator(".keyswitch").click();
  await page.getByRole("menuitemradio", { name: "diag" }).click();
  await page.waitForSelector(".notice-box.bad:has-text('NP0811')");
  assert.equal(machine.findPartition("SMP3").position, "on");
});

page_test("a move that the machine refuses says why and cannot be confirmed", { noise: [refusalNoise], machine: () => new Machine({ SMP1: ["SB0"], SMP2: ["SB1", "SB2"] }) },
  async ({ page, machine }) => {
    await drag(page, "SB0", "SB1");
    await page.waitForSelector("dialog .refusal:has-text('NP0804')");
    assert.match(await page.locator("dialog .refusal").innerText(), /cannot lose its last CPU[^]*turn its keyswitch off first/);
    assert.ok(await confirmButton(page).isDisabled());
    await shot(page, "refused-en-light");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(machine.operations.length, 0);
  });

page_test("by keyboard alone: log in, find SB6, move it", { user: null }, async ({ page, url, machine }) => {
  await page.goto(url);
  await page.waitForSelector("#login:not([hidden])");
  await page.keyboard.type("anna");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".card");
  const focused = () => page.evaluate(() => document.activeElement.dataset.board ?? "");
  for (let i = 0; i < 60 && await focused() !== "SB6"; i++) await page.keyboard.press("Tab");
  assert.equal(await focused(), "SB6");
  await page.keyboard.press("m");
  await page.waitForSelector("dialog .choices");
  await accessible(page, "choosing a target");
  await shot(page, "choose-en-light");
  await page.waitForSelector("dialog input[value=SMP2]:checked:focus");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector("dialog input[value=SMP3]:checked");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  assert.deepEqual(await planned(page), { SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12] });
  await page.waitForSelector("dialog .foot button:last-child:focus");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog", { state: "detached" });
  assert.equal(await focused(), "SB6"); // where one was
  await waitCpus(page, AFTER);
  assert.equal(machine.operations.length, 1);
  assert.equal(await focused(), "SB6");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await focused(), "SB4");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#menu:not([hidden])");
  await accessible(page, "a board's menu");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog .details");
  await page.keyboard.press("Escape");
});

page_test("in German and in the dark, and as one has switched", { user: null, context: { locale: "de-DE", colorScheme: "dark" } }, async ({ page, url }) => {
  await page.goto(url);
  await page.waitForSelector("#login:not([hidden])");
  await shot(page, "login-de-dark");
  await logIn(page, url, "anna", PASSWORD);
  assert.equal(await page.getAttribute("html", "lang"), "de");
  assert.equal(await page.title(), "numaplex-Konsole");
  await page.getByRole("heading", { name: "Durchsatz" }).waitFor();
  await drag(page, "SB6", "SB2");
  await planned(page);
  assert.match(await page.locator("dialog").innerText(), /SB6 von SMP1 nach SMP2 umziehen\?[^]*Speicher werden geräumt/);
  await accessible(page, "the plan, German and dark");
  await shot(page, "plan-de-dark");
  await confirmButton(page).click();
  await page.waitForSelector("#operations .chip:has-text('Speicher wird geräumt')");
  await shot(page, "drain-de-dark", { fullPage: true });
  await waitCpus(page, AFTER);
  await page.waitForSelector("#operations .chip.good:has-text('fertig')");
  await page.waitForFunction(() => /^\d+,\d{3}\sms$/.test(document.getElementById("clock").textContent)); // a comma
  assert.doesNotMatch(await page.locator("body").innerText(), /\?[a-z]\w+|undefined|NaN|\{\d\}/);
  await accessible(page, "the console, German and dark");
  await shot(page, "moved-de-dark", { fullPage: true });
  await page.selectOption("#language", "en");
  await page.getByRole("heading", { name: "Throughput" }).waitFor();
  await page.click("#theme");
  await page.getByRole("menuitemradio", { name: "light" }).click();
  assert.equal(await page.getAttribute("html", "data-theme"), "light");
  await page.reload();
  await page.getByRole("heading", { name: "Throughput" }).waitFor();
  assert.equal(await page.getAttribute("html", "data-theme"), "light");
});

page_test("a session that ends sends one to the login, and one comes back", { noise: [refusalNoise] }, async ({ page, server }) => {
  await page.waitForSelector("#connection[data-state=live]");
  server.expire();
  await page.waitForSelector("#login-note:has-text('Your session has ended')");
  assert.ok(await page.locator("#app").isHidden());
  await page.fill("#login-password", PASSWORD);
  await page.press("#login-password", "Enter");
  await page.waitForSelector("#app:not([hidden]) .card");
  assert.deepEqual(await cpus(page), BEFORE);
});

page_test("pause, step, slow and continue", {}, async ({ page, machine }) => {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.waitForSelector("#run-state[data-state=paused]");
  const stood = machine.time;
  await page.selectOption("#step-by", "1000000000");
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await page.waitForFunction(ms => Number(document.getElementById("clock").textContent.match(/[\d.]+/)[0]) >= ms, (stood + 1e9) / 1e9 - 0.001);
  assert.equal(machine.time, stood + 1e9);
  await page.selectOption("#speed", "100000000");
  await page.waitForFunction(() => [...document.querySelectorAll("#events td")].some(cell => cell.textContent === "pace"));
  assert.equal(machine.ps_per_s, 1e8);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForSelector("#run-state[data-state=running]");
  await page.click("#stop");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  assert.equal(machine.state, "running");
  await page.click("#stop");
  await confirmButton(page).click();
  await page.waitForSelector("#banner:has-text('The run has ended')");
  assert.ok(await page.locator("#pause").isDisabled());
});

page_test("keyswitch and power: asked before what runs ends", { noise: [refusalNoise] }, async ({ page, machine }) => {
  await row(page, "SMP3").locator(".keyswitch").click();
  await page.getByRole("menuitemradio", { name: "standby" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  assert.equal(machine.findPartition("SMP3").position, "on");
  await row(page, "SMP3").locator(".keyswitch").click();
  await page.getByRole("menuitemradio", { name: "standby" }).click();
  await confirmButton(page).click();
  await row(page, "SMP3").locator(".keyswitch:has-text('standby')").waitFor();
  await card(page, "SB0").locator(".dots").click();
  await page.getByRole("menuitem", { name: "Power off" }).click();
  await confirmButton(page).click();
  await page.waitForSelector(".notice-box.bad:has-text('NP0802')");
});

page_test("Escape puts a dragged board back; dropped where it was, nothing is asked", {}, async ({ page, machine }) => {
  await drag(page, "SB6", "SB2", { drop: false });
  await page.waitForSelector(".ghost");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".ghost", { state: "detached" });
  await page.mouse.up();
  await drag(page, "SB6", "SB0");
  assert.equal(await page.locator("dialog").count(), 0);
  assert.equal(machine.operations.length, 0);
});

page_test("a board is given back and added again", {}, async ({ page, machine }) => {
  await drag(page, "SB7", page.locator("[data-free]"));
  await page.waitForSelector("dialog:has-text('Take SB7 out of SMP3?')");
  assert.deepEqual(await planned(page), { SMP1: [12, 12], SMP2: [8, 8], SMP3: [12, 8] });
  await confirmButton(page).click();
  await page.waitForSelector("[data-free] [data-board=SB7]");
  while (machine.operations[0].ended_ps === null) machine.tick();
  await page.waitForSelector("#operations .chip.good");
  await card(page, "SB7").focus();
  await page.keyboard.press("m");
  await page.check("dialog input[value=SMP2]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog:has-text('Add SB7 to SMP2?')");
  assert.deepEqual(await planned(page), { SMP1: [12, 12], SMP2: [8, 12], SMP3: [8, 8] });
  await confirmButton(page).click();
  await waitCpus(page, { SMP1: 12, SMP2: 12, SMP3: 8 });
});

page_test("the event log is filtered; consoles are typed into; the audit log is there", {}, async ({ page, machine }) => {
  machine.command({ verb: "move", board: "SB6", partition: "SMP2" }, "olaf");
  await waitCpus(page, AFTER);
  const texts = () => page.locator("#events tr").allInnerTexts();
  await page.selectOption("#filter-kind", "step");
  assert.ok((await texts()).every(text => text.includes("step")) && (await texts()).length > 5);
  await page.fill("#filter-text", "gates");
  await page.waitForFunction(() => document.querySelectorAll("#events tr").length === 2);
  await page.selectOption("#filter-where", "SB0");
  await page.waitForSelector("#events-none:has-text('No event fits the filter.')");
  await page.click("#tab-events");
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("#console-text:has-text('Nothing written yet.')");
  await page.fill("#console-line", "hello there");
  await page.press("#console-line", "Enter");
  await page.waitForSelector("#console-text:has-text('HELLO THERE')");
  await accessible(page, "consoles");
  await shot(page, "consoles-en-light", { fullPage: true });
  await page.click("#tab-audit");
  await page.waitForSelector("#audit tr:has-text('logged in')");
  await accessible(page, "the audit log");
  await shot(page, "audit-en-light", { fullPage: true });
});

page_test("what comes from a machine stays text", {}, async ({ page, machine }) => {
  const evil = "<img src=x onerror=alert(1)>";
  machine.findPartition("SMP1").tag = evil;
  machine.event("state", { board: "SB0", text: evil, user: evil });
  await page.waitForFunction(evil => document.querySelector("[data-partition=SMP1] h3").textContent.includes(evil), evil);
  await page.waitForFunction(evil => document.querySelector("#events").textContent.includes(evil), evil);
  assert.equal(await page.locator("#app main img, #events img").count(), 0);
});

const sixtyFour = () => new Machine(Object.fromEntries([0, 1, 2, 3].map(p => [`nPar${p}`, Array.from({ length: 15 }, (_, i) => `C${p * 16 + i}`)])),
  [0, 1, 2, 3].map(p => `C${p * 16 + 15}`));

page_test("64 boards fit into a window of 1024", { machine: sixtyFour, context: { viewport: { width: 1024, height: 768 }, colorScheme: "dark" } }, async ({ page }) => {
  assert.equal(await page.locator(".card").count(), 64);
  await page.waitForSelector("#crossbar svg");
  await fits(page);
  await drag(page, "C14", "C16");
  await planned(page);
  await page.keyboard.press("Escape");
  await accessible(page, "64 boards");
  await shot(page, "64-boards-en-dark", { fullPage: true });
});

page_test("a phone can be read", { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } }, async ({ page }) => {
  await page.waitForSelector("#crossbar svg");
  await fits(page);
  await card(page, "SB6").locator(".dots").tap();
  await page.getByRole("menuitem", { name: "Move…" }).tap();
  await page.waitForSelector("dialog .choices");
  await fits(page);
  await confirmButton(page).tap();
  await planned(page);
  await shot(page, "phone-plan-en-light");
  await page.keyboard.press("Escape");
  await shot(page, "phone-en-light", { fullPage: true });
});

page_tests_run();
