// SPDX-License-Identifier: Apache-2.0
// Serves the console's page and the fake machine over HTTP, with the paths, headers, codes and forms of numaplex-hmc.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Machine, Refused } from "./machine.js";

const root = new URL("../../../", import.meta.url).pathname;
const types = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", svg: "image/svg+xml" };
const security = {
  "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
};
const users = {
  anna: { password: "correct horse battery", role: "platform administrator", domains: [] },
  olaf: { password: "correct horse battery", role: "operator", domains: [] },
  dora: { password: "correct horse battery", role: "domain administrator", domains: ["SMP3"] },
  vera: { password: "correct horse battery", role: "viewer", domains: [] },
};
const looks = ["snapshot", "series", "plan", "console", "runs", "events"];

function assets() {
  const files = new Map(), folder = join(root, "hmc/web/assets");
  for (const name of readdirSync(folder)) files.set("/" + name, readFileSync(join(folder, name)));
  files.set("/", files.get("/index.html"));
  files.set("/draw.js", readFileSync(join(root, "coordinator/report/draw.js")));
  files.set("/chart.min.js", readFileSync("/usr/share/javascript/chart.js/chart.min.js"));
  return files;
}

const token = text => createHash("sha256").update("csrf" + text).digest("hex");
const error = (status, code, text) => new Refused(status, code, "meaning of " + code, text);

export class FakeServer {
  constructor(machine = new Machine()) {
    this.machine = machine;
    this.files = assets();
    this.users = structuredClone(users);
    this.sessions = new Map(); // cookie -> name of the user
    this.streams = new Set();
    this.audit = [];
    this.beat = 0;
    this.server = createServer((request, response) => this.handle(request, response));
    machine.listeners.add(event => this.tell(event));
  }

