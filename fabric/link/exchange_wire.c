// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/exchange_wire.h"

#include <stdlib.h>
#include <string.h>

#include "fabric/link/pace.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define SILENCE_US_DEFAULT UINT64_C(30000000)
#define RESEND_WHOLE_MAX   4096u // a longer grant is first asked after: the member may well have it
#define BYE_TRIES          12u   // 1 ms, doubling to BYE_WAIT_MAX: below 2 s in all
#define BYE_WAIT_MAX       (250 * NS_PER_MS)

// Which node holds a member. A node holds at most one member of a group.
struct member_at {
    uint32_t group, member, node; // member: index in the group; node: the link's peer
};

// One member: the grant that is out to it, its last batch, and when to ask again.
struct slot {
    struct member_at at;
    bool out;
    uint64_t seq;       // of the last grant
    sim_time until;     // its end
    struct bytes grant; // encoded, kept while it is out
    struct batch batch; // last answer
    struct pace pace;
    uint64_t whole_at; // when the grant itself was last sent
};

struct peer {
    bool is_node, greeted, parted; // parted: has acknowledged BYE
};

enum phase { OPEN, PARTED, FAILED };

struct exchange_wire {
    struct exchange exchange; // first: the interface
    struct wire wire;
    enum phase phase;
    uint64_t silence_ns;
    uint32_t n_slots;
    struct slot *slots;
    struct peer peers[NODES_MAX];
    uint16_t slot_of[PARTITIONS_MAX][NODES_MAX]; // index + 1; 0: no such member
    const struct groups *groups;
    uint64_t settled[PARTITIONS_MAX]; // last grant of each group before it was regrouped
};

static struct exchange_wire *wire_of(struct exchange *exchange)
{
    return (struct exchange_wire *)exchange;
}

// The slot of a member, or NULL.
static struct slot *find_slot(struct exchange_wire *x, uint32_t group, uint32_t member)
{
    if (group >= PARTITIONS_MAX || member >= NODES_MAX || !x->slot_of[group][member])
        return NULL;
    return &x->slots[x->slot_of[group][member] - 1];
}

static enum err_code name_slot(struct err *err, const struct slot *slot)
{
    return err_wrap(err, "group %u, member %u (node %u), grant %llu", slot->at.group, slot->at.member,
                    slot->at.node, (unsigned long long)slot->seq);
}

static enum err_code impossible(struct err *err, const struct slot *slot, const char *what)
{
    err_set(err, ERR_DAMAGED_MESSAGE, "%s", what);
    name_slot(err, slot);
    return ERR_DAMAGED_MESSAGE;
}

// Sends the grant again or, when it is long, asks what became of it.
static enum err_code send_again(struct exchange_wire *x, struct slot *slot, bool whole, struct err *err)
{
    x->wire.stats->resends++;
    slot->pace.resent = true;
    if (whole || slot->grant.size <= RESEND_WHOLE_MAX) {
        slot->whole_at = wire_now(&x->wire);
        return wire_send(&x->wire, slot->at.node, &slot->grant, err);
    }
    return wire_signal(&x->wire, slot->at.node, DATA_ASK, slot->at.group, slot->at.member, slot->seq, err);
}

// Asks every member again whose time has come. *next is when the next one's comes.
static enum err_code ask_again(struct exchange_wire *x, uint64_t now, uint64_t *next, struct err *err)
{
    *next = UINT64_MAX;
    for (uint32_t i = 0; i < x->n_slots; i++) {
        struct slot *slot = &x->slots[i];
        if (!slot->out)
            continue;
        if (now >= slot->pace.ask_at) {
            if (slot->pace.silent >= x->silence_ns) {
                err_set(err, ERR_TIMEOUT, "no sign of life for %llu ms; is its process alive?",
                        (unsigned long long)(slot->pace.silent / NS_PER_MS));
                name_slot(err, slot);
                return ERR_TIMEOUT;
            }
            enum err_code code = send_again(x, slot, false, err);
            if (code)
                return code;
            pace_ask(&slot->pace, now);
        }
        if (slot->pace.ask_at < *next)
            *next = slot->pace.ask_at;
    }
    return ERR_OK;
}

