// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/plugin/stream.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/record/plugin/qemu_plugin.h"

// The recorder is looked for this often while a thread waits for room.
#define WAIT_NS 5000000

struct exchange *exchange;

// Threads that nobody records write here.
static struct trace_ref nowhere[EXCHANGE_RING];
static _Atomic uint64_t nobody;

static uint32_t process;         // number of this address space
static _Atomic uint32_t threads; // announced in it

bool stream_open(int fd)
{
    struct stat status;
    if (fstat(fd, &status) || status.st_size != (off_t)sizeof *exchange)
        return false;
    void *at = mmap(NULL, sizeof *exchange, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return false;
    exchange = at;
    process = atomic_fetch_add(&exchange->processes, 1);
    return exchange->version == EXCHANGE_VERSION;
}

void stream_announce(struct vcpu *vcpu, uint64_t first_word)
{
    memset(vcpu, 0, sizeof *vcpu);
    vcpu->thread = atomic_fetch_add(&threads, 1) + 1;
    vcpu->first_word = first_word;
    vcpu->exit_word = first_word;
    vcpu->ring = nowhere;
    vcpu->published = &nobody;
}

static void go_nowhere(struct vcpu *vcpu)
{
    vcpu->slot = NULL;
    vcpu->ring = nowhere;
    vcpu->published = &nobody;
    vcpu->limit = UINT64_MAX;
}

static void begin(struct vcpu *vcpu)
{
    vcpu->began = true;
    uint32_t number = atomic_fetch_add(&exchange->slots, 1);
    if (number >= EXCHANGE_SLOTS) {
        go_nowhere(vcpu);
        return;
    }
    if (number == 0)
        exchange->start_code = qemu_plugin_start_code();
    vcpu->slot = &exchange->slot[number];
    vcpu->ring = exchange->ring[number];
    vcpu->published = &vcpu->slot->written;
    vcpu->written = 0;
    vcpu->limit = EXCHANGE_BELL;
    vcpu->slot->process = process;
    vcpu->slot->thread = vcpu->thread;
    atomic_store(&vcpu->slot->state, SLOT_LIVE);
}

void stream_forked(struct vcpu *vcpu)
{
    process = atomic_fetch_add(&exchange->processes, 1);
    atomic_store(&threads, 1);
    if (!vcpu)
        return;
    vcpu->thread = 1;
    memset(vcpu->seen, 0, sizeof vcpu->seen);
    vcpu->began = false;
    vcpu->waits_on = 0;
    vcpu->written = vcpu->limit = 0;
}

static void ring_bell(void)
{
    if (!atomic_load(&exchange->sleeping))
        return;
    atomic_fetch_add(&exchange->bell, 1);
    exchange_wake(&exchange->bell);
}

void stream_make_room(struct vcpu *vcpu, uint64_t count)
{
    if (!vcpu->began)
        begin(vcpu);
    if (!vcpu->slot)
        return;
    struct exchange_slot *slot = vcpu->slot;
    stream_publish(vcpu);
    ring_bell();
    uint64_t free_from;
    while (free_from = atomic_load(&slot->read) + EXCHANGE_RING, free_from - vcpu->written < count) {
        if (atomic_load(&exchange->closed)) {
            go_nowhere(vcpu);
            return;
        }
        atomic_store(&slot->waiting, 1);
        if (atomic_load(&slot->read) + EXCHANGE_RING - vcpu->written < count)
            exchange_wait(&slot->waiting, 1, WAIT_NS);
    }
    // Not further than the next look at the bell, however much room there is.
    uint64_t next = vcpu->written + (count > EXCHANGE_BELL ? count : EXCHANGE_BELL);
    vcpu->limit = next < free_from ? next : free_from;
}

void stream_end(struct vcpu *vcpu)
{
    stream_publish(vcpu);
    if (vcpu->slot)
        atomic_store(&vcpu->slot->state, SLOT_OVER);
    go_nowhere(vcpu);
    ring_bell();
}
