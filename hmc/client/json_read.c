// SPDX-License-Identifier: Apache-2.0
// What consoles send as JSON: commands and paces.
#include <string.h>

#include "hmc/client/json.h"
#include "proto/base/assert.h"

#define REFUSE_KEY(err, key, what) err_set((err), ERR_REQUEST, "request: \"%.30s\" %s", (key), (what))

static enum err_code read_text(const json_t *value, const char *key, char *to, size_t size, struct err *err)
{
    if (json_is_null(value))
        return ERR_OK;
    const char *text = json_string_value(value);
    if (!text || json_string_length(value) != strlen(text))
        return REFUSE_KEY(err, key, "is no text");
    if (strlen(text) >= size)
        return REFUSE_KEY(err, key, "is too long");
    memcpy(to, text, strlen(text) + 1);
    return ERR_OK;
}

static enum err_code read_flag(const json_t *value, const char *key, bool *to, struct err *err)
{
    if (!json_is_boolean(value))
        return REFUSE_KEY(err, key, "is neither true nor false");
    *to = json_is_true(value);
    return ERR_OK;
}

static enum err_code read_number(const json_t *value, const char *key, uint64_t *to, struct err *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return REFUSE_KEY(err, key, "is no whole number from 0 up");
    *to = (uint64_t)json_integer_value(value);
    return ERR_OK;
}

// A word of one of the lists of proto/codec/api.h.
#define READ_WORD(stem, type)                                                                                \
    static enum err_code read_##stem(const json_t *value, const char *key, type *to, struct err *err)        \
    {                                                                                                        \
        const char *word = json_string_value(value);                                                         \
        return word && api_##stem##_of(word, to) ? ERR_OK                                                    \
                                                 : REFUSE_KEY(err, key, "is no word that is known");         \
    }
READ_WORD(verb, enum api_verb)
READ_WORD(level, enum api_level)
READ_WORD(position, enum api_position)
READ_WORD(pace, enum api_pace_kind)

static enum err_code read_command(const char *key, const json_t *value, struct api_command *to,
                                  struct err *err)
{
    if (strcmp(key, "verb") == 0)
        return ERR_OK; // read first: it has the level that is usual
    if (strcmp(key, "board") == 0)
        return read_text(value, key, to->board, sizeof to->board, err);
    if (strcmp(key, "partition") == 0)
        return read_text(value, key, to->partition, sizeof to->partition, err);
    if (strcmp(key, "name") == 0)
        return read_text(value, key, to->name, sizeof to->name, err);
    if (strcmp(key, "level") == 0)
        return read_level(value, key, &to->level, err);
    if (strcmp(key, "position") == 0)
        return read_position(value, key, &to->position, err);
    if (strcmp(key, "on") == 0)
        return read_flag(value, key, &to->on, err);
    if (strcmp(key, "force") == 0)
        return read_flag(value, key, &to->force, err);
    return REFUSE_KEY(err, key, "is no key of a command");
}

// Jansson's walk over an object, without its macro, which casts constness away.
#define FOR_EACH(object, iterator)                                                                           \
    for (void *iterator = json_object_iter((object)); iterator;                                              \
         iterator = json_object_iter_next((object), iterator))

enum err_code api_command_of_json(const json_t *from, struct api_command *command, struct err *err)
{
    enum api_verb verb;
    err_clear(err);
    if (!json_is_object(from))
        return err_set(err, ERR_REQUEST, "request: a command is an object");
    if (read_verb(json_object_get(from, "verb"), "verb", &verb, err))
        return err->code;
    api_command_init(command, verb);
    json_t *object = json_copy((json_t *)(uintptr_t)from); // only reads; the iterator's type has no const
    NP_ASSERT(object);
    FOR_EACH(object, i)
    if (read_command(json_object_iter_key(i), json_object_iter_value(i), command, err))
        break;
    json_decref(object);
    return err->code;
}

static enum err_code read_pace_key(const char *key, const json_t *value, struct api_pace *to, struct err *err)
{
    if (strcmp(key, "pace") == 0)
        return read_pace(value, key, &to->kind, err);
    if (strcmp(key, "step_ps") == 0)
        return read_number(value, key, &to->step_ps, err);
    if (strcmp(key, "ps_per_s") == 0)
        return read_number(value, key, &to->ps_per_s, err);
    return REFUSE_KEY(err, key, "is no key of a pace");
}

enum err_code api_pace_of_json(const json_t *from, struct api_pace *pace, struct err *err)
{
    err_clear(err);
    *pace = (struct api_pace){0};
    if (!json_is_object(from) || !json_object_get(from, "pace"))
        return err_set(err, ERR_REQUEST, "request: a pace is an object with a key \"pace\"");
    json_t *object = json_copy((json_t *)(uintptr_t)from);
    NP_ASSERT(object);
    FOR_EACH(object, i)
    if (read_pace_key(json_object_iter_key(i), json_object_iter_value(i), pace, err))
        break;
    json_decref(object);
    return err->code;
}
