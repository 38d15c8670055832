// SPDX-License-Identifier: Apache-2.0
"use strict";

const byId = (id) => document.getElementById(id);
let csrf = "";
let stream = null;
let snapshot = null;
let sample = null;

// Answers come as JSON, refusals too: {"code", "meaning", "text"}.
async function ask(path, body) {
  const request = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  };
  const response = await fetch(path, request);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.text), { code: answer.code });
  return answer;
}

function cell(row, text) {
  row.insertCell().textContent = text;
}

function megabytes(bytes) {
  return (bytes / 2 ** 20).toFixed(1) + " MiB";
}

function showBoards() {
  const body = byId("boards");
  body.replaceChildren();
  for (const board of snapshot.boards) {
    const row = body.insertRow();
    row.dataset.board = board.name;
    cell(row, board.name);
    cell(row, board.partition ?? "–");
    cell(row, board.assignment);
    cell(row, board.test);
    cell(row, `${board.cpus_online}/${board.cpus}`);
    cell(row, `${megabytes(board.used_bytes)} of ${megabytes(board.memory_bytes)}`);
    cell(row, "");
  }
}

function showRates(now) {
  const rows = byId("boards").rows;
  for (let i = 0; sample && i < rows.length; i++) {
    const time = now.board_time_ps[i] - sample.board_time_ps[i];
    const accesses = now.board_accesses[i] - sample.board_accesses[i];
    if (time > 0) rows[i].cells[6].textContent = (accesses / time * 1e6).toFixed(1) + " M";
  }
  byId("time").textContent = `${now.state}, ${(now.time_ps / 1e6).toFixed(1)} µs simulated`;
  sample = now;
}

function showEvent(event) {
  const item = document.createElement("li");
  item.textContent = `${(event.time_ps / 1e6).toFixed(3)} µs  ${event.text}`;
  byId("events").prepend(item);
  while (byId("events").childElementCount > 200) byId("events").lastChild.remove();
}

async function loadSnapshot() {
  snapshot = await ask("/api/snapshot");
  byId("run").textContent = snapshot.run;
  byId("link").textContent = snapshot.link;
  showBoards();
}

function listen() {
  stream = new EventSource("/api/events?from=0");
  stream.addEventListener("event", (message) => showEvent(JSON.parse(message.data)));
  stream.addEventListener("sample", (message) => showRates(JSON.parse(message.data)));
  stream.addEventListener("link", (message) => { byId("link").textContent = JSON.parse(message.data).link; });
  stream.addEventListener("reset", loadSnapshot);
  stream.addEventListener("logout", start);
  stream.addEventListener("snapshot", (message) => { Object.assign(snapshot, JSON.parse(message.data)); showBoards(); });
  stream.addEventListener("error", () => { byId("link").textContent = "lost"; });
}

async function start() {
  stream?.close();
  const session = await ask("/api/session");
  csrf = session.csrf;
  byId("login").hidden = Boolean(session.user);
  byId("machine").hidden = byId("logout").hidden = !session.user;
  byId("who").textContent = session.user ? `${session.user.name} (${session.user.role})` : "";
  if (!session.user) return;
  try {
    await loadSnapshot();
    listen();
  } catch (error) {
    byId("link").textContent = `${error.code}: ${error.message}`;
  }
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  byId("refusal").textContent = "";
  try {
    await ask("/api/login", { user: form.get("user"), password: form.get("password") });
    event.target.reset();
    await start();
  } catch (error) {
    byId("refusal").textContent = `${error.code}: ${error.message}`;
  }
});

byId("logout").addEventListener("click", async () => {
  await ask("/api/logout", {});
  await start();
});

start();
