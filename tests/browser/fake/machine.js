// SPDX-License-Identifier: Apache-2.0
// A scripted machine: eight boards in three partitions that behave, to a console, like a run of numaplex. It simulates nothing;
// its figures follow from a few rules, so that tests know what to expect. Time passes by tick() only.
const MIB = 2 ** 20, PAGE = 4096;

const layout = { SMP1: ["SB0", "SB1", "SB6"], SMP2: ["SB2", "SB4"], SMP3: ["SB3", "SB5", "SB7"] };
const threads = { SMP1: 6, SMP2: 24, SMP3: 12 };
const steps = { out: ["offline", "drain", "flush", "disconnect"], in: ["power off", "power on", "test", "connect", "tables", "online", "spread"] };
const TICK_PS = 20e6, STEP_TICKS = 3, DRAIN_PAGES = 90;

export class Refused extends Error {
  constructor(status, code, meaning, text) {
    super(text);
    Object.assign(this, { status, code, meaning });
  }
}

const refuse = (code, text, status = 409) => { throw new Refused(status, code, "meaning of " + code, text); };

function board(name, partition, number) {
  return { name, system: "sun", partition, assignment: partition ? "active" : "available", receptacle: partition ? "connected" : "disconnected",
    occupant: partition ? "configured" : "unconfigured", test: "passed", powered: true, blacklisted: false, floating: false, core: false,
    use_on_next_boot: true, cpus: 4, cpus_online: partition ? 4 : 0, threads: 0, memory_bytes: 16 * MIB, permanent_bytes: 0,
    used_bytes: partition ? (7 + number % 3) * MIB : 0, draining_bytes: 0, drained_bytes: 0, clock_hz: 1.2e9, cache_bytes: MIB,
    real_base: 0, next_partition: null, target: null, standby: false };
}

export class Machine {
  // boards: {partition: names}; further ones are free
  constructor(partitions = layout, free = []) {
    const names = [...Object.entries(partitions).flatMap(([partition, list]) => list.map(name => [name, partition])), ...free.map(name => [name, null])]
      .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
    this.time = 0;
    this.state = "running";
    this.ps_per_s = 0;
    this.boards = names.map(([name, partition], i) => board(name, partition, i));
    this.partitions = Object.keys(partitions).map(name => ({ name, system: "sun", tag: null, state: "Running", position: "on",
      has_guest: name === "SMP3", threads: threads[name] ?? 8, running: threads[name] ?? 8, time_ps: 0, accesses: 0, console: "" }));
    for (const { name } of this.partitions) {
      const first = this.boards.find(b => b.partition === name);
      if (first) Object.assign(first, { core: true, permanent_bytes: 2 * MIB, used_bytes: first.used_bytes - 2 * MIB });
    }
    const n = this.boards.length;
    this.sums = { accesses: Array(n).fill(0), work: Array(n).fill(0), egress: Array(n).fill(0), ingress: Array(n).fill(0), sent: Array(n * n).fill(0) };
    this.operations = [];
    this.events = [];
    this.listeners = new Set();
    this.past = []; // [time, accesses of each partition]
    this.spreadThreads();
  }

  of(partition) {
    return this.boards.filter(b => b.partition === partition);
  }

  find(name) {
    return this.boards.find(b => b.name === name) ?? refuse("NP0801", `the machine has no board ${name}`, 404);
  }

  findPartition(name) {
    return this.partitions.find(p => p.name === name) ?? refuse("NP0801", `the machine has no partition ${name}`, 404);
  }

  spreadThreads() {
    for (const partition of this.partitions) {
      const online = this.of(partition.name).filter(b => b.cpus_online > 0), sum = online.reduce((n, b) => n + b.cpus_online, 0);
      let left = partition.threads;
      online.forEach((b, i) => {
        b.threads = i === online.length - 1 ? left : Math.floor(partition.threads * b.cpus_online / sum);
        left -= b.threads;
      });
    }
    for (const b of this.boards) if (!b.partition || !b.cpus_online) b.threads = 0;
  }

  event(what, about) {
    const event = { seq: this.events.length + 1, time_ps: this.time, what, board: null, partition: null, operation: null, text: null, user: null,
      pages_done: 0, pages_total: 0, ...about };
    this.events.push(event);
    for (const listener of this.listeners) listener(event);
  }

