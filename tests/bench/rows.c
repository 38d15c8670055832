// SPDX-License-Identifier: Apache-2.0
// The rows of `numaplex bench`. Adding a figure is adding a line.
#include "proto/base/assert.h"
#include "tests/bench/bench.h"

#define SHIPPED(name, n) .setup = {.scenario = name, .boards = 8, .threads = n}
#define REFERENCE(name)  .setup = {.scenario = name, .boards = 8, .threads = 1, .reference = true}

// The patterns of bench-hit and bench-remote on machines of other sizes: the same work for every CPU.
#define HIT(n, us)                                                                                           \
    .setup = {.generator = "private",                                                                        \
              .boards = n,                                                                                   \
              .cpus = 4,                                                                                     \
              .region_kib = 64 * n,                                                                          \
              .outstanding = 16,                                                                             \
              .until_us = us,                                                                                \
              .threads = 1}
#define REMOTE(n, us)                                                                                        \
    .setup = {.generator = "random",                                                                         \
              .boards = n,                                                                                   \
              .cpus = 4,                                                                                     \
              .region_kib = 65536,                                                                           \
              .outstanding = 16,                                                                             \
              .until_us = us,                                                                                \
              .threads = 1}

// One CPU per board, in its L1 after the first touch: nothing to exchange but time.
#define BARRIER                                                                                              \
    .setup = {.generator = "private",                                                                        \
              .boards = 8,                                                                                   \
              .cpus = 1,                                                                                     \
              .region_kib = 32,                                                                              \
              .outstanding = 1,                                                                              \
              .until_us = 400,                                                                               \
              .threads = 1}
// All CPUs compute for a second, access, and compute again.
#define IDLE                                                                                                 \
    .setup = {.generator = "burst",                                                                          \
              .boards = 8,                                                                                   \
              .cpus = 4,                                                                                     \
              .region_kib = 65536,                                                                           \
              .outstanding = 1,                                                                              \
              .compute = "1s",                                                                               \
              .until_us = 10000000,                                                                          \
              .threads = 1}

// Bursts of 10 us, then an access to a KiB of the CPU's own.
#define BURSTS                                                                                               \
    .setup = {.generator = "burst",                                                                          \
              .boards = 8,                                                                                   \
              .cpus = 4,                                                                                     \
              .region_kib = 32,                                                                              \
              .outstanding = 1,                                                                              \
              .compute = "10us",                                                                             \
              .until_us = 10000,                                                                             \
              .threads = 1}

// Programs of tests/guests/zarch, for z10 where Hercules 3.13 takes part.
#define GUEST(...)    .setup = {.boards = 1, .cpus = 1, .threads = 1, .guest = {__VA_ARGS__}}
#define INTEGER_LOOP  .image = "integer-z10", .key = "count=", .amount = 200000000, .least = 1000000
#define SIZES         .key = "size=", .amount = 8 << 20, .least = 1 << 18
#define SIEVE         .image = "sieve8-z10", SIZES, .more = " repeat=1"
#define EIGHT(n, ...) .setup = {.boards = 8, .cpus = 1, .threads = n, .guest = {__VA_ARGS__}}
#define TWO(n, ...)   .setup = {.boards = 2, .cpus = 1, .threads = n, .guest = {__VA_ARGS__}}
#define EACH_ITS_OWN  .image = "integer", .key = "count=", .amount = 50000000, .least = 1000000
#define LITTLE_SHARING                                                                                       \
    .image = "sieve8", .key = "repeat=", .amount = 30, .least = 1, .more = " size=256k", .flight = "1us"

#define SST "SST 16 on another machine of this kind (2 cores, 2 threads), which models more: "

// What bounds a figure was read from instruction counts (callgrind) where it is a rate of one process.
#define IN_LOOKUP "93 % of instructions in the access loop: random address, look-up, bytes, replacement stamp"
#define IN_EVENTS                                                                                            \
    "13 board events per access: a quarter in the event queue, the rest in steps and message copies"
#define IN_WAITING      "looking through the 16 accesses under way of each CPU; one board event per access"
#define IN_SOCKETS      "wake-ups by the host: of a process and ZeroMQ's thread in it, for each message"
#define IN_INSTRUCTIONS "dispatch of decoded instructions, and for storage operands the look-up in the L1"
#define IN_START        "starting processes and connecting sockets"

