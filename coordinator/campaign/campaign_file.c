// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/campaign_file.h"

#include <string.h>
#include <unistd.h>

#include "coordinator/campaign/sweep_options.h"
#include "coordinator/machine/fields.h"
#include "coordinator/run/find.h"
#include "proto/base/assert.h"

struct campaign_text {
    char name[NAME_MAX_BYTES];
    struct value questions;
};

static const struct field campaign_fields[] = {
    {"campaign", read_name, offsetof(struct campaign_text, name), REQUIRED, 0, 0, 0, 0},
    {"questions", read_later, offsetof(struct campaign_text, questions), REQUIRED, 0, 0, 0, 0},
};

struct question_text {
    char name[NAME_MAX_BYTES], scenario[PATH_MAX_BYTES];
    struct value over, seeds, set, metrics, against;
};

#define LATER(key, presence)                                                                                 \
    {                                                                                                        \
#key, read_later, offsetof(struct question_text, key), presence, 0, 0, 0, 0                          \
    }
static const struct field question_fields[] = {
    {"name", read_name, offsetof(struct question_text, name), REQUIRED, 0, 0, 0, 0},
    {"scenario", read_string, offsetof(struct question_text, scenario), REQUIRED, 0, 0, 0, 0},
    LATER(over, REQUIRED),
    LATER(seeds, OPTIONAL),
    LATER(set, OPTIONAL),
    LATER(metrics, OPTIONAL),
    LATER(against, OPTIONAL),
};

// A scalar, or a list of scalars with commas between them.
static enum err_code join(struct value v, char *text, size_t size, struct err *err)
{
    size_t used = 0;
    unsigned n = value_is_list(v) ? value_length(v) : 1;
    text[0] = '\0';
    for (unsigned i = 0; i < n; i++) {
        const char *one = value_text(value_is_list(v) ? list_at(v, i) : v);
        if (!one)
            return value_fail(v, ERR_BAD_VALUE, err, "must be values such as 1..32 or [1, 2, 4]");
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", one);
        if (used >= size)
            return value_fail(v, ERR_LIMIT, err, "longer than %zu characters; write a range", size - 1);
    }
    return ERR_OK;
}

typedef enum err_code part_reader(struct question *question, const char *text, struct err *err);

static enum err_code add_setting(struct question *question, const char *text, struct err *err)
{
    return settings_add(&question->settings, text, err);
}

// Reads {NAME: VALUES ...} as "NAME=VALUES" texts.
static enum err_code read_pairs(struct value mapping, part_reader *read, struct question *q, struct err *err)
{
    if (value_present(mapping) && !value_is_mapping(mapping))
        return value_fail(mapping, ERR_BAD_VALUE, err, "must be a mapping such as {cpus: 1..32}");
    for (unsigned i = 0; i < value_length(mapping); i++) {
        struct value key = mapping_key_at(mapping, i);
        char values[8192], text[sizeof values + SETTING_NAME_SIZE + 2];
        struct err why;
        if (join(mapping_get(mapping, value_text(key)), values, sizeof values, err))
            return err->code;
        snprintf(text, sizeof text, "%.*s=%s", SETTING_NAME_SIZE, value_text(key), values);
        if (read(q, text, &why))
            return value_fail(key, ERR_BAD_VALUE, err, "%.400s", why.text);
    }
    return ERR_OK;
}

static enum err_code read_texts(struct value v, part_reader *read, struct question *q, struct err *err)
{
    unsigned n = value_is_list(v) ? value_length(v) : value_present(v);
    for (unsigned i = 0; i < n; i++) {
        struct value one = value_is_list(v) ? list_at(v, i) : v;
        struct err why;
        if (!value_text(one))
            return value_fail(one, ERR_BAD_VALUE, err, "must be a single value");
        if (read(q, value_text(one), &why))
            return value_fail(one, ERR_BAD_VALUE, err, "%.400s", why.text);
    }
    return ERR_OK;
}

// A path beside the campaign's file, or what a run would find.
static enum err_code locate(struct question *q, const char *campaign, const char *name, struct err *err)
{
    const char *slash = strrchr(campaign, '/');
    int n = snprintf(q->scenario, sizeof q->scenario, "%.*s%s", slash ? (int)(slash - campaign + 1) : 0,
                     campaign, name);
    if (name[0] != '/' && n < (int)sizeof q->scenario && access(q->scenario, R_OK) == 0)
        return ERR_OK;
    return find_scenario(name, q->scenario, err);
}

static enum err_code read_question(struct campaign *campaign, struct value v, const char *path,
                                   struct err *err)
{
    struct question_text text = {0};
    struct question *q = &campaign->questions[campaign->n++];
    enum err_code code = fields_read(v, question_fields, NP_ARRAY_LEN(question_fields), &text, err);
    if (code)
        return code;
    strcpy(q->name, text.name);
    for (uint32_t i = 0; i + 1 < campaign->n; i++)
        if (strcmp(campaign->questions[i].name, q->name) == 0)
            return value_fail(v, ERR_BAD_VALUE, err, "there are two questions '%s'; rename one", q->name);
    if (locate(q, path, text.scenario, err) || read_pairs(text.over, question_add_axis, q, err) ||
        read_pairs(text.set, add_setting, q, err) || read_texts(text.seeds, question_set_seeds, q, err) ||
        read_texts(text.metrics, question_add_metric, q, err) ||
        read_texts(text.against, question_set_against, q, err))
        return err->code;
    struct err why;
    return question_check(q, &why) ? value_fail(v, ERR_BAD_VALUE, err, "%.400s", why.text) : ERR_OK;
}

enum err_code campaign_read(struct campaign *campaign, const char *path, struct err *err)
{
    struct document document;
    struct campaign_text text = {0};
    *campaign = (struct campaign){0};
    err_clear(err);
    if (document_read_file(&document, path, err))
        return err->code;
    enum err_code code =
        fields_read(document_root(&document), campaign_fields, NP_ARRAY_LEN(campaign_fields), &text, err);
    strcpy(campaign->name, text.name);
    if (!code && (!value_is_list(text.questions) || value_length(text.questions) == 0))
        code = value_fail(text.questions, ERR_BAD_VALUE, err,
                          "must be a list of questions, each with '- name:'");
    if (!code && value_length(text.questions) > QUESTIONS_MAX)
        code = value_fail(text.questions, ERR_LIMIT, err, "more than %u questions", QUESTIONS_MAX);
    for (unsigned i = 0; !code && i < value_length(text.questions); i++)
        code = read_question(campaign, list_at(text.questions, i), path, err);
    document_free(&document);
    return code;
}

void campaign_free(struct campaign *campaign)
{
    for (uint32_t i = 0; i < campaign->n; i++)
        question_free(&campaign->questions[i]);
    campaign->n = 0;
}
