// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/api_last.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

static const char head[] = "numaplex-control-end 1\n";

void api_last_begin(FILE *out)
{
    fputs(head, out);
}

enum err_code api_last_put(FILE *out, const struct api_reply *reply, struct err *err)
{
    struct bytes bytes = {0};
    enum err_code code = api_reply_encode(reply, &bytes, err);
    if (!code) {
        uint32_t n = (uint32_t)bytes.size;
        const uint8_t size[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
        fwrite(size, 1, sizeof size, out);
        fwrite(bytes.data, 1, bytes.size, out);
    }
    bytes_free(&bytes);
    return code;
}

enum err_code api_last_open(FILE *in, struct err *err)
{
    char begin[sizeof head - 1];
    if (fread(begin, 1, sizeof begin, in) == sizeof begin && memcmp(begin, head, sizeof begin) == 0)
        return ERR_OK;
    return err_set(err, ERR_DAMAGED_MESSAGE, "it does not begin as this version writes it");
}

static enum err_code read_reply(FILE *in, uint32_t size, struct api_reply *reply, struct err *err)
{
    if (size > API_REPLY_BYTES_MAX)
        return err_set(err, ERR_DAMAGED_MESSAGE, "a part of %u bytes", size);
    uint8_t *data = malloc(size + 1u);
    NP_ASSERT(data);
    enum err_code code = fread(data, 1, size, in) == size
                             ? api_reply_decode(data, size, reply, err)
                             : err_set(err, ERR_DAMAGED_MESSAGE, "it ends within a part");
    free(data);
    return code;
}

enum err_code api_last_get(FILE *in, struct api_reply *reply, bool *got, struct err *err)
{
    uint8_t size[4];
    size_t n = fread(size, 1, sizeof size, in);
    *got = false;
    if (n == 0 && feof(in))
        return ERR_OK;
    if (n < sizeof size)
        return err_set(err, ERR_DAMAGED_MESSAGE, "it ends within a length");
    if (read_reply(in, size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 | (uint32_t)size[3] << 24,
                   reply, err))
        return err->code;
    *got = true;
    return ERR_OK;
}
