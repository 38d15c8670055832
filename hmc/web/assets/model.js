// SPDX-License-Identifier: Apache-2.0
// What the page knows of a run: the last snapshot, events, and samples made into rates. No element of the page is known
// here, so that tests run it without a browser.
const EVENTS_MAX = 5000;
const POINTS_MAX = 600;    // of a line; beyond it every other one goes, which keeps the averages exact
const STRETCHES = 250;     // of a line as it is drawn, at most
const SAMPLES_MS = 2000;   // rates of boards and of the crossbar are taken over so much host time

// Sums over simulated time; the line is the rate between neighbours.
export class Sums {
  constructor(points = []) {
    this.points = points; // [time_ps, sum]
    this.stride = 1;      // samples to a point
    this.left = 1;
  }

  add(time, sum) {
    const last = this.points[this.points.length - 1];
    if (last && time <= last[0]) return; // groups of partitions that have just parted may lag behind for a moment
    if (last && this.pending) this.points.pop();
    this.points.push([time, sum]);
    this.pending = --this.left > 0; // shown, and replaced by the next
    if (!this.pending) this.left = this.stride;
    if (this.points.length > POINTS_MAX) this.thin();
  }

  thin() {
    const last = this.points.length - 1;
    this.points = this.points.filter((_, i) => i % 2 === 0 || i === last);
    this.stride *= 2;
    this.left = this.stride;
    this.pending = false;
  }

  // [time in ps at the end of each stretch, sum per simulated second in it]. Points that stand closer than one can see, as around the
  // steps of a move, make one stretch: CPUs account for their accesses in batches, and a rate over less than that leaps.
  rates() {
    const rates = [], last = this.points.length - 1;
    if (last < 1) return rates;
    const least = (this.points[last][0] - this.points[0][0]) / STRETCHES;
    let begin = this.points[0];
    for (let i = 1; i <= last; i++) {
      const [time, sum] = this.points[i], short = time - begin[0] < least;
      if (short && i < last) continue;
      if (short && rates.length) begin = rates.pop().begin; // what is left at the end goes with the stretch before
      rates.push(Object.assign([time, (sum - begin[1]) / ((time - begin[0]) * 1e-12)], { begin }));
      begin = this.points[i];
    }
    return rates.map(([time, rate]) => [time, rate]);
  }
}

const per = (now, before, time) => time > 0 ? (now - before) / (time * 1e-12) : null;

const nothing = sample => Object.fromEntries(Object.entries(sample).map(([key, value]) => [key, Array.isArray(value) ? value.map(() => 0) : 0]));

export class Model {
  constructor() {
    this.clear();
  }

  clear() {
    this.snapshot = null;
    this.events = [];
    this.lines = new Map(); // partition -> Sums of accesses
    this.done = new Map();  // partition -> accesses of its boards since the page began
    this.boards = null;     // accesses of each board at the last sample
    this.samples = [];      // [host ms, sample, accesses by partition], the last SAMPLES_MS
    this.missed = false;
    this.begun = false;
  }

  takeSnapshot(snapshot) {
    const before = this.snapshot;
    const known = this.events[this.events.length - 1]?.seq ?? 0; // a run that has begun anew counts its events anew
    if (before && (before.folder !== snapshot.folder || before.boards.length !== snapshot.boards.length || snapshot.last_seq < known)) this.clear();
    this.snapshot = snapshot;
  }

  // False: it is known already, from before a lost connection.
  takeEvent(event) {
    const last = this.events[this.events.length - 1];
    if (last && event.seq <= last.seq) return false;
    this.events.push(event);
    if (this.events.length > EVENTS_MAX) this.events.splice(0, this.events.length - EVENTS_MAX);
    return true;
  }

  // What a partition does is the sum of what its boards do while they are configured in it: a board that comes brings neither
  // its past nor its self-test.
  addUp(sample) {
    const before = this.boards ?? sample.board_accesses;
    this.snapshot.partitions.forEach(partition => this.done.has(partition.name) || this.done.set(partition.name, 0));
    this.snapshot.boards.forEach((board, i) => {
      if (board.partition && board.occupant === "configured") this.done.set(board.partition, this.done.get(board.partition) + Math.max(0, sample.board_accesses[i] - (before[i] ?? 0)));
    });
    if (this.begun) this.snapshot.partitions.forEach((partition, i) => this.done.set(partition.name, Math.max(this.done.get(partition.name), sample.partition_accesses[i])));
    this.begun = false;
    this.boards = sample.board_accesses;
  }

  takeSample(sample, hostMs) {
    if (!this.snapshot || sample.partition_accesses.length !== this.snapshot.partitions.length) return;
    this.snapshot.time_ps = Math.max(this.snapshot.time_ps, sample.time_ps);
    this.snapshot.state = sample.state ?? this.snapshot.state;
    this.addUp(sample);
    this.snapshot.partitions.forEach((partition, i) => {
      if (!this.lines.has(partition.name)) this.lines.set(partition.name, new Sums());
      this.lines.get(partition.name).add(sample.partition_time_ps[i], this.done.get(partition.name));
    });
    const last = this.samples[this.samples.length - 1];
    if (last && (sample.time_ps < last[1].time_ps || this.over())) this.samples = []; // of an ended run the same comes again
    this.samples.push([hostMs, sample, this.snapshot.partitions.map(partition => this.done.get(partition.name))]);
    while (this.samples.length > 2 && this.samples[1][0] <= hostMs - SAMPLES_MS) this.samples.shift();
  }

