// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

#define GROUPED_BELOW 1e15

static const char point_of[LANGUAGE_COUNT] = {[LANG_EN] = '.', [LANG_DE] = ','};
static const char group_of[LANGUAGE_COUNT] = {[LANG_EN] = ',', [LANG_DE] = '.'};

// Puts the language's point and groups into a number as C writes it.
static const char *localized(enum language language, const char *plain, char text[NUMBER_TEXT_SIZE])
{
    size_t n = 0;
    if (*plain == '-')
        text[n++] = *plain++;
    size_t before = strspn(plain, "0123456789"), group = strchr(plain, 'e') ? SIZE_MAX : 3;
    for (size_t i = 0; plain[i] && n + 2 < NUMBER_TEXT_SIZE; i++) {
        if (i && i < before && (before - i) % group == 0)
            text[n++] = group_of[language];
        text[n++] = plain[i];
        if (i >= before && plain[i] == '.')
            text[n - 1] = point_of[language];
    }
    text[n] = '\0';
    return text;
}

const char *number_count(enum language language, uint64_t value, char text[NUMBER_TEXT_SIZE])
{
    char plain[NUMBER_TEXT_SIZE];
    snprintf(plain, sizeof plain, "%" PRIu64, value);
    return localized(language, plain, text);
}

const char *number_fixed(enum language language, double value, unsigned decimals, char text[NUMBER_TEXT_SIZE])
{
    char plain[NUMBER_TEXT_SIZE];
    if (fabs(value) < GROUPED_BELOW)
        snprintf(plain, sizeof plain, "%.*f", (int)decimals, value);
    else
        snprintf(plain, sizeof plain, "%.3e", value);
    if (plain[0] == '-' && strspn(plain, "-0.") == strlen(plain))
        memmove(plain, plain + 1, strlen(plain)); // -0.0 is 0.0 to a reader
    return localized(language, plain, text);
}

const char *number_short(enum language language, double value, unsigned digits, char text[NUMBER_TEXT_SIZE])
{
    char plain[NUMBER_TEXT_SIZE];
    snprintf(plain, sizeof plain, "%.*g", (int)digits, value);
    if (isfinite(value) && fabs(value) < GROUPED_BELOW && strchr(plain, 'e') && fabs(value) >= 1)
        snprintf(plain, sizeof plain, "%.0f", value); // large, and still readable in full
    return localized(language, plain, text);
}

const char *number_time(enum language language, uint64_t ps, char text[NUMBER_TEXT_SIZE])
{
    static const struct {
        double ps;
        const char *name;
    } units[] = {{1e12, " s"}, {1e9, " ms"}, {1e6, " µs"}, {1e3, " ns"}, {1, " ps"}};
    size_t i = 0;
    while (i + 1 < NP_ARRAY_LEN(units) && (double)ps < units[i].ps)
        i++;
    number_fixed(language, (double)ps / units[i].ps, units[i].ps > 1, text);
    return strcat(text, units[i].name);
}

const char *number_bytes(enum language language, uint64_t bytes, char text[NUMBER_TEXT_SIZE])
{
    static const char *const names[] = {" B", " KiB", " MiB", " GiB", " TiB"};
    size_t i = 0;
    double value = (double)bytes;
    for (; value >= 1024 && i + 1 < NP_ARRAY_LEN(names); i++)
        value /= 1024;
    number_fixed(language, value, i > 0, text);
    return strcat(text, names[i]);
}

const char *number_share(enum language language, uint64_t part, uint64_t whole, char text[NUMBER_TEXT_SIZE])
{
    if (whole == 0)
        return strcpy(text, "–");
    number_fixed(language, 100.0 * (double)part / (double)whole, 1, text);
    return strcat(text, " %");
}
