// SPDX-License-Identifier: Apache-2.0
// Any bytes, as a control message, an envelope, a machine description and results. What is accepted must
// survive being encoded and read again: then it obeys every limit.
#include <stdint.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/codec/control.h"
#include "proto/codec/control_envelope.h"
#include "proto/codec/machine.h"
#include "proto/codec/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_control(const uint8_t *data, size_t size)
{
    struct control control, again;
    struct bytes first = {0}, second = {0};
    struct err err;
    if (control_decode(data, size, &control, &err)) {
        NP_ASSERT(err.text[0] && control.kind == CONTROL_NONE);
        return;
    }
    // Not ERR_OK: the input took less room than this program takes for the same message, and that is too
    // much.
    if (control_encode(&control, &first, &err) == ERR_OK) {
        NP_ASSERT(control_decode(first.data, first.size, &again, &err) == ERR_OK);
        NP_ASSERT(control_encode(&again, &second, &err) == ERR_OK);
        NP_ASSERT(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        control_free(&again);
    }
    control_free(&control);
    bytes_free(&first);
    bytes_free(&second);
}

static void as_envelope(const uint8_t *data, size_t size)
{
    struct control_envelope envelope;
    struct bytes body = {0};
    struct err err;
    if (control_envelope_decode(data, size, &envelope, &body, &err) == ERR_OK && envelope.size)
        as_control(envelope.body, envelope.size);
    bytes_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine machine;
    struct results results;
    struct err err;
    as_control(data, size);
    as_envelope(data, size);
    if (machine_decode(data, size, &machine, &err) == ERR_OK)
        NP_ASSERT(!machine_invalid(&machine));
    machine_free(&machine);
    if (results_decode(data, size, &results, &err) == ERR_OK)
        NP_ASSERT(results.n_boards <= BOARDS_MAX);
    results_free(&results);
    return 0;
}
