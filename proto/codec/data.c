// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/data.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"
#include "proto/codec/data_columns.h"

typedef Numaplex__Data__Envelope wire_envelope;
typedef Numaplex__Data__Grant wire_grant;
typedef Numaplex__Data__Batch wire_batch;

#define CHECKSUM_TAG  0x79 // field 15, fixed64
#define CHECKSUM_SIZE 9    // tag and value
#define HEAD_BOUND    128  // no envelope without lists is longer

// What a decoded message may use: a column's one-byte entry becomes eight bytes; generated structs and
// alignment come on top.
#define DECODE_BASE   4096u
#define DECODE_FACTOR 8u

struct data_codec {
    struct arena arena;
    struct envelope envelope;  // of the message decoded last
    const wire_envelope *wire; // in the arena
};

static const char *const kind_names[DATA_KIND_COUNT] = {"grant", "batch", "ask",    "busy",
                                                        "hello", "bye",   "bye-ack"};

const char *data_kind_name(unsigned kind)
{
    return kind < DATA_KIND_COUNT ? kind_names[kind] : "?";
}

static enum data_kind kind_of_signal(Numaplex__Data__Signal signal)
{
    return (enum data_kind)(DATA_ASK + (int)signal - NUMAPLEX__DATA__SIGNAL__ASK);
}

struct data_codec *data_codec_new(void)
{
    struct data_codec *codec = calloc(1, sizeof *codec);
    NP_ASSERT(codec);
    arena_init(&codec->arena, SIZE_MAX);
    return codec;
}

void data_codec_free(struct data_codec *codec)
{
    if (!codec)
        return;
    arena_free(&codec->arena);
    free(codec);
}

// Packs, then appends the checksum by hand: its place at the very end and its presence even when it is 0 are
// what makes it checkable before parsing.
static void pack(const struct envelope *envelope, wire_envelope *wire, size_t bound, struct bytes *out)
{
    wire->version = DATA_VERSION;
    wire->run = envelope->run;
    wire->epoch = envelope->epoch;
    wire->group = envelope->group;
    wire->member = envelope->member;
    wire->seq = envelope->seq;
    if (out->capacity < bound)
        bytes_resize(out, bound + bound / 2);
    size_t size = protobuf_c_message_pack(&wire->base, out->data);
    uint64_t checksum = htole64(XXH3_64bits(out->data, size));
    out->data[size] = CHECKSUM_TAG;
    memcpy(out->data + size + 1, &checksum, sizeof checksum);
    out->size = size + CHECKSUM_SIZE;
    NP_ASSERT(out->size <= bound);
}

static enum err_code check_limits(const struct message_list *messages, const struct frame_list *frames,
                                  size_t bound, struct err *err)
{
    if (messages->n > MESSAGES_MAX || frames->n > MESSAGES_MAX)
        return err_set(err, ERR_LIMIT,
                       "%u messages and %u frames in one grant, at most %u of each can be sent", messages->n,
                       frames->n, MESSAGES_MAX);
    if (bound > WIRE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a grant's messages take up to %zu bytes, at most %u can be sent",
                       bound, WIRE_BYTES_MAX);
    return ERR_OK;
}

enum err_code data_encode_grant(struct data_codec *codec, const struct envelope *envelope,
                                const struct grant *grant, struct bytes *out, struct err *err)
{
    size_t bound = HEAD_BOUND + message_columns_bound(&grant->arrivals) + frame_columns_bound(&grant->frames);
    enum err_code code = check_limits(&grant->arrivals, &grant->frames, bound, err);
    if (code)
        return code;
    arena_reset(&codec->arena, SIZE_MAX);
    wire_envelope wire = NUMAPLEX__DATA__ENVELOPE__INIT;
    wire_grant body = NUMAPLEX__DATA__GRANT__INIT;
    message_columns messages = NUMAPLEX__DATA__MESSAGES__INIT;
    frame_columns frames = NUMAPLEX__DATA__FRAMES__INIT;
    body.until = grant->until;
    if (grant->arrivals.n) {
        message_columns_build(&messages, &codec->arena, &grant->arrivals);
        body.arrivals = &messages;
    }
    if (grant->frames.n) {
        frame_columns_build(&frames, &codec->arena, &grant->frames);
        body.frames = &frames;
    }
    wire.body_case = NUMAPLEX__DATA__ENVELOPE__BODY_GRANT;
    wire.grant = &body;
    pack(envelope, &wire, bound, out);
    return ERR_OK;
}

