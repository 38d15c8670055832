// SPDX-License-Identifier: Apache-2.0
// A store buffer makes a program-ordered CPU keep total store order (TSO, as SPARC and z/Architecture do): a
// store that cannot be performed at once waits here, and the CPU goes on. Loads may pass stores of other
// addresses and read from stores of their own; nothing else changes places. An atomic waits until the buffer
// is empty, and so does a fence.
//
// The oldest store asks for its line. When it has been performed those behind it follow while their lines may
// be written, and the next one asks.
#ifndef NP_NODE_CPU_STORE_BUFFER_H
#define NP_NODE_CPU_STORE_BUFFER_H

#include "node/cpu/cpu.h"

// capacity: stores, 0 .. STORE_BUFFER_MAX; 0: none.
void store_buffer_init(struct store_buffer *buffer, uint32_t capacity);
// An empty one gets another capacity; what it has counted stays.
void store_buffer_open(struct store_buffer *buffer, uint32_t capacity);
void store_buffer_free(struct store_buffer *buffer);
void store_buffer_state(struct cpu *cpu, struct archive *ar);

// Takes a store that missed. The CPU finds it completed in cpu->aside.
void store_buffer_put(struct cpu *cpu, struct access access, unsigned l1);

// Stores are waiting, and the CPU issues an access. True when the buffer dealt with it: took it, answered it
// (both complete in cpu->aside), or holds the CPU until there is room or enough has been performed.
bool store_buffer_meets(struct cpu *cpu, struct access access, unsigned l1);

// Whether the request that the buffer has under way is for this line and L1: an access that misses joins it.
bool store_buffer_asked(const struct cpu *cpu, unsigned l1, uint64_t line);

// The board granted (or refused, index < 0) a line: see cpu_granted. True when the oldest store still needs a
// request.
bool store_buffer_granted(struct cpu *cpu, unsigned l1, uint64_t line, int64_t index, sim_time done_at,
                          enum access_status status, enum served served);

#endif