// A node that has nothing of what was sent to it, because it was not there yet or because it got lost. Many
// HELLOs may have gathered while nobody listened; those that can have crossed with the grant mean nothing.
static enum err_code hear_hello(struct exchange_wire *x, uint32_t node, struct err *err)
{
    uint64_t now = wire_now(&x->wire);
    x->peers[node].greeted = true;
    enum err_code code = wire_signal(&x->wire, node, DATA_HELLO, 0, node, 0, err);
    for (uint32_t i = 0; i < x->n_slots && !code; i++) {
        struct slot *slot = &x->slots[i];
        if (!slot->out || slot->at.node != node || now - slot->whole_at < PACE_MIN)
            continue;
        code = send_again(x, slot, true, err);
        pace_sent(&slot->pace, now);
    }
    return code;
}

static enum err_code hear_batch(struct exchange_wire *x, struct slot *slot, uint64_t seq,
                                struct batch **batch, struct err *err)
{
    if (seq > slot->seq)
        return impossible(err, slot, "an answer to a grant that was never given");
    if (!slot->out || seq < slot->seq) {
        x->wire.stats->duplicates++;
        if (seq == slot->seq)
            pace_duplicate(&slot->pace);
        return ERR_OK;
    }
    pace_answered(&slot->pace, wire_now(&x->wire));
    data_take_batch(x->wire.codec, &slot->batch);
    if (slot->batch.reached != slot->until)
        return impossible(err, slot, "the answer does not reach the end of the grant");
    slot->out = false;
    *batch = &slot->batch;
    return ERR_OK;
}

static enum err_code hear_signal(struct exchange_wire *x, uint32_t node, const struct envelope *envelope,
                                 struct err *err)
{
    if (envelope->kind == DATA_HELLO)
        return x->phase == OPEN ? hear_hello(x, node, err) : ERR_OK;
    if (envelope->kind == DATA_BYE_ACK) {
        x->peers[node].parted = true;
        return wire_signal(&x->wire, node, DATA_BYE_ACK, 0, node, 0, err);
    }
    return err_set(err, ERR_DAMAGED_MESSAGE, "peer %u: a message that no member sends: %s", node,
                   data_kind_name(envelope->kind));
}

// Acts on one message from a node; *batch is set when it completes a grant.
static enum err_code hear(struct exchange_wire *x, uint32_t node, const struct envelope *envelope,
                          struct batch **batch, struct err *err)
{
    if (envelope->kind != DATA_BATCH && envelope->kind != DATA_BUSY)
        return hear_signal(x, node, envelope, err);
    struct slot *slot = find_slot(x, envelope->group, envelope->member);
    if (envelope->seq <= x->settled[envelope->group]) { // its member may be another's by now
        x->wire.stats->duplicates++;
        return ERR_OK;
    }
    if (!slot || slot->at.node != node)
        return err_set(err, ERR_DAMAGED_MESSAGE, "peer %u: a message in the name of group %u, member %u",
                       node, envelope->group, envelope->member);
    if (envelope->kind == DATA_BATCH)
        return hear_batch(x, slot, envelope->seq, batch, err);
    if (slot->out && envelope->seq == slot->seq)
        pace_busy(&slot->pace, wire_now(&x->wire));
    return ERR_OK;
}

