// SPDX-License-Identifier: Apache-2.0
// How a replayed thread waits for another: the step of a synchronisation word to version v is an atomic
// compare-and-swap of v - 1, in simulated memory. Who finds another version looks again, as a
// test-and-test-and-set lock does: loads, which hit in its L1 while nobody writes, until v - 1 is there, and
// then once more the swap. The pauses between looks double from a few cycles to the entry's `backoff`. When
// the word has not changed for `give_up` the thread gives up.
#ifndef NP_NODE_CPU_TRACE_SYNC_H
#define NP_NODE_CPU_TRACE_SYNC_H

#include "node/cpu/cpu.h"
#include "proto/trace/trace.h"

struct sync_wait {
    sim_time shortest; // pause; a part of the machine

    // State.
    bool waiting;        // an attempt has failed
    bool looks;          // the next access is a load
    bool rests;          // a pause comes first
    uint32_t found;      // version that the word had last
    sim_time since;      // the first attempt failed
    sim_time changed_at; // `found` was new
    sim_time pause;      // the next one
};

enum sync_outcome { SYNC_DONE, SYNC_WAITS, SYNC_OVER };

void sync_init(struct sync_wait *wait, const struct cpu *cpu);

// Picoseconds to pass before the next access; 0: none.
static inline sim_time sync_pause(struct sync_wait *wait)
{
    sim_time pause = wait->rests ? wait->pause : 0;
    wait->rests = false;
    return pause;
}

// An access found version `found` at `at`. SYNC_DONE: the step is made. SYNC_OVER: the thread has given up,
// which counts as a failed check.
enum sync_outcome sync_found(struct sync_wait *wait, struct cpu *cpu, const struct trace_ref *ref,
                             uint32_t found, sim_time at);

void sync_state(struct sync_wait *wait, struct archive *ar);

#endif
