// SPDX-License-Identifier: Apache-2.0
// Any bytes, as a request and as a reply of the control API. What is accepted must survive being encoded and
// read again: then it obeys every limit.
#include <stdint.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/codec/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_request(const uint8_t *data, size_t size)
{
    struct api_request request, again;
    struct bytes first = {0}, second = {0};
    struct err err;
    if (api_request_decode(data, size, &request, &err)) {
        NP_ASSERT(err.code == ERR_REQUEST && err.text[0] && !request.domains && request.kind == API_NONE);
        return;
    }
    NP_ASSERT(api_request_encode(&request, &first, &err) == ERR_OK);
    NP_ASSERT(api_request_decode(first.data, first.size, &again, &err) == ERR_OK);
    NP_ASSERT(api_request_encode(&again, &second, &err) == ERR_OK);
    NP_ASSERT(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    api_request_free(&request);
    api_request_free(&again);
    bytes_free(&first);
    bytes_free(&second);
}

static void as_reply(const uint8_t *data, size_t size)
{
    struct api_reply reply, again;
    struct bytes first = {0}, second = {0};
    struct err err;
    if (api_reply_decode(data, size, &reply, &err)) {
        NP_ASSERT(err.code == ERR_DAMAGED_MESSAGE && err.text[0] && !reply.events && !reply.console);
        return;
    }
    if (api_reply_encode(&reply, &first, &err) == ERR_OK) { // else it took less room than it takes here
        NP_ASSERT(api_reply_decode(first.data, first.size, &again, &err) == ERR_OK);
        NP_ASSERT(api_reply_encode(&again, &second, &err) == ERR_OK);
        NP_ASSERT(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        api_reply_free(&again);
    }
    api_reply_free(&reply);
    bytes_free(&first);
    bytes_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_request(data, size);
    as_reply(data, size);
    return 0;
}
