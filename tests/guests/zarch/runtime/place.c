// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/place.h"

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/lock.h"

_Static_assert(sizeof((struct dealt){0}.block) == CPUS_MAX * sizeof(void *), "a block for each CPU");

extern char image_end[]; // guest.ld

static struct spin_lock lock;
static uintptr_t used[BOARDS_MAX], kept[BOARDS_MAX]; // bytes of each slice

enum {
    LARGE_BYTES = 8192, // aligned to that
    OWNED_MAX = 2048,
    TOUCH_BYTES = 64, // no machine's lines are shorter
    // Vectors whose size is a power of two would all begin in the same sets of every cache and push one
    // another out.
    SHIFTS = 16,
    SHIFT_BYTES = 5 * LINE_BYTES,
};

// What place_for gave since place_keep.
static struct owned {
    char *at;
    size_t bytes;
    unsigned cpu;
} owned[OWNED_MAX];
static unsigned n_owned;

unsigned board_of_cpu(unsigned cpu)
{
    if (options.spread)
        return cpu % options.boards;
    unsigned per_board = options.cpus / options.boards;
    return cpu / (per_board ? per_board : 1);
}

// A load that an addressing exception may end.
static bool storage_exists(uintptr_t address)
{
    struct cpu *me = this_cpu();
    unsigned there = 1;
    uintptr_t label;
    __asm__ volatile("larl %1,0f\n\t"
                     "stg %1,%2\n\t"
                     "ic %1,0(%3)\n\t"
                     "j 1f\n"
                     "0:\n\t"
                     "lhi %0,0\n"
                     "1:"
                     : "+d"(there), "=&a"(label), "=S"(me->resume_at)
                     : "a"(address)
                     : "cc", "memory");
    me->resume_at = 0;
    return there;
}

void *place_on(unsigned board, size_t bytes)
{
    uintptr_t start = board * options.slice, align = bytes >= LARGE_BYTES ? LARGE_BYTES : LINE_BYTES;
    spin_lock(&lock);
    if (board == 0 && used[0] < (uintptr_t)image_end)
        used[0] = (uintptr_t)image_end;
    uintptr_t at = (used[board] + align - 1) / align * align;
    bool fits = at <= options.slice && bytes <= options.slice - at;
    used[board] = fits ? at + bytes : used[board];
    spin_unlock(&lock);
    if (!fits)
        fail("board %u has no room for %lu bytes: give a larger slice= or a smaller size=", board, bytes);
    if (bytes > 0 && !storage_exists(start + at + bytes - 1))
        fail("board %u has no storage at %lx: slice= and boards= do not fit the machine", board, start + at);
    return (void *)(start + at);
}

void *place_for(unsigned cpu, size_t bytes)
{
    unsigned board = options.place == PLACE_ONE ? 0 : board_of_cpu(cpu);
    size_t shift = bytes >= LARGE_BYTES ? n_owned % SHIFTS * SHIFT_BYTES : 0;
    if (n_owned == OWNED_MAX)
        fail("more than %u pieces of storage are placed for CPUs", OWNED_MAX);
    char *at = place_on(options.place == PLACE_FAR ? (board + 1) % options.boards : board, bytes + shift);
    owned[n_owned++] = (struct owned){at + shift, bytes, cpu};
    return at + shift;
}

void place_touch(unsigned cpu)
{
    for (unsigned i = 0; i < n_owned; i++)
        for (size_t at = 0; owned[i].cpu == cpu && at < owned[i].bytes; at += TOUCH_BYTES) {
            volatile char *byte = owned[i].at + at;
            *byte = *byte;
        }
}

void place_keep(void)
{
    for (unsigned i = 0; i < BOARDS_MAX; i++)
        kept[i] = used[i];
}

void place_release(void)
{
    for (unsigned i = 0; i < BOARDS_MAX; i++)
        used[i] = kept[i];
    n_owned = 0;
}

void deal(struct dealt *vector, uint64_t n, size_t element_bytes, unsigned n_cpus)
{
    vector->n = n;
    vector->per_block = n ? (n + n_cpus - 1) / n_cpus : 1;
    for (unsigned i = 0; i < n_cpus; i++)
        vector->block[i] = place_for(i, vector->per_block * element_bytes);
}
