// SPDX-License-Identifier: Apache-2.0
// Locks. z/Architecture CPUs see stores in the order of their program and loads likewise, so leaving a lock
// is a plain store; entering is an interlocked instruction, which serialises.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_LOCK_H
#define TESTS_GUESTS_ZARCH_RUNTIME_LOCK_H

#include <stdbool.h>
#include <stdint.h>

// Waiting CPUs read until the lock looks free, then try: COMPARE AND SWAP.
struct spin_lock {
    uint32_t taken;
};

static inline bool spin_try(struct spin_lock *lock)
{
    uint32_t expected = 0;
    return __atomic_compare_exchange_n(&lock->taken, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_lock(struct spin_lock *lock)
{
    while (!spin_try(lock))
        while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
            continue;
}

static inline void spin_unlock(struct spin_lock *lock)
{
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

// First come, first served. LOAD AND ADD where the machine has it (z196), a loop of COMPARE AND SWAP before
// that: the compiler chooses.
struct ticket_lock {
    uint32_t next, serving;
};

static inline void ticket_lock(struct ticket_lock *lock)
{
    uint32_t mine = __atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != mine)
        continue;
}

static inline void ticket_unlock(struct ticket_lock *lock)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

#endif