const struct row rows[] = {
    {"hit/1", "M accesses/s", "each CPU in its own 16 KiB; one thread on one core", measure_rate,
     SHIPPED("bench-hit", 1), .against = "target 100; " SST "0.8 with one thread", .bound = IN_LOOKUP},
    {"hit/2", "M accesses/s", "the same, two threads", measure_rate, SHIPPED("bench-hit", 2),
     .against = "target 150; " SST "1.1", .bound = IN_LOOKUP},
    {"hit-reference/1", "M accesses/s", "hit/1 with every access an event of its own", measure_rate,
     REFERENCE("bench-hit"), .against = "hit/1", .bound = "a choice of the earliest CPU for every cycle"},
    {"hit-reference/gain", "times", "what running ahead to the next possible event is worth", NULL,
     .over = {"hit/1", "hit-reference/1"}, .against = "1", .bound = "see hit-reference/1"},
    {"remote/1", "M accesses/s", "all CPUs uniformly over 64 MiB; one thread on one core", measure_rate,
     SHIPPED("bench-remote", 1), .against = SST "0.038 with one thread", .bound = IN_EVENTS},
    {"remote/2", "M accesses/s", "the same, two threads", measure_rate, SHIPPED("bench-remote", 2),
     .against = "target 1; " SST "0.068", .bound = IN_EVENTS},
    {"shared/1", "M accesses/s", "all CPUs write the same 8 lines; one thread on one core", measure_rate,
     SHIPPED("bench-shared", 1), .against = SST "0.072 with one thread", .bound = IN_WAITING},
    {"shared/2", "M accesses/s", "the same, two threads", measure_rate, SHIPPED("bench-shared", 2),
     .against = "target 1; " SST "0.095", .bound = IN_WAITING},
    {"recorded/replay", "M refs/s", "a recorded sort on one CPU of a board, per core: the whole command",
     measure_replay, .against = "recorded/cachegrind",
     .bound = "where each run's data lie, whether they are there and right; decoding"},
    {"recorded/cachegrind", "M refs/s", "valgrind's cachegrind on the same sort, per core",
     measure_cachegrind, .against = "recorded/replay",
     .bound = "valgrind's start, which a longer program hides"},
    {"recorded/gain", "times", "with coherence and time, beside neither", NULL,
     .over = {"recorded/replay", "recorded/cachegrind"}, .against = "target 1", .bound = "see both"},
    {"recording/qemu", "M refs/s", "recording that sort with qemu-user", measure_recording,
     .setup = {.option = "qemu"}, .against = "target 3", .bound = "see coordinator/record/README.md"},
    {"recording/lackey", "M refs/s", "recording it with valgrind's lackey", measure_recording,
     .setup = {.option = "lackey"}, .against = "recording/qemu", .bound = "a write to a pipe for each line"},
    {"guest/integer", "MIPS", "a loop of integer instructions, full timing; one CPU, one core", measure_guest,
     GUEST(INTEGER_LOOP), .against = "target 60", .bound = IN_INSTRUCTIONS},
    {"guest/functional", "MIPS", "the same, timing: functional", measure_guest,
     GUEST(INTEGER_LOOP, .functional = true), .against = "target 100", .bound = IN_INSTRUCTIONS},
    {"guest/qemu-integer", "MIPS", "QEMU on the same image, by the guest's clock", measure_guest_qemu,
     GUEST(INTEGER_LOOP), .against = "guest/integer", .bound = "it translates"},
    {"guest/hercules-integer", "MIPS", "Hercules on the same image, by the guest's clock",
     measure_guest_hercules, GUEST(INTEGER_LOOP), .against = "guest/integer", .bound = "it interprets"},
    {"guest/integer-of-hercules", "times", "with caches, coherence and time, beside none of them", NULL,
     .over = {"guest/integer", "guest/hercules-integer"}, .against = "1", .bound = "see both"},
    {"guest/integer-of-qemu", "times", "the same beside QEMU", NULL,
     .over = {"guest/integer", "guest/qemu-integer"}, .against = "1", .bound = "see both"},
    {"guest/sieve", "MIPS", "a sieve of 8 MB, full timing; one CPU, one core", measure_guest, GUEST(SIEVE),
     .against = "target 40", .bound = "misses of the L1 that the board cache serves: events"},
    {"guest/qemu-sieve", "MIPS", "QEMU on the same image", measure_guest_qemu, GUEST(SIEVE),
     .against = "guest/sieve", .bound = "it translates"},
    {"guest/hercules-sieve", "MIPS", "Hercules on the same image", measure_guest_hercules, GUEST(SIEVE),
     .against = "guest/sieve", .bound = "it interprets"},
    {"guest/sieve-of-hercules", "times", "numaplex beside Hercules", NULL,
     .over = {"guest/sieve", "guest/hercules-sieve"}, .against = "1", .bound = "see both"},
    {"guest/sieve-of-qemu", "times", "numaplex beside QEMU", NULL,
     .over = {"guest/sieve", "guest/qemu-sieve"}, .against = "1", .bound = "see both"},
    {"guest/eight-packed", "MIPS", "eight CPUs on eight boards, all in one process on two threads",
     measure_guest, EIGHT(2, EACH_ITS_OWN), .against = "guest/integer",
     .bound = "two cores; a grant reaches one lookahead"},
    {"guest/eight-processes", "MIPS", "the same, a process for each board", measure_guest_run,
     EIGHT(1, EACH_ITS_OWN), .against = "guest/eight-packed", .bound = IN_SOCKETS},
    {"guest/two-boards-1", "MIPS", "two CPUs on two boards, little sharing; one thread", measure_guest,
     TWO(1, LITTLE_SHARING), .against = "guest/two-boards-2", .bound = IN_INSTRUCTIONS},
    {"guest/two-boards-2", "MIPS", "the same, two threads", measure_guest, TWO(2, LITTLE_SHARING),
     .against = "guest/two-boards-1", .bound = "threads that wait for one another at each grant"},
    {"guest/two-boards-gain", "times", "what the second thread is worth", NULL,
     .over = {"guest/two-boards-2", "guest/two-boards-1"}, .against = "target 1.6", .bound = "see both"},
    {"guest/two-boards-apart", "MIPS", "two such machines at once, a process and one thread each",
     measure_guest_apart, TWO(1, LITTLE_SHARING), .against = "guest/two-boards-2",
     .bound = "the slower of the host's two cores"},
    {"guest/two-boards-share", "of apart",
     "what two threads keep of it: waiting for one another costs the rest", NULL,
     .over = {"guest/two-boards-2", "guest/two-boards-apart"}, .against = "1",
     .bound = "see guest/two-boards-2"},
    {"guest/two-boards-grant", "instructions", "of a board in a grant", measure_guest_grant,
     TWO(1, LITTLE_SHARING), .against = "500 or more", .bound = "the lookahead between the boards"},
    {"exchange/run", "grants/s", "eight processes over ipc, a CPU each in its L1, bounds and skipping off",
     measure_run_grants, BARRIER, .against = "exchange/bare", .bound = IN_SOCKETS},
    {"exchange/bare", "rounds/s", "a barrier of bare ZeroMQ sockets, messages of the same sizes",
     measure_bare, BARRIER, .against = "exchange/run", .bound = IN_SOCKETS},
    {"exchange/wire", "rounds/s", "the window protocol alone, messages of the same sizes", measure_wire,
     BARRIER, .against = "exchange/bare", .bound = IN_SOCKETS},
    {"exchange/share", "of bare", "what the whole path keeps of the bare barrier", NULL,
     .over = {"exchange/run", "exchange/bare"}, .against = "target 0.8", .bound = "see exchange/run"},
    {"idle/second", "grants", "per simulated second in which every CPU makes one access", measure_idle_grants,
     IDLE, .against = "target below 20", .bound = "the messages of the accesses"},
    {"idle/bursts", "times fewer", "grants than the lookahead alone would need; bursts of 10 us, then a hit",
     measure_idle_factor, BURSTS, .against = "target 50",
     .bound = "CPUs whose bursts end at different times"},
    {"idle/bursts-missing", "times fewer", "the same; every burst ends with a miss over 64 MiB",
     measure_idle_factor, SHIPPED("bench-idle", 1), .against = "idle/bursts",
     .bound = "each way of a message is a grant, and CPUs drift apart"},
    {"main-job/speed", "ms/s", "simulated per host second: sun-three-domains, a process per board",
     measure_run_speed, SHIPPED("sun-three-domains", 1), .against = "floor 0.5",
     .bound = "89 % of the processes' time waiting: a grant reaches one lookahead, 88 ns; then " IN_SOCKETS},
    {"main-job/unix", "ms/s", "the same over --link unix", measure_run_speed,
     .setup = {.scenario = "sun-three-domains", .boards = 8, .threads = 1, .option = "--link=unix"},
     .against = "floor 0.5", .bound = "the fabric, whose sends wake the processes themselves"},
    {"scale/hit-2", "ns/access", "2 boards, constant work per CPU; one thread on one core", measure_cost,
     HIT(2, 500), .against = "scale/hit-32", .bound = IN_LOOKUP},
    {"scale/hit-4", "ns/access", "4 boards", measure_cost, HIT(4, 500), .against = "scale/hit-2",
     .bound = IN_LOOKUP},
    {"scale/hit-8", "ns/access", "8 boards", measure_cost, HIT(8, 500), .against = "scale/hit-2",
     .bound = IN_LOOKUP},
    {"scale/hit-16", "ns/access", "16 boards", measure_cost, HIT(16, 500), .against = "scale/hit-2",
     .bound = "the host's caches: tags and bytes of 64 CPUs"},
    {"scale/hit-32", "ns/access", "32 boards", measure_cost, HIT(32, 500),
     .against = "target below 10, or growth below 1.5",
     .bound = "the host's caches: tags and bytes of 128 CPUs"},
    {"scale/hit-growth", "times", "host time per hit from 2 to 32 boards", NULL,
     .over = {"scale/hit-32", "scale/hit-2"}, .against = "target below 1.5", .bound = "see scale/hit-32"},
    {"scale/remote-2", "ns/access", "2 boards, constant work per CPU; one thread on one core", measure_cost,
     REMOTE(2, 400), .against = "scale/remote-32", .bound = IN_EVENTS},
    {"scale/remote-4", "ns/access", "4 boards", measure_cost, REMOTE(4, 300), .against = "scale/remote-2",
     .bound = IN_EVENTS},
    {"scale/remote-8", "ns/access", "8 boards", measure_cost, REMOTE(8, 200), .against = "scale/remote-2",
     .bound = IN_EVENTS},
    {"scale/remote-16", "ns/access", "16 boards", measure_cost, REMOTE(16, 100), .against = "scale/remote-2",
     .bound = IN_EVENTS},
    {"scale/remote-32", "ns/access", "32 boards", measure_cost, REMOTE(32, 100), .against = "scale/remote-2",
     .bound = IN_EVENTS},
    {"scale/remote-growth", "times", "host time per access from 2 to 32 boards", NULL,
     .over = {"scale/remote-32", "scale/remote-2"}, .against = "target below 1.5; SST 16: 2",
     .bound = "more of the misses leave their board, and the host's caches"},
    {"start/ready", "s", "an eight-process run until its first grant can be given", measure_run_ready,
     BARRIER, .against = "target 1", .bound = IN_START},
    {"start/whole", "s", "from the command to its end, with one grant", measure_run_start, BARRIER,
     .against = "SST 16: 0.45 until it runs", .bound = IN_START},
    {"console/list", "ms", "asking a run for its 64 boards until the answer is read", measure_console,
     .setup = {.boards = 64}, .against = "target 5",
     .bound = "wake-ups of four threads; encoding and checking of 8 KB"},
    {"memory/idle", "MB", "the largest process of a board, all idle", measure_run_resident, IDLE,
     .against = "target 16", .bound = "libraries; tags, states and bytes of the board's caches"},
    {"memory/hit", "MB", "bench-hit in one process", measure_resident, SHIPPED("bench-hit", 1),
     .against = "target 73, which is SST 16's", .bound = "libraries; caches of the boards, pages touched"},
    {"memory/remote", "MB", "bench-remote in one process", measure_resident, SHIPPED("bench-remote", 1),
     .against = "target 64 MiB + 40 MB = 107",
     .bound = "64 MiB of touched memory and 24 MiB of its directory"},
};

const size_t n_rows = NP_ARRAY_LEN(rows);