enum err_code data_encode_batch(struct data_codec *codec, const struct envelope *envelope,
                                const struct batch *batch, struct bytes *out, struct err *err)
{
    size_t bound = HEAD_BOUND + message_columns_bound(&batch->messages) +
                   frame_columns_bound(&batch->frames) + batch->reports.n * (size_t)10;
    enum err_code code = check_limits(&batch->messages, &batch->frames, bound, err);
    if (code)
        return code;
    arena_reset(&codec->arena, SIZE_MAX);
    wire_envelope wire = NUMAPLEX__DATA__ENVELOPE__INIT;
    wire_batch body = NUMAPLEX__DATA__BATCH__INIT;
    message_columns messages = NUMAPLEX__DATA__MESSAGES__INIT;
    frame_columns frames = NUMAPLEX__DATA__FRAMES__INIT;
    body.reached = batch->reached;
    body.idle = SIM_NEVER - batch->bound;
    body.accesses = batch->accesses;
    body.events = batch->events;
    body.running = batch->running;
    body.n_reports = batch->reports.n < REPORTS_WAITING_MAX ? batch->reports.n : REPORTS_WAITING_MAX;
    body.reports = batch->reports.items; // only read
    if (batch->messages.n) {
        message_columns_build(&messages, &codec->arena, &batch->messages);
        body.messages = &messages;
    }
    if (batch->frames.n) {
        frame_columns_build(&frames, &codec->arena, &batch->frames);
        body.frames = &frames;
    }
    wire.body_case = NUMAPLEX__DATA__ENVELOPE__BODY_BATCH;
    wire.batch = &body;
    pack(envelope, &wire, bound, out);
    return ERR_OK;
}

void data_encode_signal(const struct envelope *envelope, struct bytes *out)
{
    NP_ASSERT(envelope->kind >= DATA_ASK && envelope->kind < DATA_KIND_COUNT);
    wire_envelope wire = NUMAPLEX__DATA__ENVELOPE__INIT;
    wire.body_case = NUMAPLEX__DATA__ENVELOPE__BODY_SIGNAL;
    wire.signal = (Numaplex__Data__Signal)((int)envelope->kind - DATA_ASK + NUMAPLEX__DATA__SIGNAL__ASK);
    pack(envelope, &wire, HEAD_BOUND, out);
}

static bool checksum_holds(const uint8_t *bytes, size_t size, uint64_t *checksum)
{
    if (size < CHECKSUM_SIZE || bytes[size - CHECKSUM_SIZE] != CHECKSUM_TAG)
        return false;
    memcpy(checksum, bytes + size - sizeof *checksum, sizeof *checksum);
    *checksum = le64toh(*checksum);
    return *checksum == XXH3_64bits(bytes, size - CHECKSUM_SIZE);
}

static const char *grant_invalid(const wire_grant *grant)
{
    if (!grant || grant->base.n_unknown_fields)
        return "an unknown field";
    const char *reason = message_columns_invalid(grant->arrivals);
    return reason ? reason : frame_columns_invalid(grant->frames);
}

static const char *batch_invalid(const wire_batch *batch)
{
    if (!batch || batch->base.n_unknown_fields)
        return "an unknown field";
    if (batch->running > BOARDS_MAX * CPUS_PER_BOARD_MAX)
        return "more running CPUs than there can be";
    if (batch->n_reports > REPORTS_WAITING_MAX)
        return "more waiting reports than are told";
    for (size_t i = 1; i < batch->n_reports; i++)
        if (batch->reports[i] < batch->reports[i - 1])
            return "reports out of order";
    const char *reason = message_columns_invalid(batch->messages);
    return reason ? reason : frame_columns_invalid(batch->frames);
}

