// SPDX-License-Identifier: Apache-2.0
// The memory that a program under qemu-user shares with its recorder: a ring of references for each of its
// threads. The plugin (coordinator/record/plugin) maps it and closes the descriptor, so the program can
// neither close nor miss it; a fork inherits it; and what a program wrote before it crashed is still there.
#ifndef NP_COORDINATOR_RECORD_EXCHANGE_H
#define NP_COORDINATOR_RECORD_EXCHANGE_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proto/trace/trace.h"

#define EXCHANGE_VERSION 1u                // both sides must agree; part of the key of kept recordings
#define EXCHANGE_RING    8192u             // references of a stream on their way; a power of two
#define EXCHANGE_BELL    1024u             // references between two looks at whether the recorder sleeps
#define EXCHANGE_SLOTS   TRACE_STREAMS_MAX // streams of a recording, never reused

enum slot_state { SLOT_UNUSED, SLOT_LIVE, SLOT_OVER };

// A stream. The program's thread alone writes `written`, the recorder alone `read`; both count references.
struct exchange_slot {
    _Alignas(64) _Atomic uint32_t state; // the fields below are valid from SLOT_LIVE on
    uint32_t process, thread;
    _Alignas(64) _Atomic uint64_t written;
    _Alignas(64) _Atomic uint64_t read;
    _Atomic uint32_t waiting; // 1: the thread waits for room, on this word
};

struct exchange {
    uint32_t version;
    uint64_t start_code;              // lowest address of the program's code, as it was loaded
    _Atomic uint32_t processes;       // numbers of address spaces given
    _Atomic uint32_t slots;           // given, also above EXCHANGE_SLOTS
    _Atomic uint32_t execs;           // other programs started, which are not recorded
    _Atomic uint32_t unordered;       // words used by atomic instructions that found no room in the table
    _Atomic uint32_t unseen_operands; // 1: storage-to-storage instructions could not be followed
    _Atomic uint32_t closed;          // by the recorder: it takes no more references
    _Alignas(64) _Atomic uint32_t bell;
    _Atomic uint32_t sleeping; // the recorder waits on the bell
    struct exchange_slot slot[EXCHANGE_SLOTS];
    _Alignas(4096) struct trace_ref ring[EXCHANGE_SLOTS][EXCHANGE_RING];
};

_Static_assert(sizeof(struct trace_ref) == 16, "references are written from two sides");

// Waits until somebody wakes the word, it is no longer `expected`, or the time is over.
static inline void exchange_wait(_Atomic uint32_t *word, uint32_t expected, long ns)
{
    struct timespec most = {.tv_nsec = ns};
    syscall(SYS_futex, word, FUTEX_WAIT, expected, &most, NULL, 0);
}

static inline void exchange_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