// Waits for one message until `until` at most and acts on it. *now comes in as the present and goes out as
// such.
static enum err_code listen(struct exchange_wire *x, uint64_t until, uint64_t *now, struct batch **batch,
                            struct err *err)
{
    bool got;
    uint32_t node;
    struct envelope envelope;
    enum err_code code = wire_receive(&x->wire, until > *now ? until - *now : 0, &got, &node, &envelope, err);
    uint64_t received = wire_now(&x->wire);
    x->wire.stats->waiting_ns += received - *now;
    *now = received;
    if (code || !got)
        return code;
    NP_ASSERT(node < NODES_MAX);
    code = hear(x, node, &envelope, batch, err);
    *now = wire_now(&x->wire);
    x->wire.stats->exchanging_ns += *now - received;
    return code;
}

static enum err_code failed(struct exchange_wire *x, enum err_code code)
{
    if (code)
        x->phase = FAILED;
    return code;
}

static enum err_code wire_grant(struct exchange *exchange, uint32_t member, struct grant *grant,
                                struct err *err)
{
    struct exchange_wire *x = wire_of(exchange);
    struct slot *slot = find_slot(x, grant->group, member);
    NP_ASSERT(slot && !slot->out && grant->seq > slot->seq && x->phase == OPEN);
    uint64_t start = wire_now(&x->wire);
    struct envelope envelope = {x->wire.run, x->wire.epoch, DATA_GRANT, grant->group, member, grant->seq};
    slot->seq = grant->seq;
    slot->until = grant->until;
    enum err_code code = data_encode_grant(x->wire.codec, &envelope, grant, &slot->grant, err);
    if (!code)
        code = wire_send(&x->wire, slot->at.node, &slot->grant, err);
    if (code) {
        name_slot(err, slot);
        return failed(x, code);
    }
    message_list_clear(&grant->arrivals);
    frame_list_clear(&grant->frames);
    slot->out = true;
    uint64_t now = wire_now(&x->wire);
    slot->whole_at = now;
    pace_start(&slot->pace, now);
    x->wire.stats->grants++;
    x->wire.stats->exchanging_ns += now - start;
    return ERR_OK;
}

static enum err_code wire_collect(struct exchange *exchange, int64_t timeout_us, struct batch **batch,
                                  struct err *err)
{
    struct exchange_wire *x = wire_of(exchange);
    uint64_t now = wire_now(&x->wire), next;
    uint64_t end = wire_deadline(now, timeout_us);
    *batch = NULL;
    do {
        enum err_code code = ask_again(x, now, &next, err);
        if (!code)
            code = listen(x, next < end ? next : end, &now, batch, err);
        if (code)
            return failed(x, code);
    } while (!*batch && now < end);
    return ERR_OK;
}

// The first node for which `is` does not hold; NODES_MAX when there is none.
static uint32_t first_node_not(const struct exchange_wire *x, bool parted)
{
    for (uint32_t node = 0; node < NODES_MAX; node++)
        if (x->peers[node].is_node && !(parted ? x->peers[node].parted : x->peers[node].greeted))
            return node;
    return NODES_MAX;
}

enum err_code exchange_wire_await(struct exchange *exchange, int64_t timeout_us, struct err *err)
{
    struct exchange_wire *x = wire_of(exchange);
    uint64_t now = wire_now(&x->wire), end = wire_deadline(now, timeout_us);
    uint32_t missing;
    while ((missing = first_node_not(x, false)) < NODES_MAX) {
        if (now >= end)
            return err_set(err, ERR_TIMEOUT, "node %u has not reported; was its process started?", missing);
        struct batch *batch = NULL;
        enum err_code code = listen(x, end, &now, &batch, err);
        NP_ASSERT(!batch);
        if (code)
            return failed(x, code);
    }
    return ERR_OK;
}

static enum err_code say_bye(struct exchange_wire *x, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t node = 0; node < NODES_MAX && !code; node++)
        if (x->peers[node].is_node && !x->peers[node].parted)
            code = wire_signal(&x->wire, node, DATA_BYE, 0, node, 0, err);
    return code;
}