static const char *body_invalid(const wire_envelope *wire, enum data_kind *kind)
{
    switch (wire->body_case) {
    case NUMAPLEX__DATA__ENVELOPE__BODY_GRANT:
        *kind = DATA_GRANT;
        return wire->seq == 0 ? "a grant without a sequence" : grant_invalid(wire->grant);
    case NUMAPLEX__DATA__ENVELOPE__BODY_BATCH:
        *kind = DATA_BATCH;
        return wire->seq == 0 ? "a batch without a sequence" : batch_invalid(wire->batch);
    case NUMAPLEX__DATA__ENVELOPE__BODY_SIGNAL:
        *kind = kind_of_signal(wire->signal);
        return *kind >= DATA_ASK && *kind < DATA_KIND_COUNT ? NULL : "an unknown signal";
    default:
        return "no body";
    }
}

static const char *envelope_invalid(const wire_envelope *wire, enum data_kind *kind)
{
    if (wire->version != DATA_VERSION)
        return "another version of the protocol";
    if (wire->base.n_unknown_fields)
        return "an unknown field";
    if (wire->group >= PARTITIONS_MAX)
        return "an impossible group";
    if (wire->member >= NODES_MAX)
        return "an impossible member";
    return body_invalid(wire, kind);
}

enum data_verdict data_decode(struct data_codec *codec, const uint8_t *bytes, size_t size, uint64_t run,
                              struct envelope *envelope, const char **reason)
{
    codec->wire = NULL;
    *reason = NULL;
    uint64_t checksum;
    if (!checksum_holds(bytes, size, &checksum)) {
        *reason = "a wrong checksum";
        return DATA_DAMAGED;
    }
    *reason = "more bytes than a message may have";
    if (size > WIRE_BYTES_MAX)
        return DATA_IMPOSSIBLE;
    arena_reset(&codec->arena, DECODE_BASE + DECODE_FACTOR * size);
    const wire_envelope *wire = numaplex__data__envelope__unpack(&codec->arena.allocator, size, bytes);
    *reason = "not of the protocol's form";
    if (!wire || wire->checksum != checksum) // else its bytes at the end belong to some other field
        return DATA_IMPOSSIBLE;
    *reason = "another run";
    if (wire->run != run)
        return DATA_FOREIGN;
    *envelope = (struct envelope){wire->run, wire->epoch, DATA_GRANT, wire->group, wire->member, wire->seq};
    *reason = envelope_invalid(wire, &envelope->kind);
    if (*reason)
        return DATA_IMPOSSIBLE;
    codec->envelope = *envelope;
    codec->wire = wire;
    return DATA_GOOD;
}

void data_take_grant(struct data_codec *codec, struct grant *grant)
{
    NP_ASSERT(codec->wire && codec->envelope.kind == DATA_GRANT);
    const wire_grant *body = codec->wire->grant;
    grant->group = codec->envelope.group;
    grant->epoch = codec->envelope.epoch;
    grant->seq = codec->envelope.seq;
    grant->until = body->until;
    message_columns_take(body->arrivals, &grant->arrivals);
    frame_columns_take(body->frames, &grant->frames);
}

void data_take_batch(struct data_codec *codec, struct batch *batch)
{
    NP_ASSERT(codec->wire && codec->envelope.kind == DATA_BATCH);
    const wire_batch *body = codec->wire->batch;
    batch->group = codec->envelope.group;
    batch->epoch = codec->envelope.epoch;
    batch->member = codec->envelope.member;
    batch->seq = codec->envelope.seq;
    batch->reached = body->reached;
    batch->bound = SIM_NEVER - body->idle;
    batch->accesses = body->accesses;
    batch->events = body->events;
    batch->running = body->running;
    batch->reports.n = 0;
    for (size_t i = 0; i < body->n_reports; i++)
        time_list_add(&batch->reports, body->reports[i]);
    message_columns_take(body->messages, &batch->messages);
    frame_columns_take(body->frames, &batch->frames);
}
