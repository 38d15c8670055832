// SPDX-License-Identifier: Apache-2.0
// A line is typed in the page at a guest that runs, which answers; who may not type cannot; a guest that has ended refuses.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage, openBrowser } from "./lib/browser.js";
import { logIn } from "./lib/console.js";
import { PASSWORD, RealMachine } from "./lib/machine.js";

const machine = new RealMachine();
let browser, url;

before(async () => {
  browser = await openBrowser();
  await machine.start(["--nodes", "1"], "tests/browser/echo.yaml");
  url = `https://127.0.0.1:${machine.port}`;
});

after(async () => {
  await browser.close();
  await machine.stop();
});

async function consoles(user) {
  const page = await newPage(browser, url);
  page.watcher.expected.push(/Failed to load resource: the server responded with a status of 4/);
  await logIn(page, url, user, PASSWORD);
  await page.click("#tab-consoles");
  await page.waitForSelector("#console-text:visible");
  return page;
}

async function type(page, line) {
  await page.fill("#console-line", line);
  await page.press("#console-line", "Enter");
}

test("an operator types at a guest, and it answers", { timeout: 400000 }, async () => {
  const page = await consoles("olaf");
  await type(page, "hello there");
  await page.waitForFunction(() => document.getElementById("console-line").value === "");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForSelector("#console-text:has-text('1: hello there')", { timeout: 60000 });
  await type(page, "and a longer line, of more than one part");
  await page.waitForSelector("#console-text:has-text('2: and a longer line, of more than one part')", { timeout: 60000 });
  await page.selectOption("#console-partition", "Q");
  await page.waitForSelector("#console-text:has-text('Hello from z/Architecture')");
  await type(page, "anybody?");
  await page.waitForSelector(":text('NP0802')");
  assert.deepEqual(page.watcher.found, []);
  await page.context().close();
});

test("a viewer sees it and cannot type", { timeout: 400000 }, async () => {
  const page = await consoles("vera");
  await page.waitForSelector("#console-text:has-text('1: hello there')");
  assert.ok(await page.locator("#console-line").isDisabled());
  const answer = await page.evaluate(async () => {
    const { csrf } = await (await fetch("/api/session")).json();
    const reply = await fetch("/api/type", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify({ partition: "P", text: "let me" }) });
    return reply.status;
  });
  assert.equal(answer, 403);
  assert.deepEqual(page.watcher.found, []);
  await page.context().close();
});
