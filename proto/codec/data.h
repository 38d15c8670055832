// SPDX-License-Identifier: Apache-2.0
// The data plane's messages: grants, batches and the few signals around them, to bytes and back. One encoded
// message is an envelope (who, which run, which grant), a body of columns, and a checksum over all of it. The
// form is that of proto/schema/data.proto; this is the only file of the data plane that others need to
// include.
#ifndef NP_PROTO_CODEC_DATA_H
#define NP_PROTO_CODEC_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/message.h"
#include "proto/codec/bytes.h"

#define DATA_VERSION 2u // of the encoded form; a peer of another version is refused

enum data_kind {
    DATA_GRANT,
    DATA_BATCH,
    DATA_ASK,     // conductor: what became of grant `seq`?
    DATA_BUSY,    // member: grant `seq` is here and not finished
    DATA_HELLO,   // either: I am here. From a member as answer to ASK: I never saw that grant; `seq` was the
                  // last
    DATA_BYE,     // conductor: the run is over
    DATA_BYE_ACK, // member: so I heard; conductor, in answer: I heard that you heard
    DATA_KIND_COUNT
};
const char *data_kind_name(unsigned kind); // "grant"; "?" beyond the last kind

struct envelope {
    uint64_t run;   // id of the run, drawn at its start
    uint32_t epoch; // of the run: which conductor speaks
    enum data_kind kind;
    uint32_t group; // below PARTITIONS_MAX; 0 for signals that concern no group (HELLO, BYE, BYE_ACK)
    uint32_t
        member;   // index in the group; the node's number for signals that concern no group. Below NODES_MAX
    uint64_t seq; // of the grant; 0 for signals that concern none
};

// What decoding found.
enum data_verdict {
    DATA_GOOD,
    DATA_DAMAGED,   // the checksum is wrong: the host lost something on the way; drop, count, ask again
    DATA_FOREIGN,   // of another run: drop and count
    DATA_IMPOSSIBLE // of this run and whole, and yet it says what no correct peer says (ERR_DAMAGED_MESSAGE)
};

// Scratch memory for both directions, reused from message to message: after a few messages nothing is
// allocated any more. One per thread.
struct data_codec;
struct data_codec *data_codec_new(void);
void data_codec_free(struct data_codec *codec); // NULL is allowed

// Encode replaces the content of `out`. Group, epoch and sequence are taken from the envelope, not from the
// body. ERR_LIMIT when the result would exceed MESSAGES_MAX or WIRE_BYTES_MAX. A body that data_decode would
// call impossible is the caller's mistake: where that is cheap to see (data missing or where none belongs) it
// is asserted.
enum err_code data_encode_grant(struct data_codec *codec, const struct envelope *envelope,
                                const struct grant *grant, struct bytes *out, struct err *err);
enum err_code data_encode_batch(struct data_codec *codec, const struct envelope *envelope,
                                const struct batch *batch, struct bytes *out, struct err *err);
void data_encode_signal(const struct envelope *envelope, struct bytes *out);

// Checks everything there is to check about `size` bytes from outside and reads the envelope. *reason (a
// constant string) says why a message is not DATA_GOOD. Memory used is bounded by a small multiple of `size`.
enum data_verdict data_decode(struct data_codec *codec, const uint8_t *bytes, size_t size, uint64_t run,
                              struct envelope *envelope, const char **reason);

// Fill in the body of the message that data_decode just called good; they replace what the lists held and
// cannot fail. Valid until the codec is used again. Group, epoch, sequence (and a batch's member) come from
// the envelope.
void data_take_grant(struct data_codec *codec, struct grant *grant);
void data_take_batch(struct data_codec *codec, struct batch *batch);

#endif
