// SPDX-License-Identifier: Apache-2.0
// Words, memory and texts of the control API.
#include "proto/codec/api.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec/api_wire.h"

// The words of one list, and the two ways between them and their numbers.
#define WORDS(list, count, stem, type)                                                                       \
    static const char *const stem##_words[count] = {list(WORD)};                                             \
    const char *api_##stem##_word(type value)                                                                \
    {                                                                                                        \
        return (unsigned)value < (count) ? stem##_words[value] : "?";                                        \
    }                                                                                                        \
    bool api_##stem##_of(const char *word, type *value)                                                      \
    {                                                                                                        \
        for (unsigned i = 0; i < (count); i++) {                                                             \
            if (strcmp(stem##_words[i], word) == 0) {                                                        \
                *value = (type)i;                                                                            \
                return true;                                                                                 \
            }                                                                                                \
        }                                                                                                    \
        return false;                                                                                        \
    }
#define WORD(name, word) [name] = word,

WORDS(API_ROLES, API_ROLE_COUNT, role, enum api_role)
WORDS(API_VERBS, API_VERB_COUNT, verb, enum api_verb)
WORDS(API_LEVELS, API_LEVEL_COUNT, level, enum api_level)
WORDS(API_POSITIONS, API_POSITION_COUNT, position, enum api_position)
WORDS(API_PACES, API_PACE_COUNT, pace, enum api_pace_kind)

void api_command_init(struct api_command *command, enum api_verb verb)
{
    *command = (struct api_command){.verb = verb, .level = verb == API_DELETE ? API_UNASSIGN : API_CONFIGURE};
}

// Length of the UTF-8 character that begins here, 0 when none does: no control characters, no overlong forms,
// no surrogates, nothing beyond U+10FFFF (RFC 3629).
static size_t character(const unsigned char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (s[0] < 0x80)
        return s[0] >= ' ' && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    uint32_t code = s[0] & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fU);
    }
    bool control = code < 0xa0;
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && !control ? n : 0;
}

enum err_code api_text(char *to, size_t size, const char *from, const char *what, struct err *err)
{
    const unsigned char *s = (const unsigned char *)from;
    for (size_t at = 0, n; s[at]; at += n) {
        n = character(s + at);
        if (n == 0)
            return REFUSE(err, "%s has a byte 0x%02x at %zu, which is no text", what, s[at], at);
    }
    return wire_text(to, size, from, what, err);
}

char *api_clean(struct arena *arena, const char *text, size_t max)
{
    char *copy = arena_text(arena, text, max);
    for (unsigned char *s = (unsigned char *)copy; *s;) {
        size_t n = character(s);
        if (n == 0)
            *s = '?';
        s += n ? n : 1;
    }
    return copy;
}

char *api_code_to_wire(const struct err *outcome, struct arena *arena)
{
    return arena_text(arena, outcome->code ? err_id(outcome->code) : "", NAME_MAX_BYTES);
}

enum err_code api_outcome_from_wire(const char *id, const char *text, struct err *to, struct err *err)
{
    to->code = id[0] ? err_code_of_id(id) : ERR_OK;
    if (id[0] && to->code == ERR_OK)
        return REFUSE(err, "an error that is none");
    return api_text(to->text, sizeof to->text, text, "text", err);
}

void *api_new(size_t count, size_t size)
{
    void *items = calloc(count ? count : 1, size);
    NP_ASSERT(items);
    return items;
}

void api_snapshot_init(struct api_snapshot *snapshot, uint32_t systems, uint32_t partitions, uint32_t boards,
                       uint32_t operations)
{
    snapshot->n_systems = systems;
    snapshot->n_partitions = partitions;
    snapshot->n_boards = boards;
    snapshot->n_operations = operations;
    snapshot->systems = api_new(systems, sizeof *snapshot->systems);
    snapshot->partitions = api_new(partitions, sizeof *snapshot->partitions);
    snapshot->boards = api_new(boards, sizeof *snapshot->boards);
    snapshot->operations = api_new(operations, sizeof *snapshot->operations);
}

void api_sample_init(struct api_sample *sample, uint32_t partitions, uint32_t boards)
{
    sample->n_partitions = partitions;
    sample->n_boards = boards;
    uint64_t *sums = api_new(2 * (size_t)partitions + (5 + (size_t)boards) * boards, sizeof *sums);
    uint64_t **const columns[] = {&sample->partition_time_ps,    &sample->partition_accesses,
                                  &sample->board_accesses,       &sample->board_work,
                                  &sample->board_egress_busy_ps, &sample->board_ingress_busy_ps,
                                  &sample->board_time_ps,        &sample->sent_bytes};
    for (unsigned i = 0; i < NP_ARRAY_LEN(columns); i++) {
        *columns[i] = sums;
        sums += i < 2 ? partitions : boards;
    }
}

void api_series_init(struct api_series *series, uint32_t partitions)
{
    series->n_partitions = partitions;
    series->lines = api_new(partitions, sizeof *series->lines);
}

void api_snapshot_copy(struct api_snapshot *to, const struct api_snapshot *from)
{
    *to = *from;
    api_snapshot_init(to, from->n_systems, from->n_partitions, from->n_boards, from->n_operations);
    memcpy(to->systems, from->systems, from->n_systems * sizeof *to->systems);
    memcpy(to->partitions, from->partitions, from->n_partitions * sizeof *to->partitions);
    memcpy(to->boards, from->boards, from->n_boards * sizeof *to->boards);
    memcpy(to->operations, from->operations, from->n_operations * sizeof *to->operations);
}

void api_sample_copy(struct api_sample *to, const struct api_sample *from)
{
    *to = *from;
    api_sample_init(to, from->n_partitions, from->n_boards);
    memcpy(to->partition_time_ps, from->partition_time_ps,
           (2 * (size_t)from->n_partitions + (5 + (size_t)from->n_boards) * from->n_boards) *
               sizeof(uint64_t));
}

void api_request_free(struct api_request *request)
{
    free(request->domains);
    memset(request, 0, sizeof *request);
}

void api_snapshot_free(struct api_snapshot *snapshot)
{
    free(snapshot->systems);
    free(snapshot->partitions);
    free(snapshot->boards);
    free(snapshot->operations);
    *snapshot = (struct api_snapshot){0};
}

void api_sample_free(struct api_sample *sample)
{
    free(sample->partition_time_ps); // the first column holds them all
    *sample = (struct api_sample){0};
}

void api_series_free(struct api_series *series)
{
    free(series->lines);
    *series = (struct api_series){0};
}

void api_reply_free(struct api_reply *reply)
{
    api_series_free(&reply->series);
    api_snapshot_free(&reply->snapshot);
    api_sample_free(&reply->sample);
    free(reply->events);
    free(reply->console);
    *reply = (struct api_reply){0};
}