  snapshot() {
    return { scenario: "fake", folder: "/runs/fake", time_ps: this.time, until_ps: 200e9, state: this.state, ps_per_s: this.ps_per_s,
      last_seq: this.events.length, systems: [{ name: "sun", family: "sun", protocol: "mesi", boards_per_crossbar: 0 }],
      partitions: this.partitions.map(({ console: _, accesses: __, ...partition }) => ({ ...partition, time_ps: this.time,
        boards: this.of(partition.name).map(b => b.name), available: this.boards.map(b => b.name) })),
      boards: this.boards.map(b => ({ ...b })), operations: this.operations.map(({ left: _, steps: __, command: ___, ...operation }) => ({ ...operation })) };
  }

  sample() {
    const all = list => list.map(Math.round);
    return { time_ps: this.time, state: this.state, partition_time_ps: this.partitions.map(() => this.time),
      partition_accesses: all(this.partitions.map(p => p.accesses)), board_accesses: all(this.sums.accesses), board_work: all(this.sums.work),
      board_egress_busy_ps: all(this.sums.egress), board_ingress_busy_ps: all(this.sums.ingress), board_time_ps: this.boards.map(() => this.time),
      sent_bytes: all(this.sums.sent) };
  }

  series() {
    return this.partitions.map((_, i) => ({ time_ps: this.past.map(([time]) => time), accesses: this.past.map(([, sums]) => sums[i]) }));
  }

  // Throughput: 100 M accesses per simulated second and CPU that has something to do.
  run(ps) {
    const n = this.boards.length, wobble = 1 + 0.03 * Math.sin(this.time / 3e8);
    this.time += ps;
    for (const partition of this.partitions) {
      const boards = this.of(partition.name), online = boards.reduce((sum, b) => sum + b.cpus_online, 0);
      const busy = Math.min(online, partition.threads);
      for (const b of boards) {
        const i = this.boards.indexOf(b), share = online ? b.cpus_online / online : 0;
        const accesses = busy * share * 1e8 * ps * 1e-12 * wobble;
        partition.accesses += accesses;
        this.sums.accesses[i] += accesses;
        this.sums.egress[i] += ps * Math.min(0.9, 0.04 * b.threads);
        this.sums.ingress[i] += ps * Math.min(0.9, 0.03 * b.threads);
        for (const other of boards) if (other !== b) this.sums.sent[i * n + this.boards.indexOf(other)] += accesses * 12 * (other.core ? 2 : 1);
      }
    }
  }

  tick() {
    if (this.state !== "running") return;
    this.past.push([this.time, this.partitions.map(partition => Math.round(partition.accesses))]);
    this.run(this.ps_per_s ? this.ps_per_s / 20 : TICK_PS);
    for (const operation of this.operations) if (operation.ended_ps === null) this.advance(operation);
  }

  // ---- commands

  plan(command) {
    const plan = { from: null, to: null, cpus_from_before: 0, cpus_from_after: 0, cpus_to_before: 0, cpus_to_after: 0, memory_from_before: 0,
      memory_from_after: 0, memory_to_before: 0, memory_to_after: 0, drain_bytes: 0, permanent_bytes: 0, threads: 0, copy_target: null,
      standby_cpus: 0, standby_bytes: 0 };
    if (!["move", "add", "delete"].includes(command.verb)) return { plan, code: null, text: null };
    const moving = this.find(command.board), to = command.verb === "delete" ? null : this.findPartition(command.partition).name;
    const sum = (list, key) => list.reduce((total, b) => total + b[key], 0);
    const fill = (side, partition, sign) => {
      const boards = this.of(partition);
      plan[side] = partition;
      plan[`cpus_${side}_before`] = sum(boards, "cpus_online");
      plan[`cpus_${side}_after`] = plan[`cpus_${side}_before`] + sign * moving.cpus;
      plan[`memory_${side}_before`] = sum(boards, "memory_bytes");
      plan[`memory_${side}_after`] = plan[`memory_${side}_before`] + sign * moving.memory_bytes;
    };
    if (moving.partition) fill("from", moving.partition, -1);
    if (to) fill("to", to, 1);
    if (moving.partition) Object.assign(plan, { drain_bytes: moving.used_bytes, threads: moving.threads });
    if (moving.permanent_bytes) {
      plan.permanent_bytes = moving.permanent_bytes;
      plan.copy_target = this.of(moving.partition).find(b => b !== moving)?.name ?? null;
    }
    let code = null, text = null;
    if (this.operations.some(o => o.ended_ps === null && o.board === moving.name))
      [code, text] = ["NP0803", `board ${moving.name} is being moved; wait until that has ended`];
    else if (moving.partition && this.of(moving.partition).length === 1)
      [code, text] = ["NP0804", `board ${moving.name} is the last of ${moving.partition}; turn its keyswitch off first`];
    return { plan, code, text };
  }

