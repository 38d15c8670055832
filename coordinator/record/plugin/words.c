// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/plugin/words.h"

#include <sched.h>

// An open hash table that only grows, as large as it will ever be; untouched pages of it cost nothing. Filled
// to three quarters.
#define WORDS_TABLE (1u << 18)
#define WORDS_MAX   (WORDS_TABLE / 4 * 3)

#define ROOM 80u // references that one access of 256 bytes can become, and a few

#define SPINS  200  // a holder on another core is done within these
#define YIELDS 1000 // a holder that lost its core gets it back within these, some microseconds each

struct word {
    _Atomic uint64_t address; // 0: free; no process has a word there
    _Atomic uint32_t version; // taken last
    _Atomic uint32_t wrote;   // the last one that was a write
};

uint64_t words_filter[WORDS_FILTER_BITS / 64];

static struct word table[WORDS_TABLE];
static uint32_t n_words;
static atomic_flag adding = ATOMIC_FLAG_INIT;
static _Atomic uint32_t ordering;

static uint32_t place_of(uint64_t address)
{
    return (uint32_t)((address / TRACE_WORD * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % WORDS_TABLE;
}

// The word's entry, or the free one where it would be.
static struct word *look_up(uint64_t address)
{
    uint32_t at = place_of(address);
    for (;; at = (at + 1) % WORDS_TABLE) {
        uint64_t there = atomic_load_explicit(&table[at].address, memory_order_acquire);
        if (there == address || there == 0)
            return &table[at];
    }
}

static struct word *find(uint64_t address)
{
    struct word *word = look_up(address);
    return atomic_load_explicit(&word->address, memory_order_relaxed) ? word : NULL;
}

// NULL when the table is full.
static struct word *find_or_add(uint64_t address)
{
    struct word *word = find(address);
    if (word || address == 0)
        return word;
    while (atomic_flag_test_and_set(&adding))
        sched_yield();
    word = look_up(address);
    if (atomic_load(&word->address) == 0) {
        if (n_words < WORDS_MAX) {
            n_words++;
            uint64_t bit = address / WORDS_GRANULE % WORDS_FILTER_BITS;
            __atomic_fetch_or(&words_filter[bit / 64], UINT64_C(1) << bit % 64, __ATOMIC_RELAXED);
            atomic_store_explicit(&word->address, address, memory_order_release);
        } else {
            word = NULL;
        }
    }
    atomic_flag_clear(&adding);
    return word;
}

static struct seen *seen_of(struct vcpu *vcpu, uint64_t address)
{
    return &vcpu->seen[address / TRACE_WORD % VCPU_SEEN];
}

static uint32_t step(struct vcpu *vcpu, struct word *word, uint64_t address)
{
    struct trace_ref *ref = stream_put(vcpu, address, TRACE_WORD, TRACE_SYNC);
    if (!vcpu->slot)
        return 0; // a thread that nobody records must leave no gap
    ref->version = atomic_fetch_add(&word->version, 1) + 1;
    uint32_t version = ref->version;
    stream_publish(vcpu);
    return version;
}

static void step_write(struct vcpu *vcpu, struct word *word, uint64_t address)
{
    uint32_t version = step(vcpu, word, address);
    atomic_store(&word->wrote, version);
    *seen_of(vcpu, address) = (struct seen){address, version};
}

// Who reads what another thread has written since this one looked last is ordered after it: so a thread that
// spins waits in the replay, too.
static void read_word(struct vcpu *vcpu, struct word *word, uint64_t base, uint64_t at, uint64_t next)
{
    // Whoever is between its write and its version is waited for, as far as that is possible.
    for (unsigned tries = 0; tries < SPINS && atomic_load(&ordering); tries++)
        __builtin_ia32_pause();
    uint32_t wrote = atomic_load(&word->wrote);
    struct seen *seen = seen_of(vcpu, base);
    if (wrote == 0 || (seen->address == base && seen->version == wrote)) {
        stream_put(vcpu, at, (unsigned)(next - at), TRACE_PEEK);
        return;
    }
    step(vcpu, word, base);
    *seen = (struct seen){base, wrote};
}

// Splits an access into the parts that lie in synchronisation words and those that do not.
static void split(struct vcpu *vcpu, uint64_t address, unsigned size, uint8_t kind)
{
    stream_reserve(vcpu, ROOM);
    uint64_t end = address + size, plain = address;
    for (uint64_t at = address; at < end;) {
        uint64_t base = at - at % TRACE_WORD, next = base + TRACE_WORD < end ? base + TRACE_WORD : end;
        struct word *word = find(base);
        if (word) {
            if (plain < at)
                stream_put(vcpu, plain, (unsigned)(at - plain), kind);
            if (kind == TRACE_STORE)
                step_write(vcpu, word, base);
            else
                read_word(vcpu, word, base, at, next);
            plain = next;
        }
        at = next;
    }
    if (plain < end)
        stream_put(vcpu, plain, (unsigned)(end - plain), kind);
    stream_publish(vcpu);
}

void words_load(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    split(vcpu, address, size, TRACE_LOAD);
}

void words_store(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    split(vcpu, address, size, TRACE_STORE);
}

void words_sync(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    stream_reserve(vcpu, ROOM);
    uint64_t end = address + size;
    for (uint64_t base = address - address % TRACE_WORD; base < end; base += TRACE_WORD) {
        struct word *word = find_or_add(base);
        if (word) {
            step_write(vcpu, word, base);
        } else {
            stream_put(vcpu, base, TRACE_WORD, TRACE_MODIFY);
            atomic_fetch_add(&exchange->unordered, 1);
        }
    }
}

void words_forget_versions(void)
{
    atomic_flag_clear(&adding); // of a thread that this process does not have
    atomic_store(&ordering, 0);
    for (uint32_t i = 0; n_words > 0 && i < WORDS_TABLE; i++)
        if (atomic_load_explicit(&table[i].address, memory_order_relaxed)) {
            atomic_store_explicit(&table[i].version, 0, memory_order_relaxed);
            atomic_store_explicit(&table[i].wrote, 0, memory_order_relaxed);
        }
}

void words_take(struct vcpu *vcpu)
{
    if (vcpu->orders)
        return;
    for (unsigned tries = 0; tries < SPINS + YIELDS; tries++) {
        uint32_t nobody = 0;
        if (atomic_compare_exchange_weak(&ordering, &nobody, 1)) {
            vcpu->orders = true;
            return;
        }
        if (tries < SPINS)
            __builtin_ia32_pause();
        else
            sched_yield();
    }
}

void words_give(struct vcpu *vcpu)
{
    if (!vcpu->orders)
        return;
    vcpu->orders = false;
    atomic_store(&ordering, 0);
}
