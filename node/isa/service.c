// SPDX-License-Identifier: Apache-2.0
#include "node/isa/service.h"

#include <stdlib.h>
#include <string.h>

#include "node/cpu/drive.h"
#include "node/isa/access.h"
#include "node/isa/clock.h"
#include "node/isa/interrupt.h"
#include "node/isa/signal.h"
#include "proto/base/assert.h"
#include "proto/base/big_endian.h"

#define PIECE 256u // bytes that a step moves

void service_init(struct zcpu *z)
{
    z->service = calloc(1, sizeof *z->service);
    NP_ASSERT(z->service);
}

void service_begin(struct zcpu *z, enum service_kind kind, enum activity then)
{
    z->service->kind = (uint8_t)kind;
    z->service->phase = PHASE_READ;
    z->service->then = (uint8_t)then;
    z->activity = DOING_SERVICE;
    zcpu_attend(z);
}

uint8_t *service_store(struct zcpu *z, uint64_t address, uint32_t size, enum activity then)
{
    struct service *service = z->service;
    service->address = address;
    service->size = size;
    service->at = 0;
    memset(service->bytes, 0, size);
    service_begin(z, SERVICE_STORE, then);
    return service->bytes;
}

static void finish(struct zcpu *z)
{
    z->activity = z->service->then;
    z->service->kind = SERVICE_NONE;
    z->address_mask = zcpu_mode_mask(z->psw_mask);
    if (z->activity == DOING_STOPPED) { // it was done for an order
        z->signals->order = 0;
        z->how = GUEST_STOPPED;
    }
}

void service_give_up(struct zcpu *z)
{
    NP_ASSERT(!z->service->waiting);
    finish(z);
}

static uint32_t piece_of(const struct service *service)
{
    uint32_t left = service->size - service->at;
    return left < PIECE ? left : PIECE;
}

// True when all has been stored, and performed: a step that stores is followed by its plan.
static bool store_piece(struct zcpu *z)
{
    struct service *service = z->service;
    if (service->at >= service->size)
        return true;
    uint32_t n = piece_of(service);
    uint64_t protect = z->protect_value;
    z->protect_value = 1; // low-address protection does not hold here; callers have checked what does
    store_bytes(z, service->address + service->at, n, service->bytes + service->at);
    z->protect_value = protect;
    service->at += n;
    return false;
}

static void sclp_step(struct zcpu *z)
{
    struct service *service = z->service;
    switch ((enum service_phase)service->phase) {
    case PHASE_READ:
        if (service->at < service->size) {
            uint32_t n = piece_of(service);
            load_bytes(z, service->address + service->at, n, service->bytes + service->at);
            service->at += n;
            return;
        }
        service->phase = PHASE_ASK;
        service->parts = service->came = 0;
        memset(service->text, 0, sizeof service->text);
        sclp_ask(z);
        return;
    case PHASE_ASK:
        if (service->cc == 2) { // the element is busy with another CPU's wish
            sclp_ask(z);
            return;
        }
        sclp_perform(z);
        service->at = 0;
        service->phase = PHASE_WRITE;
        return;
    case PHASE_WRITE:
        if (store_piece(z))
            service->phase = PHASE_END;
        return;
    case PHASE_END:
    case PHASE_COUNT:
        serialise(z);
        signal_service(z, (uint32_t)service->address);
        finish(z);
    }
}

static void sigp_step(struct zcpu *z)
{
    z->cc = z->service->cc;
    if (z->cc == 1)
        set_low(z, z->service->r1, (uint32_t)z->service->answer);
    finish(z);
}

// The next CPU after address `at` that is not this one is told to reset itself; after the last, this one is
// loaded anew.
static void reset_all_step(struct zcpu *z)
{
    struct service *service = z->service;
    const struct configuration *cpus = z->configuration;
    service->at -= service->cc == 2; // busy: once more
    service->cc = 0;
    while (service->at < cpus->n_cpus && (cpus->cpus[service->at] == NO_CPU || service->at == z->address))
        service->at++;
    if (service->at < cpus->n_cpus) { // one that is standby says so, and that is all
        uint32_t order = service->size ? SIGP_INITIAL_CPU_RESET : SIGP_CPU_RESET;
        signal_post(z, cpus->cpus[service->at++], order, 0);
        return;
    }
    z->address_mask = UINT64_MAX;
    uint64_t psw = load64(z, real_to_absolute(z, 0));
    signal_cpu_reset(z, true);
    service->kind = SERVICE_NONE;
    signal_start(z, z->cpu->clock.now);
    zcpu_set_psw(z, zcpu_short_mask(psw), psw & 0x7fffffff);
}

// Somebody has taken the storage away that it reads and writes: it ends without.
static bool ends_without_storage(struct zcpu *z)
{
    struct service *service = z->service;
    bool sclp = service->kind == SERVICE_SCLP && service->phase != PHASE_END;
    if (z->configuration->plain || (!sclp && service->kind != SERVICE_STORE) ||
        (storage_there(z, service->address) && storage_there(z, service->address + service->size - 1)))
        return false;
    if (sclp)
        service->phase = PHASE_END;
    else
        finish(z);
    return true;
}

