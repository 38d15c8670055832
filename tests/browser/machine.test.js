// SPDX-License-Identifier: Apache-2.0
// The console's page against numaplex-hmc and a running machine: the story of Abb. 12.1.6, told once from login to 8/12/12, with a
// reload, a lost connection, a viewer and a German at the keyboard in the midst of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage, openBrowser } from "./lib/browser.js";
import { accessible, boardsOf, cpus, confirmButton, drag, logIn, planned, rateOf, shot, waitCpus } from "./lib/console.js";
import { PASSWORD, RealMachine } from "./lib/machine.js";
import { Line } from "./lib/proxy.js";

const machine = new RealMachine(), line = new Line();
const noise = [/Failed to load resource: the server responded with a status of 4/, /ERR_(CONNECTION|CONTENT_LENGTH|EMPTY_RESPONSE|SOCKET|INCOMPLETE|NETWORK|SSL)/];
let browser, url, page, rate;

before(async () => {
  browser = await openBrowser();
  await machine.start(["--set", "at=1s", "--set", "until=900ms"]); // the board is moved by hand, and the run ends with the test
  line.target = machine.port;
  url = `https://127.0.0.1:${await line.start()}`;
  page = await newPage(browser, url);
  page.watcher.expected.push(...noise);
});

after(async () => {
  await browser.close();
  await line.stop();
  await machine.stop();
});

// Each part goes on where the one before has ended.
function part(name, body) {
  test(name, { timeout: 400000 }, async () => {
    try {
      await body();
      assert.deepEqual(page.watcher.found, [], "what the page said that nobody should see");
    } catch (error) {
      console.log(machine.log());
      throw error;
    }
  });
}

part("an administrator logs in and lets the machine go", async () => {
  await logIn(page, url, "anna", PASSWORD);
  await page.waitForSelector("#run-state[data-state=paused]");
  assert.deepEqual(await boardsOf(page, "SMP1"), ["SB0", "SB1", "SB6"]);
  assert.deepEqual(await cpus(page), { SMP1: 12, SMP2: 8, SMP3: 12 });
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForSelector("#run-state[data-state=running]");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-throughput]")].every(item => Number(item.dataset.rate) > 0), null, { timeout: 120000 });
  await page.waitForFunction(() => parseFloat(document.getElementById("clock").textContent) > 0.3, null, { timeout: 120000 });
  rate = await rateOf(page, "SMP2");
  await accessible(page, "the console of a running machine");
});

part("a viewer is refused by the server", async () => {
  const viewer = await newPage(browser, url);
  viewer.watcher.expected.push(...noise);
  await logIn(viewer, url, "vera", PASSWORD);
  await drag(viewer, "SB6", "SB2");
  await viewer.waitForSelector("dialog .refusal:has-text('NP0811')");
  assert.ok(await confirmButton(viewer).isDisabled());
  const answer = await viewer.evaluate(async () => {
    const { csrf } = await (await fetch("/api/session")).json();
    const reply = await fetch("/api/command", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ verb: "move", board: "SB6", partition: "SMP2" }) });
    return [reply.status, (await reply.json()).code];
  });
  assert.deepEqual(answer, [403, "NP0811"]);
  assert.deepEqual(viewer.watcher.found, []);
  await viewer.context().close();
});

part("SB6 is dragged onto SB2: the plan is 8, 12, 12, and memory drains", async () => {
  await drag(page, "SB6", "SB2");
  assert.deepEqual(await planned(page), { SMP1: [12, 8], SMP2: [8, 12], SMP3: [12, 12] });
  await shot(page, "real-plan-en-light");
  await confirmButton(page).click();
  await page.waitForSelector("#operations [data-operation]");
  await page.waitForFunction(() => /to drain, [1-9]/.test(document.querySelector("[data-board=SB6] .drain").textContent), null, { timeout: 240000 });
  await shot(page, "real-drain-en-light", { fullPage: true });
});

part("a reload, and a lost connection, in the middle of it", async () => {
  await page.reload();
  await page.waitForSelector("#operations [data-operation]");
  line.cut();
  await page.waitForSelector("#banner[data-kind=bad]:has-text('Connection lost')");
  line.mend();
  await page.waitForSelector("#connection[data-state=live]");
  assert.ok(await page.locator("#events tr").count() > 2);
});

