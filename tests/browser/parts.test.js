// SPDX-License-Identifier: Apache-2.0
// Parts of the page that need no browser: words, figures, the model, rights.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Machine } from "./fake/machine.js";

// Node 18 takes a file for a module where a package.json says so; the page needs none.
const copy = mkdtempSync(join(tmpdir(), "numaplex-page-")), folder = pathToFileURL(copy + "/");
cpSync(new URL("../../hmc/web/assets/", import.meta.url), copy, { recursive: true });
writeFileSync(join(copy, "package.json"), '{"type": "module"}');
after(() => rmSync(copy, { recursive: true }));

let text, model, rights, en, de;

before(async () => {
  globalThis.document = { documentElement: {} };
  text = await import(new URL("text.js", folder));
  model = await import(new URL("model.js", folder));
  rights = await import(new URL("rights.js", folder));
  en = (await import(new URL("words_en.js", folder))).default;
  de = (await import(new URL("words_de.js", folder))).default;
});

const places = words => JSON.stringify([...new Set(words.match(/\{\d\}/g))].sort());
const sources = () => readdirSync(folder).filter(name => /\.(js|html)$/.test(name) && !name.startsWith("words_"))
  .map(name => readFileSync(new URL(name, folder), "utf8")).join("\n");

test("both languages have the same words, with the same places to fill in", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    if (!key.endsWith("#")) {
      assert.equal(places(de[key]), places(en[key]), key);
      assert.ok(de[key].trim() && en[key].trim(), key);
    } else if (key !== "eventText#") { // what the machine says in English needs no English words
      assert.deepEqual(Object.keys(de[key]).sort(), Object.keys(en[key]).sort(), key);
      for (const name of Object.keys(en[key])) assert.equal(places(de[key][name]), places(en[key][name]), `${key} ${name}`);
    }
  }
});

