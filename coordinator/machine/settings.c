// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/fields.h"
#include "coordinator/machine/units.h"
#include "proto/base/assert.h"

#define NAMES_MAX 80 // suggested from

// Single values at the top of every scenario; a setting may add them.
static const char *const top_keys[] = {"seed", "until", "window"};

enum err_code setting_parse(struct setting *setting, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return err_set(err, ERR_USAGE, "--set %s: write NAME=VALUE, such as --set cpus=16", text);
    size_t name = (size_t)(equals - text);
    if (name >= sizeof setting->name || strlen(equals + 1) >= sizeof setting->value)
        return err_set(err, ERR_USAGE, "--set %.40s...: a name has at most %d characters, a value %d", text,
                       SETTING_NAME_SIZE - 1, SETTING_VALUE_SIZE - 1);
    snprintf(setting->name, sizeof setting->name, "%.*s", (int)name, text);
    snprintf(setting->value, sizeof setting->value, "%s", equals + 1);
    return ERR_OK;
}

enum err_code settings_add(struct settings *settings, const char *text, struct err *err)
{
    struct setting setting;
    if (setting_parse(&setting, text, err))
        return err->code;
    for (uint32_t i = 0; i < settings->n; i++)
        if (strcmp(settings->item[i].name, setting.name) == 0)
            return err_set(err, ERR_USAGE, "--set %s: %s is set twice; give it once", text, setting.name);
    if (settings->n == SETTINGS_MAX)
        return err_set(err, ERR_USAGE, "--set %s: more than %u of them", text, SETTINGS_MAX);
    settings->item[settings->n++] = setting;
    return ERR_OK;
}

// The scalar that stands for a setting. Its tag tells value_fail where it came from.
static int add_scalar(struct document *d, const char *text, struct value beside)
{
    const char tag[] = VALUE_TAG_SET;
    yaml_char_t value[SETTING_VALUE_SIZE];
    memcpy(value, text, strlen(text) + 1);
    int node = yaml_document_add_scalar(&d->yaml, (const yaml_char_t *)tag, value, (int)strlen(text),
                                        YAML_PLAIN_SCALAR_STYLE);
    NP_ASSERT(node != 0); // there is memory for one value
    yaml_node_t *added = yaml_document_get_node(&d->yaml, node);
    added->start_mark = yaml_document_get_node(&d->yaml, beside.node)->start_mark;
    return node;
}

static yaml_node_pair_t *find_pair(struct value mapping, const char *key)
{
    yaml_node_t *node = value_node(mapping);
    for (unsigned i = 0; i < value_length(mapping); i++) {
        yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
        if (strcmp(value_text((struct value){mapping.document, pair->key}), key) == 0)
            return pair;
    }
    return NULL;
}

// The entry of a list that `step` addresses; length of the list when there is none.
static unsigned find_entry(struct value list, const char *step)
{
    unsigned n = value_length(list);
    uint64_t index;
    for (unsigned i = 0; i < n; i++)
        if (value_is(mapping_get(list_at(list, i), "name"), step))
            return i;
    return unit_parse(UNIT_COUNT, step, &index) == NULL && index < n ? (unsigned)index : n;
}

static enum err_code refuse(const struct document *d, const struct setting *setting, const char *step,
                            const char *const *names, size_t n, struct err *err)
{
    char list[ERR_TEXT_SIZE / 2] = "", q[QUOTED_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list - 1; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    const char *best = nearest(step, names, n);
    return err_set(err, ERR_USAGE, "--set %s=%s: %s has no %s; %s%s%sknown are: %s", setting->name,
                   setting->value, d->name, quoted(step, q), best ? "did you mean " : "", best ? best : "",
                   best ? "? " : "", list[0] ? list : "none");
}

static enum err_code refuse_in_list(const struct document *d, const struct setting *setting, const char *step,
                                    struct value list, struct err *err)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < value_length(list) && n < NAMES_MAX; i++) {
        const char *name = value_text(mapping_get(list_at(list, i), "name"));
        if (name)
            names[n++] = name;
    }
    if (n > 0)
        return refuse(d, setting, step, names, n, err);
    return err_set(err, ERR_USAGE, "--set %s=%s: '%s' is no entry of a list of %u; count them from 0",
                   setting->name, setting->value, step, value_length(list));
}

// What a person may have meant by a name without dots: parameters, and keys at the top.
static enum err_code refuse_at_top(const struct document *d, const struct setting *setting, const char *step,
                                   struct err *err)
{
    const char *names[PARAMETERS_MAX + NP_ARRAY_LEN(top_keys) + 1];
    size_t n = 0;
    struct value parameters = mapping_get(document_root(d), "parameters");
    for (unsigned i = 0; i < value_length(parameters) && n < PARAMETERS_MAX; i++)
        names[n++] = value_text(mapping_key_at(parameters, i));
    for (size_t i = 0; i < NP_ARRAY_LEN(top_keys); i++)
        names[n++] = top_keys[i];
    if (strchr(setting->name, '.'))
        names[n++] = "systems";
    return refuse(d, setting, step, names, n, err);
}

