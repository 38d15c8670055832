// SPDX-License-Identifier: Apache-2.0
// What other CPUs and the service element tell this one. Answers leave at once, whatever the CPU does;
// orders that change its state are performed between its instructions.
#include "node/isa/signal.h"

#include <stdlib.h>

#include "node/cpu/drive.h"
#include "node/isa/access.h"
#include "node/isa/clock.h"
#include "node/isa/fetch.h"
#include "node/isa/interrupt.h"
#include "node/isa/service.h"
#include "proto/base/assert.h"

void signal_init(struct zcpu *z)
{
    z->signals = calloc(1, sizeof *z->signals);
    NP_ASSERT(z->signals);
}

void signal_post(struct zcpu *z, component_id to, uint32_t order, uint64_t parameter)
{
    struct message signal = {.dst = to,
                             .line = parameter,
                             .txn = order,
                             .requestor = z->address,
                             .type = MSG_SIGNAL,
                             .data = NO_DATA};
    z->service->waiting = true;
    z->cpu->port.signal(z->cpu->port.board, z->cpu, &signal, zcpu_now(z));
}

static bool at_rest(const struct zcpu *z)
{
    return z->activity == DOING_STOPPED || z->activity == DOING_ENDED;
}

// Something changed for a CPU that may be waiting: it looks.
static void rouse(struct zcpu *z, sim_time at)
{
    zcpu_attend(z);
    if (z->activity == DOING_WAIT)
        cpu_wake(z->cpu, at);
    else if (z->activity == DOING_ENDED && z->signals->order)
        zcpu_go_on(z, at);
}

void signal_stop(struct zcpu *z)
{
    struct signals *signals = z->signals;
    uint64_t timer = clock_timer(z, z->cpu->clock.now);
    signals->timer_runs = false;
    clock_set_timer(z, timer, z->cpu->clock.now);
    z->activity = DOING_STOPPED;
    z->how = GUEST_STOPPED;
}

// From the stopped state to the operating state.
static void operate(struct zcpu *z)
{
    struct signals *signals = z->signals;
    if (signals->timer_runs)
        return;
    uint64_t timer = signals->timer;
    signals->timer_runs = true;
    clock_set_timer(z, timer, z->cpu->clock.now);
}

void signal_start(struct zcpu *z, sim_time at)
{
    zcpu_go_on(z, at);
    operate(z);
    zcpu_enter_psw(z);
}

static void clear_pending(struct signals *signals)
{
    signals->waiting = 0;
    memset(signals->emergency_from, 0, sizeof signals->emergency_from);
}

void signal_cpu_reset(struct zcpu *z, bool initial)
{
    clear_pending(z->signals);
    z->signals->order = 0;
    z->damaged = false;
    signal_stop(z);
    if (!initial)
        return;
    z->psw_mask = z->psw_address = 0;
    z->cc = 0;
    z->address_mask = zcpu_mode_mask(0);
    z->prefix = 0;
    z->fpc = z->todpr = 0;
    for (unsigned i = 0; i < 16; i++)
        zcpu_set_control(z, i, zcpu_initial_control(i));
    fetch_drop(z);
    clock_set_timer(z, 0, z->cpu->clock.now);
    clock_set_comparator(z, 0);
}

static void begin_restart(struct zcpu *z)
{
    z->signals->order = 0;
    operate(z);
    z->interruption = INT_RESTART;
    z->activity = DOING_INTERRUPTION;
}

bool signal_perform_order(struct zcpu *z)
{
    struct signals *signals = z->signals;
    uint32_t order = signals->order;
    switch (order) {
    case 0:
        return false;
    case SIGP_RESTART:
        begin_restart(z);
        break;
    case SIGP_STOP:
        signals->order = 0;
        signal_stop(z);
        break;
    case SIGP_STOP_AND_STORE_STATUS:
        signal_stop(z);
        service_store_status(z, 0x1200, DOING_STOPPED);
        break;
    default:
        signal_cpu_reset(z, order == SIGP_INITIAL_CPU_RESET);
        break;
    }
    return true;
}

