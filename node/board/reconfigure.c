// SPDX-License-Identifier: Apache-2.0
// The service element changes what its guest has of the partition: one CPU or one increment of storage at a
// time, for one CPU that asked. Each board keeps its own account of all of it (node/isa/configuration.h), so
// that no access has to ask; a change is over when all boards have heard of it.
//
// A CPU that comes or goes is asked first, and so is the board whose increment comes; that of one that goes
// last, when nobody uses it any more: it brings home what caches hold.
#include <string.h>

#include "node/board/internal.h"
#include "node/isa/service.h"
#include "node/isa/signal.h"

static bool is_element(const struct board *board)
{
    return board->configuration.partition != NO_PARTITION &&
           component_board(board->configuration.service) == board->number;
}

static void post(struct board *board, component_id to, uint32_t order, uint64_t parameter, uint16_t number)
{
    struct message signal = {
        .dst = to, .txn = order, .line = parameter, .requestor = number, .type = MSG_SIGNAL};
    service_element_send(board, &signal);
}

static void finish(struct board *board, unsigned response)
{
    struct reconfiguration *change = &board->service.change;
    struct message answer = {
        .dst = change->asker, .txn = SIGNAL_CONFIGURE, .line = response, .type = MSG_SIGNAL_ANSWER};
    change->what = CONFIGURE_NOTHING;
    service_element_send(board, &answer);
}

static bool is_cpu(const struct reconfiguration *change)
{
    return change->what == CPU_ON || change->what == CPU_OFF;
}

static bool is_on(const struct reconfiguration *change)
{
    return change->what == CPU_ON || change->what == STORAGE_ON;
}

// Nobody there any more: NO_CPU.
static component_id target_of(const struct board *board)
{
    const struct configuration *c = &board->configuration;
    const struct reconfiguration *change = &board->service.change;
    if (is_cpu(change))
        return change->number < c->n_cpus ? c->cpus[change->number] : NO_CPU;
    uint16_t owner = configuration_owner(c, change->number);
    return owner == NO_BOARD ? NO_CPU : component(owner, UNIT_SERVICE);
}

static uint64_t parameter_of(const struct reconfiguration *change)
{
    return (uint64_t)is_on(change) << 32 | change->number;
}

static void ask_target(struct board *board)
{
    struct reconfiguration *change = &board->service.change;
    component_id target = target_of(board);
    change->phase = CHANGE_TARGET;
    change->target = target;
    if (target == NO_CPU)
        finish(board, is_on(change) ? RC_UNKNOWN : RC_NORMAL);
    else if (is_cpu(change))
        post(board, target, SIGNAL_CPU_STATE, is_on(change), change->serial);
    else
        post(board, target, SIGNAL_STORAGE_STATE, parameter_of(change), change->serial);
}

// From here on the element itself counts it as done: a board that joins now learns it so.
static void tell_all(struct board *board)
{
    struct reconfiguration *change = &board->service.change;
    uint32_t order = is_cpu(change) ? SIGNAL_CPU_SET : SIGNAL_STORAGE_SET;
    change->phase = CHANGE_ALL;
    change->awaited = board->domain.members;
    board->configuration.changed = true;
    if (is_cpu(change))
        configuration_set_cpu(&board->configuration, change->number, is_on(change));
    else
        configuration_set_storage(&board->configuration, change->number, is_on(change));
    for (uint32_t i = 0; i < board->system->boards; i++)
        if (change->awaited >> i & 1)
            post(board, component(board->system->first_board + i, UNIT_SERVICE), order, parameter_of(change),
                 change->serial);
}

static void all_told(struct board *board)
{
    if (board->service.change.what == STORAGE_OFF)
        ask_target(board);
    else
        finish(board, RC_NORMAL);
}

// What can be said at once; 0: nothing.
static unsigned known_response(const struct board *board)
{
    const struct configuration *c = &board->configuration;
    const struct reconfiguration *change = &board->service.change;
    if (change->what >= CONFIGURE_COUNT || change->what == CONFIGURE_NOTHING)
        return RC_INVALID_COMMAND;
    if (is_cpu(change) ? change->number >= c->n_cpus || c->cpus[change->number] == NO_CPU
                       : change->number >= configuration_increments(c))
        return RC_UNKNOWN;
    bool has = is_cpu(change) ? configuration_has_cpu(c, change->number)
                              : configuration_has_increment(c, change->number);
    if (has == is_on(change))
        return RC_NO_ACTION;
    if (target_of(board) == NO_CPU) // of what the guest began with, or of a board that is not offered
        return is_on(change) ? RC_UNKNOWN : RC_EQUIPMENT_CHECK;
    return 0;
}

static void begin(struct board *board, const struct message *signal)
{
    struct reconfiguration *change = &board->service.change;
    if (change->what != CONFIGURE_NOTHING) {
        struct message busy = {.dst = signal->src, .txn = signal->txn, .acks = 2, .type = MSG_SIGNAL_ANSWER};
        service_element_send(board, &busy);
        return;
    }
    uint32_t what = (uint32_t)(signal->line >> 32), number = (uint32_t)signal->line;
    change->what = (uint8_t)(what < CONFIGURE_COUNT ? what : CONFIGURE_NOTHING);
    change->number = is_cpu(change) ? number : number - 1; // increments count from 1 outside
    change->asker = signal->src;
    change->serial = change->serial % UINT16_MAX + 1;
    unsigned response = known_response(board);
    board->configuration.changed = true;
    if (response)
        finish(board, response);
    else if (change->what == STORAGE_OFF)
        tell_all(board);
    else
        ask_target(board);
}

