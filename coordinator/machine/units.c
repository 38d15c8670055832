// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/units.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

// 20 digits times the largest factor (2^40) stay far below 2^128.
#define DIGITS_MAX 20

struct suffix {
    enum unit_kind kind;
    const char *text;
    uint64_t factor; // base units in one of this unit
};

// Per kind from the largest unit to the smallest: unit_format takes the first that divides the value.
static const struct suffix suffixes[] = {
    {UNIT_COUNT, "", 1},
    {UNIT_SIZE, "TiB", UINT64_C(1) << 40},
    {UNIT_SIZE, "GiB", UINT64_C(1) << 30},
    {UNIT_SIZE, "MiB", UINT64_C(1) << 20},
    {UNIT_SIZE, "KiB", UINT64_C(1) << 10},
    {UNIT_SIZE, "", 1},
    {UNIT_SIZE, "B", 1},
    {UNIT_TIME, "s", UINT64_C(1000000000000)},
    {UNIT_TIME, "ms", UINT64_C(1000000000)},
    {UNIT_TIME, "us", UINT64_C(1000000)},
    {UNIT_TIME, "ns", UINT64_C(1000)},
    {UNIT_TIME, "ps", 1},
    {UNIT_FREQUENCY, "GHz", UINT64_C(1000000000)},
    {UNIT_FREQUENCY, "MHz", UINT64_C(1000000)},
    {UNIT_FREQUENCY, "kHz", UINT64_C(1000)},
    {UNIT_FREQUENCY, "Hz", 1},
    {UNIT_BANDWIDTH, "TB/s", UINT64_C(1000000000000)},
    {UNIT_BANDWIDTH, "GB/s", UINT64_C(1000000000)},
    {UNIT_BANDWIDTH, "MB/s", UINT64_C(1000000)},
    {UNIT_BANDWIDTH, "kB/s", UINT64_C(1000)},
    {UNIT_BANDWIDTH, "B/s", 1},
    {UNIT_SHARE, "%", 10},
};

static const char *const usage[] = {
    [UNIT_COUNT] = "not a whole number; write digits such as 100000, or 0x1f",
    [UNIT_SIZE] = "not a size; write bytes or a binary unit such as 64, 4KiB, 64MiB or 1GiB",
    [UNIT_TIME] = "not a time; write a number and ps, ns, us, ms or s, such as 212ns or 1.5us",
    [UNIT_FREQUENCY] = "not a frequency; write a number and Hz, kHz, MHz or GHz, such as 900MHz",
    [UNIT_BANDWIDTH] = "not a bandwidth; write a number and MB/s or GB/s, such as 4.8GB/s, or unlimited",
    [UNIT_SHARE] = "not a share; write a percentage such as 30%",
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *parse_hex(const char *digits, uint64_t *value)
{
    uint64_t v = 0;
    size_t n = 0;
    for (; hex_digit(digits[n]) >= 0; n++) {
        if (n == 16)
            return "too large; at most 16 hexadecimal digits";
        v = v << 4 | (uint64_t)hex_digit(digits[n]);
    }
    if (n == 0 || digits[n] != '\0')
        return "not a hexadecimal number; write 0x and digits such as 0x40000000";
    *value = v;
    return NULL;
}

// A decimal number: digits without the point, and the power of ten that they are to be divided by.
struct decimal {
    unsigned __int128 digits, divisor;
};

// Reads digits, at most one point among them. Returns what follows, or NULL when there is no number or too
// long a one.
static const char *parse_decimal(const char *text, struct decimal *out)
{
    *out = (struct decimal){0, 1};
    int digits = 0;
    bool point = false;
    for (; is_digit(*text) || (*text == '.' && !point && digits > 0); text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        if (++digits > DIGITS_MAX)
            return NULL;
        out->digits = out->digits * 10 + (unsigned)(*text - '0');
        if (point)
            out->divisor *= 10;
    }
    return digits == 0 || text[-1] == '.' ? NULL : text;
}

static const struct suffix *find_suffix(enum unit_kind kind, const char *text)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(suffixes); i++)
        if (suffixes[i].kind == kind && strcmp(suffixes[i].text, text) == 0)
            return &suffixes[i];
    return NULL;
}