  // The lines so far as the run tells them, in the order of its partitions. The next sample begins where they end.
  begin(series) {
    this.snapshot.partitions.forEach((partition, i) => {
      const { time_ps: times, accesses } = series[i] ?? { time_ps: [], accesses: [] };
      if (times.length < 2) return;
      this.lines.set(partition.name, new Sums(times.map((time, k) => [time, accesses[k]])));
      this.done.set(partition.name, accesses[accesses.length - 1]);
    });
    this.boards = null;
    this.begun = true; // the first sample says what has been done since
  }

  over() {
    return this.snapshot?.state === "ended";
  }

  // The whole of a run that had ended before it was looked at: its only sample against nothing.
  whole() {
    return this.over() && this.samples.length === 1;
  }

  // The oldest sample that is kept and the newest, or null.
  ends() {
    if (this.whole()) return [nothing(this.samples[0][1]), this.samples[0][1]];
    return this.samples.length < 2 ? null : [this.samples[0][1], this.samples[this.samples.length - 1][1]];
  }

  boardRates(i) {
    const ends = this.ends();
    if (!ends || ends[1].board_time_ps[i] === undefined) return { accesses: null, port: null };
    const [a, b] = ends, time = b.board_time_ps[i] - a.board_time_ps[i];
    const busy = Math.max(b.board_egress_busy_ps[i] - a.board_egress_busy_ps[i], b.board_ingress_busy_ps[i] - a.board_ingress_busy_ps[i]);
    return { accesses: per(b.board_accesses[i], a.board_accesses[i], time), port: time > 0 ? Math.min(1, Math.max(0, busy / time)) : null };
  }

  partitionRate(i) {
    if (this.whole()) {
      const [, only, done] = this.samples[0];
      return per(done[i], 0, only.partition_time_ps[i]);
    }
    if (this.samples.length < 2) return null;
    const [, a, before] = this.samples[0], [, b, now] = this.samples[this.samples.length - 1];
    return per(now[i], before[i], b.partition_time_ps[i] - a.partition_time_ps[i]);
  }

  // Bytes from board to board per simulated second: [sender][receiver], of the last samples or since the start.
  crossbar(all) {
    const last = this.samples[this.samples.length - 1]?.[1];
    if (!last) return null;
    const n = last.board_time_ps.length, first = all ? null : this.ends()?.[0];
    if (!all && !first) return null;
    return Array.from({ length: n }, (_, from) => Array.from({ length: n }, (_, to) => {
      const time = last.board_time_ps[from] - (first?.board_time_ps[from] ?? 0);
      return per(last.sent_bytes[from * n + to], first?.sent_bytes[from * n + to] ?? 0, time) ?? 0;
    }));
  }

  // Things to run for each CPU: threads where the partition has a pool of them, else what has programs of its own.
  partitionLoad(partition) {
    const boards = this.boardsOf(partition.name);
    const cpus = boards.reduce((sum, board) => sum + board.cpus_online, 0);
    return cpus ? (partition.threads || partition.running) / cpus : 0;
  }

  boardLoad(board) {
    const partition = this.partition(board.partition);
    if (!partition || !board.cpus_online) return 0;
    return partition.threads ? board.threads / board.cpus_online : this.partitionLoad(partition);
  }

  boardsOf(partition) {
    return this.snapshot.boards.filter(board => (board.partition ?? null) === partition);
  }

  board(name) {
    return this.snapshot?.boards.find(board => board.name === name);
  }

  partition(name) {
    return this.snapshot?.partitions.find(partition => partition.name === name);
  }

  system(name) {
    return this.snapshot?.systems.find(system => system.name === name);
  }

  // Its colour and pattern, 0 .. 7; free boards have none.
  colourOf(partition) {
    const i = this.snapshot.partitions.findIndex(p => p.name === partition);
    return i < 0 ? null : i % 8;
  }

  operationOn(board) {
    return this.snapshot.operations.find(operation => operation.ended_ps === null && operation.board === board);
  }
}

// How far the pages of an operation's present step are, 0 .. 1; null in steps that move none.
export function shareOf(operation) {
  return operation.pages_total && ["drain", "copy"].includes(operation.step) ? operation.pages_done / operation.pages_total : null;
}

// Bytes of a board's memory by what they are; together all of it. What is used is so besides what is permanent.
export function memoryParts(board) {
  const all = board.memory_bytes, permanent = Math.min(board.permanent_bytes, all), rest = all - permanent;
  const draining = Math.min(board.draining_bytes, rest), used = Math.min(Math.max(0, board.used_bytes - draining), rest - draining);
  return { permanent, used, draining, free: rest - used - draining };
}

// Memory of a board that its partition works with: of a guest's, what the guest has assigned.
export const worksWith = (board, partition) => partition.has_guest ? board.used_bytes : board.memory_bytes;

export const occupied = board => Math.min(board.memory_bytes, board.permanent_bytes + board.used_bytes);
