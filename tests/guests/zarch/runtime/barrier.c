// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/barrier.h"

void sense_barrier_wait(struct sense_barrier *barrier, unsigned n, uint64_t passage)
{
    uint32_t sense = passage % 2;
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == n) {
        barrier->arrived = 0; // before anybody can come to the next passage
        __atomic_store_n(&barrier->sense, sense, __ATOMIC_SEQ_CST);
        return;
    }
    while (__atomic_load_n(&barrier->sense, __ATOMIC_ACQUIRE) != sense)
        continue;
}

void tree_barrier_wait(unsigned n, uint64_t passage)
{
    struct cpu *me = this_cpu();
    unsigned first = me->address * TREE_FAN + 1;
    for (unsigned i = 0; i < TREE_FAN && first + i < n; i++)
        while (__atomic_load_n(&me->arrived[i], __ATOMIC_ACQUIRE) != passage)
            continue;
    if (me->address > 0) {
        struct cpu *parent = cpus[(me->address - 1) / TREE_FAN];
        __atomic_store_n(&parent->arrived[(me->address - 1) % TREE_FAN], passage, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&me->released, __ATOMIC_ACQUIRE) != passage)
            continue;
    }
    for (unsigned i = 0; i < TREE_FAN && first + i < n; i++)
        __atomic_store_n(&cpus[first + i]->released, passage, __ATOMIC_RELEASE);
    serialise();
}

void tree_barrier_reset(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        cpus[i]->released = 0;
        for (unsigned j = 0; j < TREE_FAN; j++)
            cpus[i]->arrived[j] = 0;
    }
}