static bool all_there(const struct zcpu *z, uint64_t address, uint64_t size)
{
    return configuration_has(z->configuration, address) &&
           configuration_has(z->configuration, address + size - 1);
}

// Orders that a stopped CPU performs; their parameter must name storage that is there.
static uint32_t order_stopped(struct zcpu *z, uint32_t order, uint32_t parameter, sim_time at)
{
    bool prefix = order == SIGP_SET_PREFIX;
    uint64_t address = parameter & (prefix ? 0x7fffe000u : 0x7ffffe00u);
    if (!all_there(z, address, prefix ? 8192 : 512))
        return SIGP_STATUS_INVALID_PARAMETER;
    if (z->activity != DOING_STOPPED)
        return SIGP_STATUS_INCORRECT_STATE;
    if (prefix) {
        z->prefix = address;
        fetch_drop(z);
        return 0;
    }
    z->signals->order = order;
    zcpu_go_on(z, at);
    service_store_status(z, address, DOING_STOPPED);
    return 0;
}

static void change_state(struct zcpu *z, uint32_t order, sim_time at)
{
    struct signals *signals = z->signals;
    bool stopped = z->activity == DOING_STOPPED;
    if (order == SIGP_START) {
        if (stopped)
            signal_start(z, at);
        return;
    }
    if (order == SIGP_STOP && stopped)
        return;
    signals->order = order;
    if (!at_rest(z)) {
        rouse(z, at);
        return;
    }
    if (order == SIGP_RESTART || order == SIGP_STOP_AND_STORE_STATUS)
        zcpu_go_on(z, at);
    signal_perform_order(z);
}

static void set_from(uint64_t *from, const struct message *signal)
{
    from[signal->requestor / 64 % (GUEST_CPUS_MAX / 64)] |= UINT64_C(1) << signal->requestor % 64;
}

static void interrupt_by(struct zcpu *z, uint32_t subclass, sim_time at)
{
    z->signals->waiting |= subclass;
    rouse(z, at);
}

static uint32_t sense(const struct zcpu *z)
{
    uint32_t status = z->signals->waiting & EXTERNAL_CALL ? SIGP_STATUS_CALL_PENDING : 0;
    if (z->activity == DOING_STOPPED)
        status |= SIGP_STATUS_STOPPED;
    return status;
}

static uint32_t external_call(struct zcpu *z, const struct message *signal, sim_time at)
{
    if (z->signals->waiting & EXTERNAL_CALL)
        return SIGP_STATUS_CALL_PENDING;
    z->signals->call_from = signal->requestor;
    interrupt_by(z, EXTERNAL_CALL, at);
    return 0;
}

static uint32_t emergency(struct zcpu *z, const struct message *signal, sim_time at)
{
    set_from(z->signals->emergency_from, signal);
    interrupt_by(z, EXTERNAL_EMERGENCY, at);
    return 0;
}

// Only to a CPU that could not otherwise have done what the signal asks it for (Principles of Operation,
// "Conditional Emergency Signal"). The parameter is an ASN.
static uint32_t conditional_emergency(struct zcpu *z, const struct message *signal, sim_time at)
{
    uint64_t interruptible = PSW_IO | PSW_EXTERNAL, asn = signal->line & 0xffff;
    bool idle = z->psw_mask & PSW_WAIT;
    bool wanted = z->activity == DOING_STOPPED || (z->psw_mask & interruptible) != interruptible ||
                  (idle && z->psw_address != 0) ||
                  (!idle && (asn == (z->cr[4] & 0xffff) || asn == (z->cr[3] & 0xffff)));
    return wanted ? emergency(z, signal, at) : SIGP_STATUS_INCORRECT_STATE;
}