static const char *bad_suffix(enum unit_kind kind, const char *suffix)
{
    static const char *const decimal_sizes[] = {"KB", "kB", "MB", "GB", "TB", "K", "k", "M", "G", "T"};
    for (size_t i = 0; kind == UNIT_SIZE && i < NP_ARRAY_LEN(decimal_sizes); i++)
        if (strcmp(suffix, decimal_sizes[i]) == 0)
            return "sizes are binary and say so; write KiB, MiB, GiB or TiB";
    return usage[kind];
}

const char *unit_parse(enum unit_kind kind, const char *text, uint64_t *value)
{
    if (kind == UNIT_BANDWIDTH && strcmp(text, "unlimited") == 0) {
        *value = 0;
        return NULL;
    }
    if ((kind == UNIT_COUNT || kind == UNIT_SIZE) && strncmp(text, "0x", 2) == 0)
        return parse_hex(text + 2, value);
    struct decimal number;
    const char *rest = parse_decimal(text, &number);
    if (!rest)
        return usage[kind];
    while (*rest == ' ')
        rest++;
    if (*rest == '\0' && number.digits == 0 && kind != UNIT_BANDWIDTH) {
        *value = 0;
        return NULL;
    }
    const struct suffix *suffix = find_suffix(kind, rest);
    if (!suffix)
        return bad_suffix(kind, rest);
    unsigned __int128 scaled = number.digits * suffix->factor;
    if (scaled % number.divisor != 0)
        return kind == UNIT_TIME ? "finer than a picosecond, the simulator's unit of time; round it yourself"
                                 : "not a whole number of the base unit; round it yourself";
    if (scaled / number.divisor > UINT64_MAX)
        return "too large for 64 bits; write a smaller number";
    *value = (uint64_t)(scaled / number.divisor);
    if (kind == UNIT_BANDWIDTH && *value == 0)
        return "nothing would ever arrive; write unlimited when no time is to be charged";
    return NULL;
}

const char *unit_format(enum unit_kind kind, uint64_t value, char text[UNIT_TEXT_SIZE])
{
    if (kind == UNIT_BANDWIDTH && value == 0)
        return strcpy(text, "unlimited");
    if (value == 0)
        return strcpy(text, "0");
    if (kind == UNIT_SHARE) {
        snprintf(text, UNIT_TEXT_SIZE, value % 10 ? "%" PRIu64 ".%" PRIu64 "%%" : "%" PRIu64 "%%", value / 10,
                 value % 10);
        return text;
    }
    for (size_t i = 0; i < NP_ARRAY_LEN(suffixes); i++) {
        const struct suffix *s = &suffixes[i];
        if (s->kind != kind || value % s->factor != 0)
            continue;
        snprintf(text, UNIT_TEXT_SIZE, "%" PRIu64 "%s", value / s->factor, s->text);
        break;
    }
    return text;
}

const char *unit_pretty_time(uint64_t ps, char text[UNIT_TEXT_SIZE])
{
    static const struct {
        uint64_t factor;
        const char *unit;
    } steps[] = {{UINT64_C(1000000000000), "s"}, {UINT64_C(1000000000), "ms"}, {UINT64_C(1000000), "us"}};
    for (size_t i = 0; i < NP_ARRAY_LEN(steps); i++) {
        uint64_t f = steps[i].factor;
        if (ps >= 10 * f) {
            snprintf(text, UNIT_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", ps / f, ps % f * 10 / f,
                     steps[i].unit);
            return text;
        }
    }
    snprintf(text, UNIT_TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " ns", ps / 1000, ps % 1000 / 100);
    return text;
}
