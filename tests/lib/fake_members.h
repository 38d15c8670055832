// SPDX-License-Identifier: Apache-2.0
// Boards that do what a test says, behind an exchange without threads or links: for tests of the conductor.
// Four boards, each a member of its own, in two groups.
#ifndef NP_TESTS_LIB_FAKE_MEMBERS_H
#define NP_TESTS_LIB_FAKE_MEMBERS_H

#include "fabric/time/conductor.h"
#include "tests/lib/tiny_machine.h"

#define BOARDS_HERE 4u
#define GROUPS_HERE 2u

// Something that a board sends once.
struct fake_mail {
    bool waits, packet;
    unsigned to;
    sim_time at, arrival;
};

struct fake_board {
    sim_time period; // it does something at multiples of this; 0: nothing by itself
    uint32_t running;
    sim_time reports[8]; // when it makes them, ascending
    uint32_t n_reports, taken;
    struct fake_mail mail;

    // Seen.
    sim_time reached, longest; // longest: grant
    uint32_t received;
};

struct fake_options {
    uint64_t chop, seed; // seed: in which order members answer
    bool no_bounds;
    sim_time until; // 0: 1 ms
};

struct fake_members {
    struct exchange exchange; // first
    struct tiny_machine tiny;
    struct host_stats stats;
    struct groups groups;
    struct conductor *conductor;
    struct rng rng;
    struct fake_board boards[BOARDS_HERE];
    struct fake_slot {
        bool out;
        uint32_t group, member;
        uint64_t seq;
        struct batch batch;
    } slots[BOARDS_HERE]; // by board
    struct fake_grant {
        uint32_t group;
        sim_time until;
    } grants[256];
    uint32_t n_grants; // all of them: of the first so many there is a record
    uint64_t last_seq[GROUPS_HERE];
    unsigned mistakes; // grants that go back, arrivals in the past, sequences that do not rise
};

// Boards that are busy all the time and report nothing; the test changes them before it runs the conductor.
void fake_open(struct fake_members *fake, const struct fake_options *options);
void fake_close(struct fake_members *fake);

enum err_code fake_regroup(struct fake_members *fake, const uint32_t group_of_board[BOARDS_HERE], sim_time at,
                           struct err *err);

// Takes the reports that boards of the group have made by now.
void fake_take(struct fake_members *fake, uint32_t group);

// Whether a grant of the group ended there.
bool fake_granted(const struct fake_members *fake, uint32_t group, sim_time until);

#endif
