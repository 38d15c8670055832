// SPDX-License-Identifier: Apache-2.0
// Boards for tests of the system controller: they obey orders after random times, keep count of pages,
// frames, threads and gates, and fail the test when an order is one that real boards could not obey.
#ifndef NP_TESTS_LIB_FAKE_BOARDS_H
#define NP_TESTS_LIB_FAKE_BOARDS_H

#include "coordinator/partition/states.h"
#include "proto/base/rng.h"

#define FAKE_BOARDS     9u
#define FAKE_PARTITIONS 3u
#define FAKE_FRAMES     256u
#define FAKE_LATENCY    UINT64_C(1000000) // of the controller, ps
#define FAKE_EVENTS     64u               // of the last ones, their texts are kept

struct fake_board {
    struct domain domain;
    bool powered, online, quiesced;
    uint32_t threads, bound, lines, typed;
    bool frame[FAKE_FRAMES]; // holds a page
    uint64_t permanent;      // bytes of permanent memory that lie here
    uint32_t guest_cpus;     // bit per CPU that a guest has configured
    uint64_t guest_bytes;    // that it has assigned
};

struct fake_report {
    struct report report;
    uint32_t group;
};

struct fake {
    struct machine machine;
    struct system_desc systems[2];
    struct board_desc boards[FAKE_BOARDS]; // SB0-SB7 of the first system, and one of another
    struct partition_desc partitions[FAKE_PARTITIONS];
    struct cpu_desc cpus[4 * FAKE_BOARDS];
    struct pool_desc pools[FAKE_PARTITIONS];
    struct fake_board board[FAKE_BOARDS];
    struct rng rng;
    struct sc *sc;
    sim_time now;
    bool guests_over; // all guests have ended
    uint32_t groups[BOARDS_MAX];
    uint32_t n_reports;
    struct fake_report reports[4 * FAKE_BOARDS];
    // The next order of this kind, to this board or any (NO_BOARD), is not obeyed but reported with `status`.
    enum order_kind fail_kind;
    uint16_t fail_board;
    enum report_status fail_status; // REPORT_DONE: nothing fails
    uint32_t orders[ORDER_KIND_COUNT], n_events;
    char events[FAKE_EVENTS][200];
    uint64_t history; // hash of all events
    enum board_state state[FAKE_BOARDS];
    bool seen[BOARD_IMPOSSIBLE][BOARD_IMPOSSIBLE]; // which states followed which
};

// Boards SB0-SB7 and X0: SMP1 has SB0 SB1 SB2, SMP2 SB3 SB4, SMP3 SB5 SB6; SB7 is free. Each board of a
// partition has 40 pages and 4 threads; the lowest holds one permanent page.
void fake_init(struct fake *fake, enum family family, uint64_t seed);
void fake_free(struct fake *fake);

// The partition runs a guest in place of threads, from the next fake_restart on: on all CPUs of its boards,
// in all their memory.
void fake_guest(struct fake *fake, uint32_t partition);

// A fresh controller of the machine as it is described now, and boards as they start.
void fake_restart(struct fake *fake);

// What sc_begin says, at `now`.
enum err_code fake_begin(struct fake *fake, const struct sc_command *command, struct err *err);

// Goes on to the next cut that a report makes. False: none is waited for.
bool fake_advance(struct fake *fake);
void fake_finish(struct fake *fake); // until nothing is under way

// Another controller with the state of this one, saved and loaded, takes its place.
void fake_reload(struct fake *fake);

uint32_t fake_pages(const struct fake *fake);   // over all boards
uint32_t fake_threads(const struct fake *fake); // likewise

#endif