static bool may_be_added(struct value mapping, const char *key, bool last)
{
    if (mapping.node != 1)
        return true; // the reader knows the keys, and suggests the nearest
    for (size_t i = 0; last && i < NP_ARRAY_LEN(top_keys); i++)
        if (strcmp(top_keys[i], key) == 0)
            return true;
    return false;
}

// One step down a mapping. At the last step the key gets the setting's value, whatever stood there.
static enum err_code step_key(struct document *d, const struct setting *setting, const char *step, bool last,
                              struct value *at, struct err *err)
{
    yaml_node_pair_t *pair = find_pair(*at, step);
    if (!pair && !may_be_added(*at, step, last))
        return refuse_at_top(d, setting, step, err);
    if (pair && !last) {
        at->node = pair->value;
        return ERR_OK;
    }
    int child = last ? add_scalar(d, setting->value, *at)
                     : yaml_document_add_mapping(&d->yaml, NULL, YAML_BLOCK_MAPPING_STYLE);
    NP_ASSERT(child);
    if (pair) {
        find_pair(*at, step)->value = child; // adding may have moved the nodes
    } else {
        yaml_document_get_node(&d->yaml, child)->start_mark = value_node(*at)->start_mark;
        int key = add_scalar(d, step, *at);
        NP_ASSERT(yaml_document_append_mapping_pair(&d->yaml, at->node, key, child));
    }
    at->node = child;
    return ERR_OK;
}

static enum err_code step_entry(struct document *d, const struct setting *setting, const char *step,
                                bool last, struct value *at, struct err *err)
{
    unsigned index = find_entry(*at, step);
    if (index == value_length(*at))
        return refuse_in_list(d, setting, step, *at, err);
    if (last) {
        int child = add_scalar(d, setting->value, *at);
        value_node(*at)->data.sequence.items.start[index] = child;
        at->node = child;
    } else {
        at->node = list_at(*at, index).node;
    }
    return ERR_OK;
}

static enum err_code set_path(struct document *d, const struct setting *setting, struct err *err)
{
    struct value at = document_root(d);
    char path[SETTING_NAME_SIZE];
    strcpy(path, setting->name);
    for (char *step = path; step;) {
        char *dot = strchr(step, '.');
        if (dot)
            *dot = '\0';
        enum err_code code = ERR_OK;
        if (value_is_mapping(at))
            code = step_key(d, setting, step, !dot, &at, err);
        else if (value_is_list(at))
            code = step_entry(d, setting, step, !dot, &at, err);
        else
            code = err_set(err, ERR_USAGE, "--set %s=%s: '%s' lies below a single value (line %u of %s)",
                           setting->name, setting->value, step, value_line(at), d->name);
        if (code)
            return code;
        step = dot ? dot + 1 : NULL;
    }
    return ERR_OK;
}

static enum err_code check_parameters(struct value parameters, struct err *err)
{
    if (!value_present(parameters))
        return ERR_OK;
    if (!value_is_mapping(parameters))
        return value_fail(parameters, ERR_BAD_VALUE, err, "must be a mapping such as {cpus: 8, locks: 4}");
    if (value_length(parameters) > PARAMETERS_MAX)
        return value_fail(parameters, ERR_LIMIT, err, "more than %u parameters", PARAMETERS_MAX);
    for (unsigned i = 0; i < value_length(parameters); i++) {
        struct value key = mapping_key_at(parameters, i);
        struct value v = mapping_get(parameters, value_text(key));
        if (check_name(key, err))
            return err->code;
        const char *text = value_text(v);
        if (!text || text[0] == '$')
            return value_fail(v, ERR_BAD_VALUE, err,
                              "a parameter has a single value of its own, such as 8 or 4MiB");
        if (strlen(text) >= SETTING_VALUE_SIZE)
            return value_fail(v, ERR_LIMIT, err, "longer than %d characters", SETTING_VALUE_SIZE - 1);
    }
    return ERR_OK;
}

static enum err_code apply(struct document *d, const struct setting *setting, struct err *err)
{
    struct value parameters = mapping_get(document_root(d), "parameters");
    if (!value_is_mapping(parameters) || !find_pair(parameters, setting->name))
        return set_path(d, setting, err);
    int node = add_scalar(d, setting->value, mapping_get(parameters, setting->name));
    find_pair(parameters, setting->name)->value = node;
    return ERR_OK;
}

