// SPDX-License-Identifier: Apache-2.0
// Storage by place. Board b of a machine has real storage [b * slice, (b + 1) * slice) (options.slice); here
// is who gets what of it. Nothing is zeroed.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_PLACE_H
#define TESTS_GUESTS_ZARCH_RUNTIME_PLACE_H

#include <stddef.h>
#include <stdint.h>

// The board that a CPU sits on, by options.cpus, options.boards and options.spread.
unsigned board_of_cpu(unsigned cpu);

// Storage of a board, aligned to 8 KiB if it is that large, else to LINE_BYTES. From any CPU. Fails with
// clear words when the board has no more, or the machine does not have that storage.
void *place_on(unsigned board, size_t bytes);

// Storage for data of a CPU, on the board that options.place says, aligned to LINE_BYTES. From CPU 0.
void *place_for(unsigned cpu, size_t bytes);

// Stores what is there into each line of what place_for gave a CPU since place_keep: it has them as if it had
// made its data itself. From that CPU, while no other one touches them.
void place_touch(unsigned cpu);

// Keeps for ever what has been placed so far.
void place_keep(void);

// Gives back all that was placed since place_keep.
void place_release(void);

// A vector of n elements dealt to CPUs in equal blocks, each placed for its CPU: element i is in block i /
// per_block.
struct dealt {
    uint64_t n, per_block;
    void *block[32];
};

void deal(struct dealt *vector, uint64_t n, size_t element_bytes, unsigned n_cpus);

// Element i of a vector of elements of the type.
#define DEALT(vector, type, i) (((type *)(vector).block[(i) / (vector).per_block])[(i) % (vector).per_block])

#endif