// Returns the status: 0 when the order is accepted.
static uint32_t obey(struct zcpu *z, const struct message *signal, sim_time at)
{
    switch (signal->txn) {
    case SIGP_SENSE:
        return sense(z);
    case SIGP_EXTERNAL_CALL:
        return external_call(z, signal, at);
    case SIGP_EMERGENCY_SIGNAL:
        return emergency(z, signal, at);
    case SIGP_CONDITIONAL_EMERGENCY_SIGNAL:
        return conditional_emergency(z, signal, at);
    case SIGP_START:
    case SIGP_STOP:
    case SIGP_RESTART:
    case SIGP_STOP_AND_STORE_STATUS:
    case SIGP_INITIAL_CPU_RESET:
    case SIGP_CPU_RESET:
        change_state(z, signal->txn, at);
        return 0;
    case SIGP_SET_PREFIX:
    case SIGP_STORE_STATUS_AT_ADDRESS:
        return order_stopped(z, signal->txn, (uint32_t)signal->line, at);
    case SIGP_SENSE_RUNNING_STATUS:
        return at_rest(z) || z->activity == DOING_WAIT ? SIGP_STATUS_NOT_RUNNING : 0;
    default:
        return SIGP_STATUS_INVALID_ORDER;
    }
}

static bool is_reset(uint32_t order)
{
    return order == SIGP_CPU_RESET || order == SIGP_INITIAL_CPU_RESET;
}

// Busy: an earlier order is not complete. A reset does not wait for it, unless it stores.
static bool is_busy(const struct zcpu *z, uint32_t order)
{
    bool stores = z->activity == DOING_SERVICE && z->service->kind == SERVICE_STORE;
    return z->signals->order && (!is_reset(order) || stores);
}

static bool check_stopped(const struct zcpu *z)
{
    return z->activity == DOING_ENDED && z->how == GUEST_CHECK_STOP;
}

static void answer(struct zcpu *z, const struct message *signal, sim_time at)
{
    uint32_t status = 0;
    bool standby = z->activity == DOING_STANDBY, busy = !standby && is_busy(z, signal->txn);
    if (standby)
        status = 0;
    else if (!busy && check_stopped(z) && !is_reset(signal->txn))
        status = SIGP_STATUS_CHECK_STOP;
    else if (!busy)
        status = obey(z, signal, at);
    struct message answer = {.dst = signal->src,
                             .line = status,
                             .txn = signal->txn,
                             .requestor = z->address,
                             .acks = (int16_t)(standby  ? 3
                                               : busy   ? 2
                                               : status ? 1
                                                        : 0),
                             .type = MSG_SIGNAL_ANSWER,
                             .data = NO_DATA};
    z->cpu->port.signal(z->cpu->port.board, z->cpu, &answer, at);
}

// Only a CPU that is stopped, and of which nothing is asked, can be given back.
static bool become(struct zcpu *z, bool configured)
{
    if (configured == (z->activity != DOING_STANDBY))
        return true;
    if (!configured && (z->activity != DOING_STOPPED || z->signals->order))
        return false;
    signal_cpu_reset(z, true);
    if (!configured)
        z->activity = DOING_STANDBY;
    return true;
}

static void change_configuration(struct zcpu *z, const struct message *signal, sim_time at)
{
    struct message answer = {.dst = signal->src,
                             .txn = signal->txn,
                             .requestor = signal->requestor,
                             .acks = !become(z, signal->line != 0),
                             .type = MSG_SIGNAL_ANSWER,
                             .data = NO_DATA};
    z->cpu->port.signal(z->cpu->port.board, z->cpu, &answer, at);
}

static bool lies_in(uint64_t address, uint64_t size, uint64_t base, uint64_t end)
{
    return address < end && address + size > base;
}

bool signal_uses(const struct zcpu *z, uint64_t base, uint64_t size)
{
    const struct cpu *cpu = z->cpu;
    bool uses = false;
    for (uint32_t i = 0; i < cpu->n_pending; i++)
        uses |= lies_in(cpu->pending[i].access.address, cpu->pending[i].access.size, base, base + size);
    for (uint32_t i = 0; i < cpu->buffer.n; i++)
        uses |= lies_in(cpu->buffer.stores[i].access.address, cpu->buffer.stores[i].access.size, base,
                        base + size);
    for (uint32_t i = 0; i < z->plan.n; i++) {
        uint64_t from = real_to_absolute(z, z->plan.pieces[i].address);
        uses |= lies_in(from, z->plan.pieces[i].size, base, base + size);
    }
    return uses;
}

