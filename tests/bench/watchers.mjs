// SPDX-License-Identifier: Apache-2.0
// What consoles cost the simulation, in instructions: the same run under valgrind's callgrind with consoles shut out, open but
// with nobody there, and with one and ten event streams of numaplex-hmc. No test; takes a few minutes.
//
//     node tests/bench/watchers.mjs BUILD [UNTIL [NODES]]        NODES: as `numaplex run` has it; 1 without
//
// Samples come by the host's clock, and under callgrind a run takes many times as long: so the first ratio is far above what a
// run costs. The second has as many samples as fall into the time that the same run took without callgrind.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const [build = "build", until = "4ms", nodes = "1"] = process.argv.slice(2);
const numaplex = resolve(build, "bin/numaplex"), scenario = new URL("../../deploy/scenarios/sun-overload.yaml", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "numaplex-watchers-")), state = join(folder, "state"), runs = join(folder, "runs");
const PASSWORD = "correct horse battery", A_SECOND = 10; // samples that a page gets
const children = new Set();

function fail(text) {
  for (const child of children) child.kill("SIGTERM");
  console.error("watchers: " + text);
  process.exit(1);
}

function start(command, args) {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  child.output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", text => { child.output += text; });
  child.ended = new Promise(done => child.on("close", status => { children.delete(child); done(status); }));
  return child;
}

async function heard(child, pattern) {
  for (; !pattern.test(child.output); await wait(50)) if (child.exitCode !== null) fail(child.output);
  return pattern.exec(child.output);
}

// ---- browsers, as far as the machine is concerned: a login and an event stream each

function ask(port, path, { method = "GET", cookies = "", csrf = "", body, stream } = {}) {
  return new Promise((done, failed) => {
    const headers = { Cookie: cookies, ...(body && { "Content-Type": "application/json", "X-CSRF-Token": csrf }) };
    const asked = request({ host: "127.0.0.1", port, path, method, headers, rejectUnauthorized: false, agent: false }, answer => {
      let text = "";
      if (stream) return done(stream(answer));
      answer.on("data", piece => { text += piece; });
      answer.on("end", () => done({ json: JSON.parse(text), cookies: (answer.headers["set-cookie"] ?? []).map(one => one.split(";")[0]).join("; ") }));
    });
    asked.on("error", failed);
    asked.end(body && JSON.stringify(body));
  });
}

async function browser(port, run) {
  const before = await ask(port, "/api/session");
  const after = await ask(port, "/api/login", { method: "POST", cookies: before.cookies, csrf: before.json.csrf, body: { user: "anna", password: PASSWORD } });
  if (!after.json.user) fail("no login: " + JSON.stringify(after.json));
  const seen = { samples: 0 };
  await ask(port, `/api/events?run=${run}&from=0`, { cookies: after.cookies, stream: answer => answer.on("data", piece => {
    seen.samples += String(piece).split("event: sample\n").length - 1;
  }).on("error", () => {}) });
  return seen;
}

// ---- runs

// Instructions of a run's processes: those that simulate, and the coordinator.
function counted(at) {
  const sums = { node: 0, fabric: 0, coordinator: 0 };
  for (const file of readdirSync(at).filter(name => name.startsWith("callgrind."))) {
    const text = readFileSync(join(at, file), "utf8"), program = /^cmd: *\S*numaplex-(\w+)/m.exec(text)?.[1];
    if (program in sums) sums[program] += Number(/^(?:totals|summary): (\d+)/m.exec(text)[1]);
  }
  return { simulating: sums.node + sums.fabric, coordinator: sums.coordinator };
}

async function simulate(name, options, { browsers = 0, port = 0, native = false } = {}) {
  const at = join(folder, name);
  mkdirSync(at);
  const command = [numaplex, "run", scenario, "--nodes", nodes, "--quiet", "--out", join(runs, name), "--set", "until=" + until, "--set", "at=1s", ...options];
  if (!native) command.unshift("valgrind", "--tool=callgrind", "--trace-children=yes", `--callgrind-out-file=${at}/callgrind.%p`);
  const run = start(command[0], command.slice(1));
  const seen = [];
  if (browsers) {
    while (!existsSync(join(runs, name, "control.json"))) await wait(50);
    for (let i = 0; i < browsers; i++) seen.push(await browser(port, name));
    while (seen.some(one => !one.samples)) await wait(50); // all are there
    if (spawnSync(numaplex, ["continue", "--run", join(runs, name)]).status !== 0) fail("the run does not go on");
  }
  if (await run.ended !== 0) fail(run.output);
  const { host } = JSON.parse(readFileSync(join(runs, name, "results.json"), "utf8"));
  const samples = browsers ? Math.round(seen.reduce((sum, one) => sum + one.samples, 0) / browsers) : 0;
  return native ? { seconds: host.seconds } : { ...counted(at), samples, seconds: host.seconds };
}

const million = n => (n / 1e6).toFixed(1).padStart(9);
const percent = share => (100 * share).toFixed(2).padStart(7) + " %";

function report(name, run, closed, native) {
  const rows = ["simulating", "coordinator"].map(program => {
    const more = run[program] - closed[program], each = run.samples ? more / run.samples : 0;
    const real = run.samples ? percent(each * A_SECOND * native / closed[program]) : "         ";
    return `${million(run[program])} M ${percent(more / closed[program])} ${real}`;
  });
  console.log(`${name.padEnd(8)} ${String(run.samples).padStart(7)}  ${rows.join("  ")}`);
}

async function main() {
  mkdirSync(runs);
  const added = spawnSync(numaplex, ["hmc", "user", "add", "anna", "--role", "platform administrator", "--state", state, "--password-stdin"],
    { input: PASSWORD + "\n", encoding: "utf8" });
  if (added.status !== 0) fail(added.stderr);
  const console_ = start(numaplex, ["hmc", "--runs", runs, "--state", state, "--listen", "127.0.0.1:0"]);
  const port = Number((await heard(console_, /Console at https:\/\/127\.0\.0\.1:(\d+)/))[1]);
  const native = (await simulate("native", ["--no-control"], { native: true })).seconds;
  const closed = await simulate("closed", ["--no-control"]);
  console.log(`sun-overload, ${until}, --nodes ${nodes}: ${native.toFixed(2)} s, ${closed.seconds.toFixed(1)} s under callgrind`);
  console.log("                        processes that simulate            coordinator");
  console.log("consoles samples  instructions      more  at 10/s  instructions      more  at 10/s");
  report("shut out", closed, closed, native);
  report("nobody", await simulate("open", ["--control"]), closed, native);
  for (const browsers of [1, 10]) report(`${browsers}`, await simulate("watched-" + browsers, ["--control", "--paused"], { browsers, port }), closed, native);
  console_.kill("SIGTERM");
  await console_.ended;
  rmSync(folder, { recursive: true });
}

await main();
