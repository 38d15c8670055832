// SPDX-License-Identifier: Apache-2.0
// The replay of one stream of a recording, as trace.c and replay_run.c know it.
#ifndef NP_NODE_CPU_REPLAY_H
#define NP_NODE_CPU_REPLAY_H

#include "node/cpu/cpu.h"
#include "node/cpu/placement.h"
#include "node/cpu/trace_sync.h"
#include "proto/base/rng.h"
#include "proto/trace/trace_reader.h"

enum { READS, WRITES, REF_DONE };

#define TRANSLATIONS 256u // host-side cache of page lookups; not a part of the machine, never a result

// What is noted of the runs that the reader remembers (replay_run.c). Host-side, never a result.
struct run_plans {
    struct run_plan *plans; // [TRACE_RUNS_MAX], owned; NULL until the first run
    struct data_plan *data; // [TRACE_SLOTS_MAX], owned
    uint64_t epoch;
    uint32_t changes; // of the space's page table, when they were made
};

struct replay {
    struct trace_reader *reader;
    struct address_space *space; // the board's
    uint32_t stream;
    uint64_t writer; // of what is stored in private pages: values of different streams differ
    struct translation {
        uint64_t number; // page number + 1; 0: none
        uint32_t page;
    } recent[TRANSLATIONS];

    struct run_plans plans;

    // State. The reference in hand is cut into accesses that lie in one line and have 8 bytes at most; one
    // that modifies reads all of its bytes before it writes the first.
    struct trace_ref ref;
    uint32_t at;     // its bytes that have been issued
    uint32_t pass;   // READS, WRITES
    uint64_t stores; // issued so far, for their values
    bool ended;
    struct sync_wait wait; // when the reference is a SYNC
};

// Tag of an access: index of its page, and how its completion is treated.
#define TAG_PAGE      UINT32_MAX
#define TAG_SHARED    (UINT64_C(1) << 32) // its bytes carry marks
#define TAG_UNCHECKED (UINT64_C(2) << 32)
#define TAG_SYNC      (UINT64_C(4) << 32)

// The value of a store to a private page: of this stream and the count of its stores.
NP_INLINE uint64_t store_value(const struct replay *replay, uint64_t count, uint32_t size)
{
    uint64_t value = rng_mix(replay->writer ^ count);
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

// Index of the page that holds an address; NO_PAGE when the trace does not list it.
NP_INLINE uint32_t page_of(struct replay *replay, uint64_t address)
{
    uint64_t number = address / PAGE_BYTES;
    struct translation *recent = &replay->recent[number % TRANSLATIONS];
    if (NP_LIKELY(recent->number == number + 1))
        return recent->page;
    uint32_t index = address_space_lookup(replay->space, number);
    if (index != NO_PAGE)
        *recent = (struct translation){number + 1, index};
    return index;
}

// A trace that cannot be read on ends the program with a failure.
void replay_failed(struct cpu *cpu, struct replay *replay, const struct err *err);

// Replays whole runs while all their references hit, are checked and found right, and end before cpu->limit.
// True when it did any: time has passed. What it leaves is for the way of single accesses.
bool replay_runs(struct cpu *cpu, struct replay *replay);
void run_plans_free(struct run_plans *plans);

// After loading: what is under way are accesses to pages of the space.
void replay_check_pending(const struct cpu *cpu, struct archive *ar);

#endif
