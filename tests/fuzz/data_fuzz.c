// SPDX-License-Identifier: Apache-2.0
// Any bytes as a data-plane message. The input lacks the checksum, which is added here: otherwise nothing but
// the checksum would ever be tested. What decodes must be taken whole, and must decode to the same when it is
// sent on.
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "proto/base/assert.h"
#include "proto/codec/data.h"

#define RUN UINT64_C(0x1122334455667788)

static struct data_codec *codec;
static struct bytes once, twice;

static bool decodes(const struct bytes *bytes, struct envelope *envelope)
{
    const char *reason;
    enum data_verdict verdict = data_decode(codec, bytes->data, bytes->size, RUN, envelope, &reason);
    NP_ASSERT((verdict == DATA_GOOD) == !reason);
    return verdict == DATA_GOOD;
}

static void send_grant_on(const struct envelope *envelope)
{
    struct envelope again;
    struct grant grant = {0}, back = {0};
    data_take_grant(codec, &grant);
    NP_ASSERT(!data_encode_grant(codec, envelope, &grant, &once, NULL) && decodes(&once, &again));
    data_take_grant(codec, &back);
    NP_ASSERT(!data_encode_grant(codec, &again, &back, &twice, NULL));
    grant_free(&grant);
    grant_free(&back);
}

static void send_batch_on(const struct envelope *envelope)
{
    struct envelope again;
    struct batch batch = {0}, back = {0};
    data_take_batch(codec, &batch);
    NP_ASSERT(!data_encode_batch(codec, envelope, &batch, &once, NULL) && decodes(&once, &again));
    data_take_batch(codec, &back);
    NP_ASSERT(!data_encode_batch(codec, &again, &back, &twice, NULL));
    batch_free(&batch);
    batch_free(&back);
}

static void send_signal_on(const struct envelope *envelope)
{
    struct envelope again;
    data_encode_signal(envelope, &once);
    NP_ASSERT(decodes(&once, &again));
    data_encode_signal(&again, &twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (!codec)
        codec = data_codec_new();
    // Of exactly this size on the heap, so that the sanitizer sees one byte too far.
    struct bytes message = {malloc(size + 9), size + 9, size + 9};
    uint64_t checksum = htole64(XXH3_64bits(input, size));
    if (size)
        memcpy(message.data, input, size);
    message.data[size] = 0x79;
    memcpy(message.data + size + 1, &checksum, sizeof checksum);
    struct envelope envelope;
    if (decodes(&message, &envelope)) {
        if (envelope.kind == DATA_GRANT)
            send_grant_on(&envelope);
        else if (envelope.kind == DATA_BATCH)
            send_batch_on(&envelope);
        else
            send_signal_on(&envelope);
        NP_ASSERT(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    }
    free(message.data);
    return 0;
}
