// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, and a page that notices what must never happen: errors on its console, violations of the content security
// policy, requests to other hosts.
import { existsSync } from "node:fs";
import { chromium } from "./modules.js";

// The background flags keep Chromium from calling home, which a closed network answers with errors.
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb"];

export const executable = process.env.NUMAPLEX_CHROMIUM ?? "/usr/bin/chromium";

export async function openBrowser() {
  if (!existsSync(executable)) throw new Error(`${executable} is not there; deploy/local/install brings it`);
  return chromium.launch({ executablePath: executable, headless: true, args: flags });
}

// What the page and its network said that a user should never see. `expected`: patterns of what a test causes on purpose.
export class Watcher {
  constructor(page, origin) {
    this.found = [];
    this.expected = [];
    page.on("console", message => {
      if (["error", "warning"].includes(message.type())) this.note(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", error => this.note(`page: ${error.stack ?? error}`));
    page.on("request", request => {
      if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) this.note(`request to elsewhere: ${request.url()}`);
    });
    page.on("crash", () => this.note("the page crashed"));
  }

  note(text) {
    if (!this.expected.some(pattern => pattern.test(text))) this.found.push(text);
  }
}

// A context of its own: nobody is logged in.
export async function newPage(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", reducedMotion: "reduce", ignoreHTTPSErrors: true, ...options });
  context.setDefaultTimeout(60000); // hosts may be slow; nothing is proved by it
  const page = await context.newPage();
  page.watcher = new Watcher(page, origin);
  await page.addInitScript(() => addEventListener("securitypolicyviolation", event =>
    console.error("content security policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber)));
  return page;
}
