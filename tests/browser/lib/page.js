// SPDX-License-Identifier: Apache-2.0
// Tests of the page against the fake machine: each has a machine, its server, a line to it and a page of its own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { FakeServer } from "../fake/server.js";
import { newPage, openBrowser } from "./browser.js";
import { logIn } from "./console.js";
import { Line } from "./proxy.js";

export const PASSWORD = "correct horse battery";
export const refusalNoise = /Failed to load resource: the server responded with a status of 4/; // the browser notes every 4xx
export const lineNoise = /ERR_(CONNECTION|CONTENT_LENGTH|EMPTY_RESPONSE|SOCKET|INCOMPLETE|NETWORK)/;
export let browser;
const tests = [];

before(async () => { browser = await openBrowser(); });
after(() => browser.close());

// options: machine (makes one), context (of the browser), user (null: nobody is logged in), noise (patterns), tick_ms. Whatever the
// page should not say fails the test.
export function page_test(name, options, body) {
  tests.push({ name, body: async () => {
    const server = new FakeServer(options.machine?.()), line = new Line();
    await server.start(options.tick_ms);
    line.target = server.port;
    const url = `http://127.0.0.1:${await line.start()}`;
    const page = await newPage(browser, url, options.context);
    page.watcher.expected.push(...(options.noise ?? []));
    try {
      if (options.user !== null) await logIn(page, url, options.user ?? "anna", PASSWORD);
      await body({ page, server, line, url, machine: server.machine });
      assert.deepEqual(page.watcher.found, [], "what the page said that nobody should see");
    } finally {
      await page.context().close();
      await line.stop();
      await server.stop();
    }
  } });
}

// Runs what page_test was told of, side by side: much of a test's time is the machine's, while the browser waits.
export function page_tests_run() {
  describe("the page", { concurrency: 3 }, () => {
    for (const { name, body } of tests) test(name, { timeout: 120000 }, body);
  });
}
