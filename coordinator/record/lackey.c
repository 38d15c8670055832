// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/lackey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define NO_DIGIT 16

// One table look-up per digit: the text comes at tens of megabytes a second.
static const uint8_t hex_digit[256] = {
    [0 ... '0' - 1] = NO_DIGIT,
    ['0'] = 0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    ['9' + 1 ... 'A' - 1] = NO_DIGIT,
    ['A'] = 10,
    11,
    12,
    13,
    14,
    15,
    ['F' + 1 ... 'a' - 1] = NO_DIGIT,
    ['a'] = 10,
    11,
    12,
    13,
    14,
    15,
    ['f' + 1 ... 255] = NO_DIGIT,
};

char *lackey_room(struct lackey *lackey, size_t *bytes)
{
    memmove(lackey->text, lackey->text + lackey->at, lackey->filled - lackey->at);
    lackey->filled -= lackey->at;
    lackey->whole -= lackey->at;
    lackey->at = 0;
    if (lackey->filled == sizeof lackey->text)
        lackey->filled = 0; // a line of this length is none of ours; drop it
    *bytes = sizeof lackey->text - lackey->filled;
    return lackey->text + lackey->filled;
}

void lackey_add(struct lackey *lackey, size_t bytes)
{
    NP_ASSERT(bytes <= sizeof lackey->text - lackey->filled);
    lackey->filled += bytes;
    const char *start = lackey->text + lackey->at;
    const char *end = memrchr(start, '\n', lackey->filled - lackey->at);
    if (end)
        lackey->whole = (size_t)(end + 1 - lackey->text);
}

// "I  04001090,3\n": no number runs past the newline that lackey_add found. Returns the line's end, or NULL.
static const char *read_ref(const char *line, struct trace_ref *ref)
{
    if (line[0] == 'I')
        ref->kind = TRACE_FETCH;
    else if (line[0] == ' ' && line[1] == 'L')
        ref->kind = TRACE_LOAD;
    else if (line[0] == ' ' && line[1] == 'S')
        ref->kind = TRACE_STORE;
    else if (line[0] == ' ' && line[1] == 'M')
        ref->kind = TRACE_MODIFY;
    else
        return NULL;
    if ((line[0] == 'I' && line[1] != ' ') || line[2] != ' ')
        return NULL;
    const char *at = line + 3;
    uint64_t address = 0;
    for (uint8_t digit; (digit = hex_digit[(uint8_t)*at]) != NO_DIGIT; at++)
        address = address << 4 | digit;
    if (at == line + 3 || *at++ != ',')
        return NULL;
    unsigned size = 0;
    for (; *at >= '0' && *at <= '9' && size <= TRACE_SIZE_MAX; at++)
        size = 10 * size + (unsigned)(*at - '0');
    if (*at != '\n' || size == 0 || size > TRACE_SIZE_MAX || address > UINT64_MAX - size)
        return NULL;
    ref->address = address;
    ref->size = (uint16_t)size;
    return at;
}

// Any other line; it is terminated with a NUL in place of its newline.
static enum lackey_event read_other(struct lackey *lackey, const char *line)
{
    const char *found = strstr(line, "SCHED[");
    if (found && strstr(found, "acquired lock")) {
        lackey->thread = (uint32_t)strtoul(found + strlen("SCHED["), NULL, 10);
        return LACKEY_THREAD;
    }
    found = strstr(line, "== Command: ");
    if (found && line[0] == '=') {
        snprintf(lackey->command, sizeof lackey->command, "%s", found + strlen("== Command: "));
        return LACKEY_COMMAND;
    }
    if (line[0] != '=' && line[0] != '-' && line[0])
        snprintf(lackey->remark, sizeof lackey->remark, "%s", line);
    return LACKEY_NEEDS_TEXT;
}

enum lackey_event lackey_next(struct lackey *lackey)
{
    while (lackey->at < lackey->whole) {
        char *line = lackey->text + lackey->at;
        const char *end = read_ref(line, &lackey->ref);
        if (NP_LIKELY(end != NULL)) {
            lackey->at = (size_t)(end + 1 - lackey->text);
            return LACKEY_REF;
        }
        char *newline = memchr(line, '\n', lackey->whole - lackey->at);
        *newline = '\0';
        lackey->at = (size_t)(newline + 1 - lackey->text);
        enum lackey_event event = read_other(lackey, line);
        if (event != LACKEY_NEEDS_TEXT)
            return event;
    }
    return LACKEY_NEEDS_TEXT;
}
