// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

// Bytes of the well-formed sequence (Unicode 15, table 3-7) at the beginning; 0: there is none.
static size_t sequence(const uint8_t *at, size_t n)
{
    uint8_t first = at[0];
    size_t length = first < 0x80                    ? 1
                    : first >= 0xc2 && first < 0xe0 ? 2
                    : first >= 0xe0 && first < 0xf0 ? 3
                    : first >= 0xf0 && first < 0xf5 ? 4
                                                    : 0;
    if (!first || !length || length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
        (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

char *utf8_clean(const uint8_t *bytes, size_t n)
{
    char *text = malloc(3 * n + 1), *to = text; // U+FFFD takes three
    NP_ASSERT(text);
    for (size_t i = 0; i < n;) {
        size_t length = sequence(bytes + i, n - i);
        memcpy(to, length ? (const char *)bytes + i : "\xef\xbf\xbd", length ? length : 3);
        to += length ? length : 3;
        i += length ? length : 1;
    }
    *to = '\0';
    return text;
}
