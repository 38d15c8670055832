// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/random.h"

#include <limits.h>
#include <string.h>

#include "hmc/web/openssl.h"
#include "proto/base/assert.h"

void random_bytes(void *to, size_t n)
{
    NP_ASSERT(n <= INT_MAX);
    if (RAND_bytes(to, (int)n) != 1)
        np_panic("the host gives no random bytes, and the console cannot work without");
}

void hex_text(const uint8_t *bytes, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_bytes(const char *text, uint8_t *bytes, size_t n)
{
    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