part("8, 12, 12, and SMP2 does more", async () => {
  await page.waitForSelector("#operations .chip.good, #operations .chip.bad", { timeout: 300000 });
  assert.equal(await page.locator("#operations .chip.bad").count(), 0, await page.locator("#operations").innerText());
  await waitCpus(page, { SMP1: 8, SMP2: 12, SMP3: 12 });
  assert.deepEqual(await boardsOf(page, "SMP2"), ["SB2", "SB4", "SB6"]);
  await page.waitForFunction(before => Number(document.querySelector("[data-throughput=SMP2]").dataset.rate) > 1.15 * before, rate, { timeout: 120000 });
  await shot(page, "real-moved-en-light", { fullPage: true });
});

part("in German, by keyboard", async () => {
  const german = await newPage(browser, url, { locale: "de-DE", colorScheme: "dark" });
  german.watcher.expected.push(...noise);
  await german.goto(url);
  await german.waitForSelector("#login:not([hidden])");
  await german.keyboard.type("anna");
  await german.keyboard.press("Tab");
  await german.keyboard.type(PASSWORD);
  await german.keyboard.press("Enter");
  await german.waitForSelector(".card");
  for (let i = 0; i < 60 && await german.evaluate(() => document.activeElement.dataset.board) !== "SB7"; i++) await german.keyboard.press("Tab");
  await german.keyboard.press("m");
  await german.waitForSelector("dialog input[value=SMP1]:checked:focus");
  await german.keyboard.press("Enter");
  assert.deepEqual(await planned(german), { SMP1: [8, 12], SMP2: [12, 12], SMP3: [12, 8] });
  assert.match(await german.locator("dialog").innerText(), /SB7 von SMP3 nach SMP1 umziehen\?[^]*Speicher werden geräumt/);
  await german.keyboard.press("Escape");
  await german.waitForSelector("dialog", { state: "detached" });
  assert.doesNotMatch(await german.locator("body").innerText(), /\?[a-z]\w+|undefined|NaN|\{\d\}/);
  await shot(german, "real-moved-de-dark", { fullPage: true });
  await german.click("#account");
  await german.getByRole("menuitem", { name: "Abmelden" }).click();
  await german.waitForSelector("#login-note:has-text('Sie sind abgemeldet.')");
  assert.deepEqual(german.watcher.found, []);
  await german.context().close();
});

part("the run is ended; from its folder a viewer sees how, and the report", async () => {
  await page.click("#stop");
  await confirmButton(page).click();
  await page.waitForSelector("#connection[data-state=ended]", { timeout: 120000 });
  await machine.run.stop(); // held open until now
  const viewer = await newPage(browser, url, { locale: "de-DE" });
  viewer.watcher.expected.push(...noise);
  await logIn(viewer, url, "vera", PASSWORD);
  await viewer.waitForSelector("#connection[data-state=ended]:has-text('Beendet')");
  await waitCpus(viewer, { SMP1: 8, SMP2: 12, SMP3: 12 });
  assert.deepEqual(await boardsOf(viewer, "SMP2"), ["SB2", "SB4", "SB6"]);
  await viewer.waitForSelector("#operations .chip.good:has-text('fertig')");
  await viewer.waitForFunction(() => document.querySelectorAll("#events tr").length > 10);
  await viewer.waitForFunction(() => Number(document.querySelector("[data-throughput=SMP2]").dataset.rate) > 0);
  await viewer.waitForSelector("#crossbar svg");
  await accessible(viewer, "a real run that has ended");
  await shot(viewer, "real-ended-de-light", { fullPage: true });
  const said = [];
  viewer.context().on("page", report => report.on("console", message => said.push(message.text())));
  const [report] = await Promise.all([viewer.context().waitForEvent("page"), viewer.click("#report")]);
  await report.waitForSelector("h1:has-text('sun-overload')");
  await report.waitForFunction(() => window.Chart && Object.keys(Chart.instances).length > 0); // its scripts run in their sandbox
  assert.deepEqual(said, []);
  assert.deepEqual(viewer.watcher.found, []);
  await viewer.context().close();
});