void service_go_on(struct zcpu *z)
{
    struct service *service = z->service;
    if (service->waiting)
        escape_blocked(z);
    z->address_mask = UINT64_MAX;
    if (NP_UNLIKELY(ends_without_storage(z)))
        return;
    switch ((enum service_kind)service->kind) {
    case SERVICE_SIGP:
        sigp_step(z);
        break;
    case SERVICE_STORE:
        if (store_piece(z))
            finish(z);
        break;
    case SERVICE_SCLP:
        sclp_step(z);
        break;
    case SERVICE_RESET_ALL:
        reset_all_step(z);
        break;
    case SERVICE_NONE:
    case SERVICE_KIND_COUNT:
        np_panic("CPU %u: no service is under way", z->address);
    }
}

static uint32_t parts_of(uint64_t answer)
{
    uint32_t bytes = (uint32_t)answer & ~(uint32_t)SERVICE_MORE;
    NP_ASSERT(bytes < GUEST_INPUT_BYTES_MAX);
    return (bytes + SERVICE_PART_BYTES - 1) / SERVICE_PART_BYTES;
}

// They come in their order, behind the answer: one sender, and one way.
static void take_part(struct service *service, const struct message *part)
{
    NP_ASSERT(service->came < service->parts && part->requestor == service->came + 1);
    put64((uint8_t *)service->text + SERVICE_PART_BYTES * service->came++, part->line);
}

void service_answered(struct zcpu *z, const struct message *answer, sim_time at)
{
    struct service *service = z->service;
    if (!service->waiting)
        return;
    if (answer->txn == SIGNAL_SERVICE_READ && answer->requestor) {
        take_part(service, answer);
    } else {
        service->cc = (uint8_t)(answer->acks & 3);
        service->answer = answer->line;
        service->parts = answer->txn == SIGNAL_SERVICE_READ ? parts_of(answer->line) : 0;
    }
    service->waiting = service->came < service->parts;
    if (!service->waiting)
        cpu_wake(z->cpu, at);
}

// Offsets within the 512 bytes that begin at 0x1200 in the assigned storage locations.
void service_store_status(struct zcpu *z, uint64_t address, enum activity then)
{
    enum { FPR = 0, GR = 0x80, PSW = 0x100, PREFIX = 0x118, FPC = 0x11c, TODPR = 0x124, TIMER = 0x128 };
    enum { COMPARATOR = 0x130, AR = 0x140, CR = 0x180 };
    uint8_t *to = service_store(z, real_to_absolute(z, address), 512, then);
    for (unsigned i = 0; i < 16; i++) {
        put64(to + FPR + 8 * i, z->fpr[i]);
        put64(to + GR + 8 * i, z->gr[i]);
        put32(to + AR + 4 * i, z->ar[i]);
        put64(to + CR + 8 * i, z->cr[i]);
    }
    put64(to + PSW, zcpu_psw_mask(z));
    put64(to + PSW + 8, z->psw_address);
    put32(to + PREFIX, (uint32_t)z->prefix);
    put32(to + FPC, z->fpc);
    put32(to + TODPR, z->todpr);
    put64(to + TIMER, clock_timer(z, z->cpu->clock.now));
    put64(to + COMPARATOR, z->signals->comparator >> 8); // bits 0-55, in bytes 1-7
}

static void text_state(struct service *service, struct archive *ar)
{
    ar_count(ar, &service->parts, GUEST_INPUT_BYTES_MAX / SERVICE_PART_BYTES);
    ar_count(ar, &service->came, service->parts);
    if (service->parts)
        ar_bytes(ar, service->text, sizeof service->text);
    if (!memchr(service->text, '\0', sizeof service->text))
        ar_fail(ar, "the text of an event has no end");
}

void service_state(struct zcpu *z, struct archive *ar)
{
    struct service *service = z->service;
    ar_u8(ar, &service->kind);
    if (service->kind >= SERVICE_KIND_COUNT || (z->activity == DOING_SERVICE && !service->kind))
        ar_fail(ar, "a service of kind %u", service->kind);
    if (service->kind == SERVICE_NONE || ar_failed(ar))
        return;
    ar_u8(ar, &service->phase);
    ar_u8(ar, &service->then);
    ar_u8(ar, &service->r1);
    ar_bool(ar, &service->waiting);
    ar_u8(ar, &service->cc);
    ar_u64(ar, &service->answer);
    ar_u32(ar, &service->command);
    ar_count(ar, &service->size, SERVICE_BYTES_MAX);
    ar_count(ar, &service->at, SERVICE_BYTES_MAX);
    ar_u64(ar, &service->address);
    ar_bytes(ar, service->bytes, service->size);
    if (service->kind == SERVICE_SCLP)
        text_state(service, ar);
    if (service->phase >= PHASE_COUNT || service->then >= ACTIVITY_COUNT || service->r1 > 15 ||
        service->cc > 3)
        ar_fail(ar, "a service in phase %u", service->phase);
}
