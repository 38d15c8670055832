// SPDX-License-Identifier: Apache-2.0
// A run that consoles can talk to, without a machine: the real server of the control API over a few tables.
// Eight boards SB0 .. SB7 of a Sun Fire in SMP1 (SB0 SB1 SB6), SMP2 (SB2 SB3) and SMP3 (SB4 SB5 SB7), or any
// number of boards in as many partitions as `boards` / 4. Commands do what they say at once, but for add,
// delete and move, which drain `pages` pages, a step to each turn of the server. SB3 refuses to leave, with
// NP0804.
#ifndef NP_TESTS_LIB_FAKE_RUN_H
#define NP_TESTS_LIB_FAKE_RUN_H

#include "coordinator/control/api_server.h"

struct fake_run_options {
    const char *folder; // exists; made absolute
    uint32_t boards;    // 0: the eight
    bool superdome;     // cells of a Superdome instead
    bool guest;         // SMP1 has a console on which "hello\n" stands; what is typed is echoed
    bool stuck;         // operations never end
    bool silent;        // samples never come
    uint32_t pages;     // that an operation drains; 0: 1024
};

struct fake_run;

// A server in a thread of its own.
struct fake_run *fake_run_open(const struct fake_run_options *options);
void fake_run_close(struct fake_run *run);

// A server that is served by hand; host time is the test's.
struct api_server *fake_run_server(struct fake_run *run);
struct fake_run *fake_run_by_hand(const struct fake_run_options *options);

void fake_run_event(struct fake_run *run, const char *text); // by hand: something happens
uint32_t fake_run_samples(const struct fake_run *run);       // how many were asked for
uint32_t fake_run_commands(const struct fake_run *run);      // how many got through, plans included

#endif
