// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/member_wire.h"

#include <stdlib.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define HELLO_FIRST (20 * NS_PER_MS) // until the conductor is there; doubles up to
#define HELLO_MAX   NS_PER_S
#define PARTING_NS  (200 * NS_PER_MS) // a node that heard BYE stays so long to make that known

enum grant_state { ANSWERED, WAITING, EXECUTING };

// One group of which this node holds a member.
struct share {
    enum grant_state state;
    uint32_t member;    // index in the group, as the conductor calls us
    bool asked;         // and not yet told that we are busy
    struct grant grant; // the last one; its seq is 0 before the first
    struct bytes batch; // answer to it, encoded, kept for those who ask again
    struct share *next; // in the queue of waiting grants
};

struct member_wire {
    struct wire wire;
    uint32_t node;
    uint64_t silence_ns;
    uint64_t hello_at, hello_interval;
    uint64_t silent;            // time waited since the last sign of the conductor
    bool asked;                 // some share is
    bool ended;                 // BYE has come
    bool confirmed;             // and the conductor knows that it has
    struct share *first, *last; // grants that wait for execution, in order of arrival
    struct share *shares[PARTITIONS_MAX];
};

static enum err_code signal_group(struct member_wire *w, enum data_kind kind, const struct share *share,
                                  struct err *err)
{
    return wire_signal(&w->wire, 0, kind, share->grant.group, share->member, share->grant.seq, err);
}

static enum err_code signal_node(struct member_wire *w, enum data_kind kind, struct err *err)
{
    return wire_signal(&w->wire, 0, kind, 0, w->node, 0, err);
}

static struct share *share_of(struct member_wire *w, uint32_t group)
{
    struct share **share = &w->shares[group];
    if (!*share) {
        *share = calloc(1, sizeof **share);
        NP_ASSERT(*share);
        (*share)->grant.group = group;
    }
    return *share;
}

static void enqueue(struct member_wire *w, struct share *share)
{
    share->state = WAITING;
    share->next = NULL;
    if (w->first)
        w->last->next = share;
    else
        w->first = share;
    w->last = share;
}

// The grant that we have comes again, or is asked after.
static enum err_code repeat_answer(struct member_wire *w, struct share *share, struct err *err)
{
    if (share->state != ANSWERED) {
        share->asked = w->asked = true;
        return ERR_OK;
    }
    w->wire.stats->resends++;
    return wire_send(&w->wire, 0, &share->batch, err);
}

static enum err_code hear_grant(struct member_wire *w, const struct envelope *envelope, struct err *err)
{
    struct share *share = share_of(w, envelope->group);
    if (envelope->seq <= share->grant.seq) {
        w->wire.stats->duplicates++;
        return envelope->seq == share->grant.seq ? repeat_answer(w, share, err) : ERR_OK;
    }
    if (share->state != ANSWERED)
        return err_set(err, ERR_DAMAGED_MESSAGE,
                       "group %u: grant %llu has come before grant %llu was answered", envelope->group,
                       (unsigned long long)envelope->seq, (unsigned long long)share->grant.seq);
    share->member = envelope->member;
    data_take_grant(w->wire.codec, &share->grant);
    enqueue(w, share);
    return ERR_OK;
}

static enum err_code hear_ask(struct member_wire *w, const struct envelope *envelope, struct err *err)
{
    struct share *share = share_of(w, envelope->group);
    if (envelope->seq == share->grant.seq && envelope->seq)
        return repeat_answer(w, share, err);
    return envelope->seq < share->grant.seq ? ERR_OK : signal_node(w, DATA_HELLO, err); // never seen: send it
}

static enum err_code hear(struct member_wire *w, const struct envelope *envelope, struct err *err)
{
    w->silent = 0;
    w->hello_interval = HELLO_MAX;
    w->hello_at = wire_now(&w->wire) + HELLO_MAX;
    switch (envelope->kind) {
    case DATA_GRANT:
        return hear_grant(w, envelope, err);
    case DATA_ASK:
        return hear_ask(w, envelope, err);
    case DATA_HELLO:
        return ERR_OK;
    case DATA_BYE:
        w->ended = true;
        return signal_node(w, DATA_BYE_ACK, err);
    case DATA_BYE_ACK:
        w->confirmed = true;
        return ERR_OK;
    default:
        return err_set(err, ERR_DAMAGED_MESSAGE, "a message that no conductor sends: %s",
                       data_kind_name(envelope->kind));
    }
}

static enum err_code answer_busy(struct member_wire *w, struct err *err)
{
    enum err_code code = ERR_OK;
    for (uint32_t group = 0; group < PARTITIONS_MAX && w->asked && !code; group++) {
        struct share *share = w->shares[group];
        if (!share || !share->asked)
            continue;
        share->asked = false;
        if (share->state != ANSWERED)
            code = signal_group(w, DATA_BUSY, share, err);
    }
    w->asked = false;
    return code;
}