static void target_answered(struct board *board, bool refused)
{
    const struct reconfiguration *change = &board->service.change;
    if (refused)
        finish(board, RC_EQUIPMENT_CHECK);
    else if (change->what == STORAGE_OFF)
        finish(board, RC_NORMAL);
    else
        tell_all(board);
}

static void answered(struct board *board, const struct message *answer)
{
    struct reconfiguration *change = &board->service.change;
    if (change->what == CONFIGURE_NOTHING || answer->requestor != change->serial)
        return;
    if (change->phase == CHANGE_TARGET && answer->src == change->target) {
        target_answered(board, answer->acks != 0);
        return;
    }
    if (change->phase != CHANGE_ALL)
        return;
    change->awaited &= ~(UINT64_C(1) << (component_board(answer->src) - board->system->first_board));
    if (change->awaited == 0)
        all_told(board);
}

// On every board.
static void set(struct board *board, const struct message *signal)
{
    struct configuration *c = &board->configuration;
    bool on = signal->line >> 32;
    uint32_t number = (uint32_t)signal->line;
    c->changed = board->firmware.touched = true;
    if (c->partition != NO_PARTITION && signal->txn == SIGNAL_CPU_SET && number < GUEST_CPUS_MAX)
        configuration_set_cpu(c, number, on);
    if (c->partition != NO_PARTITION && signal->txn == SIGNAL_STORAGE_SET &&
        number < configuration_increments(c)) {
        configuration_set_storage(c, number, on);
        if (!on) {
            unassign_quiet(board, signal, number);
            return;
        }
    }
    reconfigure_answer(board, signal, false);
}

void reconfigure_answer(struct board *board, const struct message *signal, bool refused)
{
    struct message answer = {.dst = signal->src,
                             .txn = signal->txn,
                             .requestor = signal->requestor,
                             .acks = refused,
                             .type = MSG_SIGNAL_ANSWER};
    service_element_send(board, &answer);
}

bool reconfigure_receive(struct board *board, const struct message *signal)
{
    struct configuration *c = &board->configuration;
    uint32_t word = (uint32_t)(signal->line >> 32), bits = (uint32_t)signal->line;
    if (signal->type == MSG_SIGNAL_ANSWER) {
        answered(board, signal);
        return true;
    }
    switch (signal->txn) {
    case SIGNAL_CONFIGURE:
        begin(board, signal);
        return true;
    case SIGNAL_CPU_SET:
    case SIGNAL_STORAGE_SET:
        set(board, signal);
        return true;
    case SIGNAL_STORAGE_STATE:
        unassign_ordered(board, signal);
        return true;
    case SIGNAL_CPU_WORD:
        c->changed = true;
        configuration_set_cpus(c, word, bits);
        return true;
    case SIGNAL_STORAGE_WORD:
        c->changed = true;
        configuration_set_increments(c, word, bits);
        return true;
    default:
        return false;
    }
}

// A board that joins knows what the machine describes; here is what differs from that.
static void teach(struct board *board, uint32_t member)
{
    const struct configuration *c = &board->configuration;
    component_id to = component(board->system->first_board + member, UNIT_SERVICE);
    for (uint32_t word = 0; word * 32 < c->n_cpus; word++)
        post(board, to, SIGNAL_CPU_WORD, (uint64_t)word << 32 | c->configured[word], 0);
    for (uint32_t word = 0; word * 32 < configuration_increments(c); word++)
        post(board, to, SIGNAL_STORAGE_WORD, (uint64_t)word << 32 | c->assigned[word], 0);
}

static bool offers_differ(const struct domain *a, const struct domain *b)
{
    return a->members != b->members ||
           memcmp(a->cpu_addresses, b->cpu_addresses, sizeof a->cpu_addresses) != 0;
}

// Boards that have left answer no more.
static void go_on_without(struct board *board)
{
    struct reconfiguration *change = &board->service.change;
    if (change->what == CONFIGURE_NOTHING)
        return;
    if (change->phase == CHANGE_ALL) {
        change->awaited &= board->domain.members;
        if (change->awaited == 0)
            all_told(board);
    } else if (!(board->domain.members >> (component_board(change->target) - board->system->first_board) &
                 1)) {
        finish(board, is_on(change) ? RC_UNKNOWN : RC_NORMAL);
    }
}

void reconfigure_follow(struct board *board, const struct domain *old)
{
    if (!is_element(board) || old->partition != board->domain.partition)
        return;
    uint64_t joined = board->domain.members & ~old->members;
    if (joined)
        board->configuration.changed = true;
    for (uint32_t i = 0; i < board->system->boards; i++)
        if (joined >> i & 1)
            teach(board, i);
    go_on_without(board);
    if (offers_differ(old, &board->domain))
        service_element_changed(board);
}

void reconfigure_state(struct board *board, struct archive *ar)
{
    struct reconfiguration *change = &board->service.change;
    ar_mark(ar, "RCNF");
    ar_bool(ar, &board->service.changed);
    ar_u16(ar, &change->serial);
    ar_u8(ar, &change->what);
    ar_u8(ar, &change->phase);
    ar_u32(ar, &change->number);
    ar_u32(ar, &change->asker);
    ar_u32(ar, &change->target);
    ar_u64(ar, &change->awaited);
    if (change->what >= CONFIGURE_COUNT || change->phase > CHANGE_ALL || change->number >= INCREMENTS_MAX ||
        (is_cpu(change) && change->number >= GUEST_CPUS_MAX) ||
        component_board(change->asker) >= board->machine->n_boards)
        ar_fail(ar, "a change of kind %u of what a guest has", change->what);
}
