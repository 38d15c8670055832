// SPDX-License-Identifier: Apache-2.0
// The event stream of a run: resumes behind the last event that came, after waits that grow. EventSource alone would try for
// ever without saying how long, would not notice a silent line, and would not say whether the session is over.
const SILENCE_MS = 40000; // the server says something at least every 15 s
const WAITS_S = [1, 2, 4, 8, 15];

export class Stream {
  // begin(): fetches the snapshot, and resolves with the number of its last event; address(seq): of the stream behind it.
  // on: message(kind, data), state("connecting" | "live" | "lost", seconds to the next attempt), ended(): the session is,
  // failed(): asks whether the session still is
  constructor(begin, address, on) {
    Object.assign(this, { begin, address, on, last: null, reset: false, tries: 0 });
    this.connect();
  }

  async connect() {
    this.close();
    this.on.state(this.tries ? "lost" : "connecting", 0);
    const turn = this.turn = {};
    try {
      const newest = await this.begin();
      if (this.turn !== turn) return;
      this.open(newest);
    } catch {
      if (this.turn === turn) this.fail();
    }
  }

  // At first with all events that the server still has, for the log.
  open(newest) {
    this.last ??= this.reset ? newest : 0;
    this.reset = false;
    const source = this.source = new EventSource(this.address(this.last));
    for (const kind of ["snapshot", "event", "sample", "link", "reset", "alive", "logout"])
      source.addEventListener(kind, message => this.source === source && this.take(kind, JSON.parse(message.data)));
    source.addEventListener("open", () => this.source === source && this.heard());
    source.addEventListener("error", () => this.source === source && this.fail());
  }

  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.connect(), SILENCE_MS); // a dead line
    this.tries = 0;
    this.on.state("live", 0);
  }

  async take(kind, data) {
    if (kind === "logout") {
      this.stop();
      this.on.ended();
      return;
    }
    this.heard();
    if (kind === "event") this.last = data.seq;
    if (kind !== "reset") {
      this.on.message(kind, data);
      return;
    }
    if (this.last) this.on.message(kind, data); // events are missing of which this page had some
    this.last = null;
    this.reset = true;
    this.connect();
  }

  async fail() {
    this.close();
    const wait = WAITS_S[Math.min(this.tries++, WAITS_S.length - 1)];
    this.count(wait);
    await this.on.failed();
  }

  count(left) {
    this.on.state("lost", left);
    this.timer = setTimeout(() => left > 1 ? this.count(left - 1) : this.connect(), 1000);
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.turn = null;
    this.source?.close();
    this.source = null;
  }

  stop() {
    this.close();
    this.count = this.fail = this.connect = () => {}; // answers that are still on their way change nothing
  }
}
