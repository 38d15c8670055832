// SPDX-License-Identifier: Apache-2.0
#include "proto/base/digest.h"

#include <stdio.h>

struct digest digest_combine(const struct digest *parts, size_t n)
{
    struct archive ar;
    ar_init_hash(&ar);
    for (size_t i = 0; i < n; i++) {
        uint64_t words[2] = {parts[i].low, parts[i].high};
        ar_bytes(&ar, words, sizeof words);
    }
    struct digest digest = ar_digest(&ar);
    ar_free(&ar);
    return digest;
}

void digest_text(struct digest digest, char text[DIGEST_TEXT_SIZE])
{
    snprintf(text, DIGEST_TEXT_SIZE, "%016llx%016llx", (unsigned long long)digest.high,
             (unsigned long long)digest.low);
}