void signal_arrived(struct cpu *cpu, const struct message *signal, sim_time at)
{
    struct zcpu *z = zcpu_of(cpu);
    if (signal->type == MSG_SIGNAL_ANSWER) {
        service_answered(z, signal, at);
    } else if (signal->txn == SIGNAL_CPU_STATE) {
        change_configuration(z, signal, at);
    } else if (signal->txn == SIGNAL_SERVICE_EVENT) {
        if (z->activity == DOING_STANDBY)
            return;
        z->signals->service_parameter |= 1; // an event waits
        interrupt_by(z, EXTERNAL_SERVICE, at);
    } else {
        answer(z, signal, at);
    }
    cpu_publish(cpu);
}

void signal_service(struct zcpu *z, uint32_t parameter)
{
    z->signals->service_parameter |= parameter;
    z->signals->waiting |= EXTERNAL_SERVICE;
    zcpu_attend(z);
}

// The lowest address whose bit is set, which is cleared; *more: others are.
static uint16_t take_from(uint64_t *from, bool *more)
{
    uint16_t first = GUEST_CPUS_MAX;
    *more = false;
    for (unsigned i = 0; i < GUEST_CPUS_MAX / 64; i++) {
        if (from[i] && first == GUEST_CPUS_MAX) {
            first = (uint16_t)(i * 64 + (unsigned)__builtin_ctzll(from[i]));
            from[i] &= from[i] - 1;
        }
        *more |= from[i] != 0;
    }
    return first;
}

static void take(struct signals *signals, uint32_t subclass)
{
    bool more = false;
    signals->external_cpu = 0;
    switch (subclass) {
    case EXTERNAL_EMERGENCY:
        signals->external_cpu = take_from(signals->emergency_from, &more);
        break;
    case EXTERNAL_CALL:
        signals->external_cpu = signals->call_from;
        break;
    case EXTERNAL_SERVICE:
        signals->external_parameter = signals->service_parameter;
        signals->service_parameter = 0;
        break;
    default: // clocks ask as long as their condition holds
        return;
    }
    if (!more)
        signals->waiting &= ~subclass;
}

// By priority (Principles of Operation, "External Interruption").
static const struct {
    uint32_t subclass;
    uint16_t code;
} externals[] = {
    {EXTERNAL_EMERGENCY, 0x1201},
    {EXTERNAL_CALL, 0x1202},
    {EXTERNAL_COMPARATOR, 0x1004},
    {EXTERNAL_TIMER, 0x1005},
    {EXTERNAL_SERVICE, EXTERNAL_CODE_SERVICE},
};

bool signal_take_external(struct zcpu *z)
{
    struct signals *signals = z->signals;
    sim_time now = z->cpu->clock.now;
    uint32_t due = signals->waiting | (signals->comparator_at <= now ? EXTERNAL_COMPARATOR : 0u) |
                   (signals->timer_at <= now ? EXTERNAL_TIMER : 0u);
    due &= (uint32_t)z->cr[0];
    if (!due)
        return false;
    unsigned i = 0;
    while (!(due & externals[i].subclass))
        i++;
    signals->external_code = externals[i].code;
    take(signals, externals[i].subclass);
    return true;
}

void signal_state(struct zcpu *z, struct archive *ar)
{
    struct signals *signals = z->signals;
    ar_mark(ar, "ZSIG");
    ar_u32(ar, &signals->order);
    ar_u32(ar, &signals->waiting);
    ar_u16(ar, &signals->call_from);
    for (unsigned i = 0; i < GUEST_CPUS_MAX / 64; i++)
        ar_u64(ar, &signals->emergency_from[i]);
    ar_u32(ar, &signals->service_parameter);
    ar_u64(ar, &signals->comparator);
    ar_u64(ar, &signals->timer);
    ar_bool(ar, &signals->timer_runs);
    ar_u16(ar, &signals->external_code);
    ar_u16(ar, &signals->external_cpu);
    ar_u32(ar, &signals->external_parameter);
    ar_u64(ar, &signals->console_hash);
    if (ar_loading(ar))
        clock_plan(z);
}