static void collect(struct value mapping, struct parameter *parameters, uint32_t *n)
{
    *n = value_length(mapping);
    for (unsigned i = 0; i < *n; i++) {
        struct value key = mapping_key_at(mapping, i);
        struct parameter *p = &parameters[i];
        p->used = false;
        snprintf(p->name, sizeof p->name, "%s", value_text(key));
        snprintf(p->value, sizeof p->value, "%s", value_text(mapping_get(mapping, p->name)));
    }
}

// Replaces text and tag of a scalar; both are the library's, which allocates with malloc.
static void put_text(struct value v, const char *text, const char *tag)
{
    yaml_node_t *node = value_node(v);
    char *copy = strdup(text), *tag_copy = tag ? strdup(tag) : NULL;
    NP_ASSERT(copy && (tag_copy || !tag));
    free(node->data.scalar.value);
    node->data.scalar.value = (yaml_char_t *)copy;
    node->data.scalar.length = strlen(copy);
    if (tag) {
        free(node->tag);
        node->tag = (yaml_char_t *)tag_copy;
    }
}

static bool is_name(const char *text)
{
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
    return text[0] && !strchr("0123456789.-", text[0]) && text[strspn(text, others)] == '\0';
}

static enum err_code refuse_use(struct value v, const char *name, const struct parameter *parameters,
                                uint32_t n, struct err *err)
{
    const char *names[PARAMETERS_MAX];
    for (uint32_t i = 0; i < n; i++)
        names[i] = parameters[i].name;
    if (n == 0)
        return value_fail(v, ERR_UNKNOWN_KEY, err,
                          "there are no parameters; declare parameters: {%s: VALUE}, or write $$%s for the "
                          "text itself",
                          name, name);
    return fail_not_one_of(v, ERR_UNKNOWN_KEY, err, "parameter", name, names, n);
}

// Where a plain value uses a parameter: it is $NAME or WORD=$NAME. Returns its '$', NULL when there is none.
static const char *find_use(struct value v)
{
    const yaml_node_t *node = value_node(v);
    const char *text = value_text(v), *equals = text ? strchr(text, '=') : NULL;
    char word[NAME_MAX_BYTES];
    if (!text || node->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
        node->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
        return NULL;
    if (text[0] == '$' || !equals || equals[1] != '$' || equals - text >= (ptrdiff_t)sizeof word)
        return text[0] == '$' ? text : NULL;
    snprintf(word, sizeof word, "%.*s", (int)(equals - text), text);
    return is_name(word) ? equals + 1 : NULL;
}

// Puts `with` where the use in a value begins.
static void replace_use(struct value v, const char *use, const char *with, const char *tag)
{
    char whole[PATH_MAX_BYTES];
    const char *text = value_text(v);
    int n = snprintf(whole, sizeof whole, "%.*s%s", (int)(use - text), text, with);
    if (n < (int)sizeof whole)
        put_text(v, whole, tag);
}

// One value of the document: a use of a parameter becomes what that is.
static enum err_code substitute(struct value v, struct parameter *parameters, uint32_t n, struct err *err)
{
    const char *use = find_use(v);
    if (use && use[1] == '$' && is_name(use + 2))
        replace_use(v, use, use + 1, NULL);
    else if (use && is_name(use + 1)) {
        for (uint32_t i = 0; i < n; i++)
            if (strcmp(parameters[i].name, use + 1) == 0) {
                char tag[NAME_MAX_BYTES + 1];
                snprintf(tag, sizeof tag, "%s", use);
                parameters[i].used = true;
                replace_use(v, use, parameters[i].value, tag);
                return ERR_OK;
            }
        return refuse_use(v, use + 1, parameters, n, err);
    }
    return ERR_OK;
}

enum err_code settings_apply(struct document *document, const struct settings *settings,
                             struct parameter *parameters, uint32_t *n_parameters, struct err *err)
{
    *n_parameters = 0;
    struct value root = document_root(document);
    if (!value_is_mapping(root) || check_parameters(mapping_get(root, "parameters"), err))
        return value_is_mapping(root) ? err->code : ERR_OK; // the reader refuses what is no mapping
    for (uint32_t i = 0; settings && i < settings->n; i++)
        if (apply(document, &settings->item[i], err))
            return err->code;
    if (settings && settings->n && document_index(document, err))
        return err->code;
    collect(mapping_get(root, "parameters"), parameters, n_parameters);
    for (int node = 1; node <= document_nodes(document); node++) {
        struct value v = {document, node};
        if (!value_is_key(v) && substitute(v, parameters, *n_parameters, err))
            return err->code;
    }
    return ERR_OK;
}