test("all words that the page asks for are there, and none is left over", () => {
  const code = sources(), asked = new Set([...code.matchAll(/\bt\(\s*"(\w+)"/g), ...code.matchAll(/data-(?:t|label)="(\w+)"/g)].map(match => match[1]));
  for (const key of asked) assert.ok(en[key], key);
  for (const key of Object.keys(en)) assert.ok(asked.has(key) || code.includes(`"${key.replace("#", "")}"`), `no part of the page uses "${key}"`);
});

test("every code that the README lists has words, and German ones of its own", () => {
  const codes = readFileSync(new URL("../../README.md", import.meta.url), "utf8").match(/^\| NP\d{4}(?= \| \d+ \|)/gm).map(row => row.slice(2));
  assert.ok(codes.length > 40 && codes.includes("NP0816"));
  for (const code of codes) {
    assert.match(en["errors#"][code] ?? "", /^[A-Z].*\.$/, code);
    assert.match(de["errors#"][code] ?? "", /^[A-ZÄÖÜ].*\.$/, code);
    assert.notEqual(de["errors#"][code], en["errors#"][code], code);
  }
});

test("an error names what was asked for where that is known", () => {
  text.setLanguage("de");
  assert.equal(text.errorWords("NP0804", { board: "SB0", from: "SMP1", to: "SMP2" }), "SMP1 kann nicht die letzte CPU oder den letzten Speicher verlieren.");
  assert.equal(text.errorWords("NP0804", { board: "SB0", from: null }), de["errors#"].NP0804);
  assert.equal(text.errorWords("NP0808", { board: "SB0" }), "SB0 steht auf der Sperrliste.");
  assert.equal(text.errorWords("NP0806"), de["errors#"].NP0806);
  text.setLanguage("en");
  assert.equal(text.errorWords("NP9999"), "NP9999");
});

test("figures stand as each language writes them", () => {
  text.setLanguage("en");
  assert.equal(text.bytes(16 * 2 ** 20), "16\u00a0MiB");
  assert.equal(text.bytes(1.5 * 2 ** 20), "1.50\u00a0MiB");
  assert.equal(text.bytesOf(10.5 * 2 ** 20, 16 * 2 ** 20), "10.5 / 16\u00a0MiB");
  assert.equal(text.bytesOf(0, 0), "0 / 0\u00a0B");
  assert.equal(text.time(3.4e9), "3.400\u00a0ms");
  assert.equal(text.time(0), "0\u00a0ps");
  assert.equal(text.rate(1.18e9), "1.18\u00a0G");
  assert.deepEqual(text.unitOfBytesRate(4.7e9), ["GB/s", 1e9]);
  text.setLanguage("de");
  assert.equal(text.bytes(1.5 * 2 ** 20), "1,50\u00a0MiB");
  assert.equal(text.percent(3), "300\u00a0%");
  assert.equal(text.t("cpusOf", "3", "4"), "3 von 4 CPUs online");
  assert.equal(text.word("step", "drain"), "Speicher wird geräumt");
  assert.equal(text.word("step", "something new"), "something new");
  text.setLanguage("en");
});

test("a line that grows for ever keeps its averages and stays short", () => {
  const sums = new model.Sums();
  for (let i = 0; i <= 100000; i++) sums.add(i * 1e6, i * 300); // 300 in a microsecond
  const rates = sums.rates();
  assert.ok(rates.length > 100 && rates.length <= 600, String(rates.length));
  assert.equal(rates[rates.length - 1][0], 1e11);
  for (const [, rate] of rates) assert.ok(Math.abs(rate - 3e8) < 1, String(rate));
  sums.add(1e11, 100000 * 300); // no time has passed
  assert.equal(sums.rates().length, rates.length);
  sums.add(5, 1); // lags behind
  assert.equal(sums.rates().length, rates.length);
});

test("points that stand close together make one stretch, and the whole stays exact", () => {
  const sums = new model.Sums();
  for (const [time, sum] of [[0, 0], [1e9, 1000], [1e9 + 5, 1100], [1e9 + 9, 1100], [2e9, 2000], [2e9 + 1, 2100]]) sums.add(time, sum);
  assert.deepEqual(sums.rates().map(([time]) => time), [1e9, 2e9 + 1]);
  for (const [, rate] of sums.rates()) assert.ok(Math.abs(rate - 1e6) < 0.11e6, String(rate));
  assert.deepEqual(new model.Sums([[0, 0], [3, 6]]).rates(), [[3, 2e12]]);
  assert.deepEqual(new model.Sums([[0, 0]]).rates(), []);
});

function filled() {
  const machine = new Machine(), m = new model.Model();
  m.takeSnapshot(machine.snapshot());
  for (let i = 0; i < 40; i++) {
    machine.tick();
    m.takeSample(machine.sample(), i * 100);
  }
  return [machine, m];
}

test("loads and rates follow from samples", () => {
  const [machine, m] = filled();
  assert.equal(m.partitionLoad(m.partition("SMP1")), 0.5);
  assert.equal(m.partitionLoad(m.partition("SMP2")), 3);
  assert.equal(m.boardLoad(m.board("SB2")), 3);
  const [one, two, three] = [0, 1, 2].map(i => m.partitionRate(i));
  assert.ok(Math.abs(two / one - 8 / 6) < 0.01 && Math.abs(three / one - 2) < 0.01, `${one} ${two} ${three}`);
  assert.ok(m.boardRates(2).port > 0.4 && m.boardRates(2).port < 0.5);
  const sent = m.crossbar(false), at = name => machine.boards.findIndex(board => board.name === name);
  assert.ok(sent[at("SB2")][at("SB4")] > 0);
  assert.equal(sent[at("SB2")][at("SB0")], 0);
  assert.equal(m.samples[m.samples.length - 1][0] - m.samples[0][0], 2000); // ms that are kept
});

test("a board that comes to a partition brings neither its past nor its self-test", () => {
  const machine = new Machine(), m = new model.Model(), at = machine.boards.findIndex(board => board.name === "SB6");
  const sample = (accesses, ms) => {
    machine.time += 1e6;
    m.takeSample({ ...machine.sample(), board_accesses: machine.boards.map((_, i) => i === at ? accesses : 0) }, ms);
  };
  m.takeSnapshot(machine.snapshot());
  sample(0, 0);
  sample(500, 100);
  Object.assign(machine.boards[at], { partition: "SMP2", occupant: "unconfigured" });
  m.takeSnapshot(machine.snapshot());
  sample(9000, 200);
  machine.boards[at].occupant = "configured";
  m.takeSnapshot(machine.snapshot());
  sample(9070, 300);
  assert.deepEqual([m.done.get("SMP1"), m.done.get("SMP2")], [500, 70]);
});

test("a page that comes later has the run's past, and goes on where that ends", () => {
  const machine = new Machine(), early = new model.Model(), late = new model.Model();
  early.takeSnapshot(machine.snapshot());
  for (let i = 0; i < 40; i++) {
    machine.tick();
    early.takeSample(machine.sample(), i * 100);
  }
  late.takeSnapshot(machine.snapshot());
  late.begin(machine.series());
  for (let i = 40; i < 50; i++) {
    machine.tick();
    for (const one of [early, late]) one.takeSample(machine.sample(), i * 100);
  }
  const [a, b] = [early, late].map(one => one.lines.get("SMP2").rates());
  assert.equal(b[b.length - 1][0], a[a.length - 1][0]);
  assert.ok(b.length >= a.length && b[0][0] <= a[0][0], `${a.length} ${b.length}`);
  for (const [at, rate] of b) assert.ok(Math.abs(rate - 8e8) < 0.04 * 8e8, `${at}: ${rate}`); // no gap, no leap
});

test("a run that had ended is shown by its whole, and one that begins anew forgets the old", () => {
  const [machine, m] = [new Machine(), new model.Model()];
  for (let i = 0; i < 40; i++) machine.tick();
  machine.state = "ended";
  m.takeSnapshot(machine.snapshot());
  m.begin(machine.series());
  for (let i = 0; i < 2; i++) { // once more after a lost connection
    m.takeSample(machine.sample(), i * 100);
    assert.ok(m.whole() && Math.abs(m.partitionRate(1) / 8e8 - 1) < 0.04, String(m.partitionRate(1)));
    assert.ok(m.boardRates(2).port > 0.4 && m.crossbar(false)[2][4] > 0);
  }
  m.takeEvent({ seq: 7 });
  m.takeSnapshot({ ...machine.snapshot(), last_seq: 2, state: "running" });
  assert.equal(m.events.length, 0);
  assert.equal(m.ends(), null);
});

test("events are taken once, whatever a connection repeats", () => {
  const [, m] = filled();
  assert.ok(m.takeEvent({ seq: 1 }) && m.takeEvent({ seq: 2 }));
  assert.equal(m.takeEvent({ seq: 2 }), false);
  assert.equal(m.events.length, 2);
});

test("parts of a board's memory make up the whole of it", () => {
  const board = { memory_bytes: 16, permanent_bytes: 2, used_bytes: 7, draining_bytes: 4 };
  assert.equal(model.occupied(board), 9);
  assert.deepEqual(model.memoryParts(board), { permanent: 2, used: 3, draining: 4, free: 7 });
  assert.deepEqual(model.memoryParts({ ...board, used_bytes: 99 }), { permanent: 2, used: 10, draining: 4, free: 0 });
  assert.deepEqual(model.memoryParts({ memory_bytes: 0, permanent_bytes: 0, used_bytes: 0, draining_bytes: 0 }), { permanent: 0, used: 0, draining: 0, free: 0 });
});

test("rights are offered as the run gives them", () => {
  const [, m] = filled();
  const user = (role, domains = []) => ({ role, domains });
  const may = (who, command) => rights.mayCommand(who, m, command) === null;
  const move = { verb: "move", board: "SB6", partition: "SMP2" };
  assert.ok(may(user("platform administrator"), move));
  assert.ok(!may(user("viewer"), move) && !may(user("operator"), move));
  assert.ok(may(user("operator"), { verb: "power", board: "SB6", on: true }));
  assert.ok(!may(user("domain administrator", ["SMP2"]), move)); // SB6 is SMP1's
  assert.ok(may(user("domain administrator", ["SMP1", "SMP2"]), move));
  m.partition("SMP2").available = [];
  assert.ok(!may(user("domain administrator", ["SMP1", "SMP2"]), move));
  assert.ok(!may(user("domain administrator", ["SMP1"]), { verb: "blacklist", board: "SB6", on: true }));
  assert.equal(rights.mayPace(user("operator"), "pause"), null);
  assert.ok(rights.mayPace(user("operator"), "stop") && rights.mayPace(user("domain administrator"), "pause"));
  assert.equal(rights.mayType(user("domain administrator", ["SMP3"]), "SMP3"), null);
  assert.ok(rights.mayType(user("viewer"), "SMP3"));
});
