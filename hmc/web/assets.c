// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/assets.h"

#include <stdio.h>
#include <string.h>

#include "hmc/web/exchange.h"
#include "hmc/web/openssl.h"
#include "hmc/web/random.h"
#include "proto/base/assert.h"

const struct asset *asset_find(const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (size_t i = 0; i < n_assets; i++)
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    return NULL;
}

static const char *type_of(const char *path)
{
    static const char *const rows[][2] = {
        {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
        {".json", "application/json"},         {".png", "image/png"}};
    const char *end = strrchr(path, '.');
    for (size_t i = 0; end && i < NP_ARRAY_LEN(rows); i++)
        if (strcmp(end, rows[i][0]) == 0)
            return rows[i][1];
    return "application/octet-stream";
}

// Browsers ask each time whether a file has changed: after an update of the program nobody sees an old page.
void asset_handle(struct exchange *exchange)
{
    const struct asset *asset = asset_find(exchange->in.path);
    uint8_t hash[SHA256_DIGEST_LENGTH];
    char tag[2 * 16 + 3] = "\"";
    NP_ASSERT(asset);
    SHA256((const unsigned char *)asset->bytes, *asset->size, hash);
    hex_text(hash, 16, tag + 1);
    strcat(tag, "\"");
    bool same = exchange->in.if_none_match && strcmp(exchange->in.if_none_match, tag) == 0;
    struct web_answer answer = {.status = same ? 304 : 200,
                                .type = same ? NULL : type_of(asset->path),
                                .body = same ? NULL : asset->bytes,
                                .body_bytes = same ? 0 : *asset->size,
                                .headers = {{"Cache-Control", "no-cache"}, {"ETag", tag}}};
    exchange_answer(exchange, &answer);
}