// Waits for one message until `until` at most and acts on it.
static enum err_code listen(struct member_wire *w, uint64_t until, uint64_t *now, bool *got, struct err *err)
{
    uint32_t peer;
    struct envelope envelope;
    enum err_code code = wire_receive(&w->wire, until > *now ? until - *now : 0, got, &peer, &envelope, err);
    uint64_t received = wire_now(&w->wire);
    w->wire.stats->waiting_ns += received - *now;
    *now = received;
    if (!code && *got)
        code = hear(w, &envelope, err);
    return code;
}

// Says HELLO when its time has come: to a conductor that is not there yet, or that has been silent for a
// while.
static enum err_code say_hello(struct member_wire *w, uint64_t now, struct err *err)
{
    if (now < w->hello_at)
        return ERR_OK;
    if (w->silent >= w->silence_ns)
        return err_set(err, ERR_TIMEOUT, "no sign of the conductor for %llu s; is its process alive?",
                       (unsigned long long)(w->silent / NS_PER_S));
    w->silent += w->hello_interval;
    w->hello_interval = 2 * w->hello_interval < HELLO_MAX ? 2 * w->hello_interval : HELLO_MAX;
    w->hello_at = now + w->hello_interval;
    return signal_node(w, DATA_HELLO, err);
}

enum err_code member_wire_open(struct member_wire **wire, struct link *link,
                               const struct member_wire_config *config, struct err *err)
{
    NP_ASSERT(config->node < NODES_MAX);
    struct member_wire *w = calloc(1, sizeof *w);
    NP_ASSERT(w);
    wire_open(&w->wire, link, config->run, config->epoch, &config->clock, config->stats);
    w->node = config->node;
    w->silence_ns = config->silence_us ? config->silence_us * NS_PER_US : UINT64_MAX;
    w->hello_interval = HELLO_FIRST;
    enum err_code code = say_hello(w, wire_now(&w->wire), err);
    if (code) {
        member_wire_close(w);
        w = NULL;
    }
    *wire = w;
    return code;
}

static struct grant *dequeue(struct member_wire *w)
{
    struct share *share = w->first;
    w->first = share->next;
    share->state = EXECUTING;
    return &share->grant;
}

enum err_code member_wire_receive(struct member_wire *w, int64_t timeout_us, struct grant **grant,
                                  struct err *err)
{
    uint64_t now = wire_now(&w->wire);
    uint64_t end = wire_deadline(now, timeout_us);
    bool got = true;
    *grant = NULL;
    while (!w->first && !w->ended && (got || now < end)) {
        enum err_code code = say_hello(w, now, err);
        if (!code)
            code = listen(w, w->hello_at < end ? w->hello_at : end, &now, &got, err);
        if (!code && !got) // one answer to all who asked
            code = answer_busy(w, err);
        if (code)
            return code;
    }
    if (w->first && !w->ended)
        *grant = dequeue(w);
    return answer_busy(w, err);
}

enum err_code member_wire_reply(struct member_wire *w, struct batch *batch, struct err *err)
{
    struct share *share = batch->group < PARTITIONS_MAX ? w->shares[batch->group] : NULL;
    NP_ASSERT(share && share->state == EXECUTING && batch->seq == share->grant.seq);
    uint64_t start = wire_now(&w->wire);
    batch->member = share->member;
    batch->epoch = w->wire.epoch;
    struct envelope envelope = {w->wire.run,  w->wire.epoch, DATA_BATCH,
                                batch->group, batch->member, batch->seq};
    enum err_code code = data_encode_batch(w->wire.codec, &envelope, batch, &share->batch, err);
    if (!code)
        code = wire_send(&w->wire, 0, &share->batch, err);
    if (code)
        return code;
    share->state = ANSWERED;
    message_list_clear(&batch->messages);
    frame_list_clear(&batch->frames);
    w->wire.stats->exchanging_ns += wire_now(&w->wire) - start;
    return ERR_OK;
}

enum err_code member_wire_busy(struct member_wire *w, struct err *err)
{
    bool got;
    uint64_t now = wire_now(&w->wire);
    do {
        enum err_code code = listen(w, 0, &now, &got, err);
        if (code)
            return code;
    } while (got);
    return answer_busy(w, err);
}

bool member_wire_ended(const struct member_wire *w)
{
    return w->ended;
}

// Until the conductor confirms, it may not have our acknowledgement and say BYE again.
static void part(struct member_wire *w)
{
    uint64_t now = wire_now(&w->wire), end = now + PARTING_NS;
    bool got;
    while (!w->confirmed && now < end)
        if (listen(w, end, &now, &got, NULL))
            return;
}

void member_wire_close(struct member_wire *w)
{
    if (!w)
        return;
    if (w->ended)
        part(w);
    wire_close(&w->wire);
    for (uint32_t group = 0; group < PARTITIONS_MAX; group++) {
        struct share *share = w->shares[group];
        if (!share)
            continue;
        grant_free(&share->grant);
        bytes_free(&share->batch);
        free(share);
    }
    free(w);
}