  command(command, user) {
    if (command.verb === "keyswitch") return this.keyswitch(command, user);
    if (["power", "blacklist", "test"].includes(command.verb)) return this.small(command, user);
    const { plan, code, text } = this.plan(command);
    if (code) {
      this.event("refused", { board: command.board, text, user });
      refuse(code, text);
    }
    const operation = { id: this.operations.length + 1, verb: command.verb, board: command.board, from: plan.from, to: plan.to, step: "", began_ps: this.time,
      ended_ps: null, pages_done: 0, pages_total: Math.ceil(plan.drain_bytes / PAGE), user, code: null, text: null,
      steps: [...(plan.from ? steps.out : []), ...(plan.to ? steps.in : [])], left: 0 };
    this.operations.push(operation);
    this.next(operation);
    return operation.id;
  }

  keyswitch(command, user) {
    const partition = this.findPartition(command.partition);
    partition.position = command.position;
    partition.state = command.position === "off" ? "Powered Off" : command.position === "standby" ? "Keyswitch Standby" : "Running";
    this.event("state", { partition: partition.name, text: `${partition.name}: ${partition.state}`, user });
    return null;
  }

  small(command, user) {
    const b = this.find(command.board);
    if (command.verb === "power" && !command.on && b.partition) refuse("NP0802", `board ${b.name} is active in ${b.partition}; delete it first`);
    if (command.verb === "power") b.powered = command.on;
    if (command.verb === "blacklist") b.blacklisted = command.on;
    this.event("state", { board: b.name, text: `${b.name}: ${b.powered ? "powered on" : "powered off"}`, user });
    return null;
  }

  next(operation) {
    operation.step = operation.steps.shift() ?? "done";
    operation.left = STEP_TICKS;
    if (operation.step === "done") operation.ended_ps = this.time;
    this.enter(operation, this.find(operation.board));
    this.event(operation.step === "done" ? "ended" : "step", { board: operation.board, partition: operation.to ?? operation.from, operation: operation.id,
      text: `${operation.board}: ${operation.step}`, user: operation.user });
  }

  // What a step changes when it begins.
  enter(operation, b) {
    const changes = {
      offline: () => { b.cpus_online = 0; },
      drain: () => { b.draining_bytes = b.used_bytes; b.drained_bytes = 0; },
      flush: () => { b.occupant = "unconfigured"; },
      disconnect: () => { Object.assign(b, { receptacle: "disconnected", partition: null, assignment: "available", permanent_bytes: 0, drained_bytes: 0 }); },
      "power off": () => { b.powered = false; },
      "power on": () => { b.powered = true; },
      test: () => { b.test = "under test"; },
      connect: () => { Object.assign(b, { test: "passed", receptacle: "connected", partition: operation.to, assignment: "assigned" }); },
      online: () => { Object.assign(b, { occupant: "configured", assignment: "active", cpus_online: b.cpus }); },
    };
    changes[operation.step]?.();
    this.spreadThreads();
  }

  advance(operation) {
    const b = this.find(operation.board);
    if (operation.step !== "drain") {
      if (--operation.left <= 0) this.next(operation);
      return;
    }
    const bytes = Math.min(DRAIN_PAGES * PAGE, b.draining_bytes), others = this.of(operation.from).filter(other => other !== b);
    b.draining_bytes -= bytes;
    b.drained_bytes += bytes;
    b.used_bytes -= bytes;
    others.forEach(other => { other.used_bytes += bytes / others.length; });
    operation.pages_done = Math.min(operation.pages_total, operation.pages_done + DRAIN_PAGES);
    if (!b.draining_bytes) this.next(operation);
    else this.event("drained", { board: b.name, partition: operation.from, operation: operation.id, pages_done: operation.pages_done,
      pages_total: operation.pages_total, text: `${b.name}: ${operation.pages_done} of ${operation.pages_total} pages drained` });
  }

  pace(pace, user) {
    if (pace.pace === "pause") this.state = "paused";
    else if (pace.pace === "continue") this.state = "running";
    else if (pace.pace === "step") this.run(pace.step_ps), this.state = "paused";
    else if (pace.pace === "slow") this.ps_per_s = pace.ps_per_s;
    else if (pace.pace === "stop") this.state = "ended";
    else refuse("NP0814", "unknown pace", 400);
    this.event("pace", { text: "pace: " + pace.pace, user });
  }

  type(line) {
    const partition = this.findPartition(line.partition);
    if (!partition.has_guest) refuse("NP0802", `partition ${partition.name} has no console`);
    partition.console += `> ${line.text}\n${line.text.toUpperCase()}\n`;
  }
}