enum err_code exchange_wire_bye(struct exchange *exchange, struct err *err)
{
    struct exchange_wire *x = wire_of(exchange);
    if (x->phase == FAILED) // the nodes are told once; nobody can rely on their answer
        return say_bye(x, err);
    x->phase = PARTED;
    uint64_t now = wire_now(&x->wire), wait = NS_PER_MS;
    for (unsigned try = 0; try < BYE_TRIES && first_node_not(x, true) < NODES_MAX; try++) {
        enum err_code code = say_bye(x, err);
        uint64_t end = now + wait;
        while (!code && now < end && first_node_not(x, true) < NODES_MAX) {
            struct batch *late = NULL; // of a grant that was out: it counts no more
            code = listen(x, end, &now, &late, err);
        }
        if (code)
            return failed(x, code);
        wait = 2 * wait < BYE_WAIT_MAX ? 2 * wait : BYE_WAIT_MAX;
    }
    uint32_t missing = first_node_not(x, true);
    return missing == NODES_MAX
               ? ERR_OK
               : err_set(err, ERR_TIMEOUT, "node %u has not acknowledged the end of the run", missing);
}

static void free_slots(struct exchange_wire *x)
{
    for (uint32_t i = 0; i < x->n_slots; i++) {
        bytes_free(&x->slots[i].grant);
        batch_free(&x->slots[i].batch);
    }
    free(x->slots);
    x->slots = NULL;
    x->n_slots = 0;
}

static void wire_exchange_close(struct exchange *exchange)
{
    struct exchange_wire *x = wire_of(exchange);
    if (x->phase != PARTED)
        exchange_wire_bye(exchange, NULL);
    wire_close(&x->wire);
    free_slots(x);
    free(x);
}

// The groups come from our own side; wrong ones are our own mistake.
static void add_slots(struct exchange_wire *x)
{
    const struct groups *groups = x->groups;
    uint32_t n = 0;
    for (uint32_t g = 0; g < groups->n; g++)
        n += groups->group[g].n_members;
    NP_ASSERT(n < UINT16_MAX && groups->n <= PARTITIONS_MAX);
    x->slots = calloc(n + 1, sizeof *x->slots);
    NP_ASSERT(x->slots);
    for (uint32_t g = 0; g < groups->n; g++)
        for (uint32_t m = 0; m < groups->group[g].n_members; m++) {
            uint32_t node = groups->group[g].members[m].worker;
            NP_ASSERT(node < NODES_MAX);
            x->slots[x->n_slots].at = (struct member_at){g, m, node};
            x->slot_of[g][m] = (uint16_t)++x->n_slots;
            x->peers[node].is_node = true;
        }
}

// What is still on its way from before is answered already, and told by its sequence.
static void wire_regroup(struct exchange *exchange)
{
    struct exchange_wire *x = wire_of(exchange);
    for (uint32_t i = 0; i < x->n_slots; i++) {
        const struct slot *slot = &x->slots[i];
        NP_ASSERT(!slot->out);
        if (slot->seq > x->settled[slot->at.group])
            x->settled[slot->at.group] = slot->seq;
    }
    free_slots(x);
    memset(x->slot_of, 0, sizeof x->slot_of);
    add_slots(x);
}

static const struct exchange_ops wire_ops = {wire_grant, wire_collect, wire_regroup, wire_exchange_close};

enum err_code exchange_wire_open(struct exchange **exchange, struct link *link,
                                 const struct exchange_wire_config *config, struct err *err)
{
    (void)err;
    struct exchange_wire *x = calloc(1, sizeof *x);
    NP_ASSERT(x);
    wire_open(&x->wire, link, config->run, config->epoch, &config->clock, config->stats);
    x->exchange = (struct exchange){&wire_ops, x->wire.stats};
    x->silence_ns = (config->silence_us ? config->silence_us : SILENCE_US_DEFAULT) * NS_PER_US;
    x->groups = config->groups;
    for (uint32_t node = 0; node < config->nodes; node++)
        x->peers[node].is_node = true;
    add_slots(x);
    *exchange = &x->exchange;
    return ERR_OK;
}
