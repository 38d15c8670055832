// SPDX-License-Identifier: Apache-2.0
// Drives the boards of a small machine in one process and one thread, with as little as that needs: windows
// up to the earliest bound plus the shortest way between two boards. Beside the production conductor it is a
// second, simpler reading of the same rules.
#ifndef NP_TESTS_LIB_MINI_COMPLEX_H
#define NP_TESTS_LIB_MINI_COMPLEX_H

#include "node/board/board.h"
#include "proto/base/rng.h"

struct mini_options {
    bool reference;
    bool two_threads; // of the host: boards in turn
    uint64_t chop;    // seed of windows that end early at random; 0: none
};

struct mini_complex {
    const struct machine *machine; // borrowed
    struct mini_options options;
    struct rng chopping;
    sim_time lookahead;
    sim_time reached;
    struct board *boards[BOARDS_MAX];
};

// Builds all boards. On failure nothing is left to close.
enum err_code mini_open(struct mini_complex *complex, const struct machine *machine,
                        const struct mini_options *options, struct err *err);
void mini_close(struct mini_complex *complex);

// Runs until nothing is left to happen, or `until` is reached. Returns whether all programs have ended.
bool mini_run(struct mini_complex *complex, sim_time until);

// Gives an order at the time reached, whatever time it bears.
void mini_order(struct mini_complex *complex, const struct order *order);

// Runs until `wanted` reports wait, and on to the time of the last of them plus `latency`; takes them, board
// by board. Returns the time of the last.
sim_time mini_reports(struct mini_complex *complex, uint32_t wanted, sim_time latency,
                      struct report *reports);

// Digest of all boards in order.
struct digest mini_digest(struct mini_complex *complex);

// Saves all boards, or loads them into a complex that has just been opened from the same machine.
void mini_state(struct mini_complex *complex, struct archive *ar);

// Sum of a counter over all boards; and the first failure of a check, or "".
uint64_t mini_counter(struct mini_complex *complex, enum counter counter);
void mini_failure(struct mini_complex *complex, char *text, size_t size);

#endif