  async start(tick_ms = 50) {
    await new Promise(resolve => this.server.listen(0, "127.0.0.1", resolve));
    this.timer = setInterval(() => this.tick(), tick_ms);
    this.port = this.server.address().port;
    return `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  expire() {
    this.sessions.clear();
    for (const stream of this.streams) {
      stream.send("logout", {});
      stream.response.end();
    }
  }

  tick() {
    this.machine.tick();
    for (const stream of this.streams) {
      if (this.beat % 2 === 0 && !this.over()) stream.send("sample", this.machine.sample());
    }
    this.beat++;
  }

  tell(event) {
    for (const stream of this.streams) {
      stream.send("event", event, event.seq);
      stream.send("snapshot", this.machine.snapshot());
    }
  }

  // ---- requests

  async handle(request, response) {
    const url = new URL(request.url, "http://x");
    try {
      if (!url.pathname.startsWith("/api/")) return this.file(url.pathname, response);
      if (url.pathname === "/api/report") return this.report(request, response);
      if (url.pathname === "/api/events") return this.stream(request, response, url.searchParams);
      let body = "";
      for await (const part of request) body += part;
      const [answer, headers] = this.answer(request, url, body ? JSON.parse(body) : {});
      response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store", ...security, ...headers });
      response.end(JSON.stringify(answer));
    } catch (refusal) {
      if (!(refusal instanceof Refused)) throw refusal;
      response.writeHead(refusal.status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...security });
      response.end(JSON.stringify({ code: refusal.code, meaning: refusal.meaning, text: refusal.message }));
    }
  }

  file(path, response) {
    const bytes = this.files.get(path);
    response.writeHead(bytes ? 200 : 404, { ...security, "Cache-Control": "no-cache", "Content-Type": types[path === "/" ? "html" : path.split(".").pop()] ?? "text/plain" });
    response.end(bytes ?? "");
  }

  report(request, response) {
    this.user(request);
    response.writeHead(200, { ...security, "Content-Type": types.html, "Content-Security-Policy": "sandbox" });
    response.end("<!DOCTYPE html><title>Report</title><h1>The report</h1>");
  }

  cookie(request, name) {
    return new RegExp(`(?:^|; )${name}=([0-9a-f]+)`).exec(request.headers.cookie ?? "")?.[1];
  }

  user(request) {
    const name = this.sessions.get(this.cookie(request, "session"));
    if (!name) throw error(401, "NP0812", "log in first");
    return { name, ...this.users[name] };
  }

  answer(request, url, body) {
    const path = url.pathname.slice(5), post = request.method === "POST";
    if (path === "session") return this.session(request);
    const cookie = path === "login" ? this.cookie(request, "login") : this.cookie(request, "session");
    if (post && path !== "login") this.user(request);
    if (post && (!cookie || request.headers["x-csrf-token"] !== token(cookie))) throw error(403, "NP0811", "the header X-CSRF-Token is missing or wrong");
    if (path === "login") return this.login(body);
    const user = this.user(request);
    if (path === "logout") {
      this.sessions.delete(cookie);
      return [{ user: null }, {}];
    }
    if (!looks.includes(path)) this.rights(user, path, body);
    return [this.ask(path, url.searchParams, body, user), {}];
  }

  session(request) {
    const name = this.sessions.get(this.cookie(request, "session"));
    if (name) return [this.sessionBody(name, this.cookie(request, "session")), {}];
    const cookie = this.cookie(request, "login") ?? randomBytes(16).toString("hex");
    return [{ csrf: token(cookie), idle_s: 1800, absolute_s: 43200, user: null }, { "Set-Cookie": `login=${cookie}; Path=/; HttpOnly; SameSite=Strict` }];
  }

  sessionBody(name, cookie) {
    return { csrf: token(cookie), idle_s: 1800, absolute_s: 43200, user: { name, role: this.users[name].role, domains: this.users[name].domains, created: "2025-01-01T12:00:00Z",
      password_changed: "2025-01-01T12:00:00Z" } };
  }

  login({ user, password }) {
    if (this.users[user]?.password !== password) {
      this.log("(unknown user)", "login", "NP0812", "user name or password is wrong");
      throw error(401, "NP0812", "user name or password is wrong");
    }
    const cookie = randomBytes(16).toString("hex");
    this.sessions.set(cookie, user);
    this.log(user, "login", "NP0000", "logged in");
    return [this.sessionBody(user, cookie), { "Set-Cookie": `session=${cookie}; Path=/; HttpOnly; SameSite=Strict` }];
  }

  log(user, what, outcome, text) {
    this.audit.push({ id: this.audit.length + 1, at: "2025-01-01T12:00:00Z", user, address: "127.0.0.1", run: "fake", what, outcome, text });
  }

  rights(user, path, body) {
    const operator = path === "pace" || path === "type" || ["power", "test", "keyswitch"].includes(body.verb);
    const may = user.role === "platform administrator" || (user.role === "operator" && operator) ||
      (user.role === "domain administrator" && path === "command" && user.domains.includes(body.partition));
    if (may) return;
    this.log(user.name, "refused", "NP0811", path);
    throw error(403, "NP0811", `${user.name} is a ${user.role} and may not do this`);
  }

  ask(path, query, body, user) {
    switch (path) {
      case "runs": return { runs: this.runs() };
      case "snapshot": return { ...this.machine.snapshot(), run: "fake", link: this.over() ? "ended" : "up" };
      case "series": return { partitions: this.machine.series() };
      case "plan": return this.plan(body, user);
      case "command": {
        const operation = this.machine.command(body, user.name);
        this.log(user.name, "command", "NP0000", `${body.verb} ${body.board ?? body.partition}`);
        return { operation, code: null, text: null };
      }
      case "pace": return this.machine.pace(body, user.name), { code: null };
      case "type": return this.machine.type(body), { code: null };
      case "console": return this.console(query);
      case "audit": return { rows: this.audit.filter(row => !Number(query.get("before")) || row.id < Number(query.get("before"))).reverse().slice(0, Number(query.get("n"))) };
      default: throw error(404, "NP0814", "there is no such path");
    }
  }

  over() {
    return this.machine.state === "ended";
  }

  // The machine's, and one that ended long ago and left nothing but a reason.
  runs() {
    const over = this.over();
    return [{ name: "fake", scenario: "fake", live: !over, selected: true, state: over, report: over },
      { name: "broken", scenario: "", live: false, selected: false, state: false, report: false, failure: "NP0601" }];
  }

  plan(body, user) {
    const { plan, code, text } = this.machine.plan(body);
    if (code) return { plan, code, text, meaning: "meaning of " + code };
    if (user.role === "viewer") return { plan, code: "NP0811", text: `${user.name} is a viewer and may not do this`, meaning: "meaning of NP0811" };
    return { plan, code, text };
  }

  console(query) {
    const text = this.machine.findPartition(query.get("partition")).console, from = Number(query.get("from") ?? 0);
    return { text: text.slice(from), bytes: text.length - from, end: text.length };
  }

  stream(request, response, query) {
    const session = this.cookie(request, "session");
    this.user(request);
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", ...security });
    const stream = { response, session, send: (kind, data, id) => response.write(`${id ? `id: ${id}\n` : ""}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`) };
    stream.send("link", { link: this.over() ? "ended" : "up" });
    for (const event of this.machine.events.slice(Number(query.get("from")))) stream.send("event", event, event.seq);
    if (this.over()) stream.send("sample", this.machine.sample());
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
  }
}

// By hand: node fake/server.js, then the address in a browser.
if (process.argv[1] === new URL(import.meta.url).pathname) console.log(await new FakeServer().start());
