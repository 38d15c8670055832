// SPDX-License-Identifier: Apache-2.0
// Looking at the values of a document, and refusing them.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/machine/document.h"
#include "proto/base/assert.h"

yaml_node_t *value_node(struct value v)
{
    if (!v.node)
        return NULL;
    // The library's accessor takes a document that is not const, and changes nothing in it.
    union {
        const yaml_document_t *in;
        yaml_document_t *out;
    } document = {.in = &v.document->yaml};
    return yaml_document_get_node(document.out, v.node);
}

struct value document_root(const struct document *document)
{
    return (struct value){document, 1};
}

bool value_is_mapping(struct value v)
{
    return v.node && value_node(v)->type == YAML_MAPPING_NODE;
}

bool value_is_list(struct value v)
{
    return v.node && value_node(v)->type == YAML_SEQUENCE_NODE;
}

bool value_is_key(struct value v)
{
    return v.node && v.document->places[v.node].index < 0;
}

unsigned value_line(struct value v)
{
    return v.node ? (unsigned)value_node(v)->start_mark.line + 1 : 1;
}

const char *value_text(struct value v)
{
    const yaml_node_t *node = value_node(v);
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

bool value_is(struct value v, const char *word)
{
    const char *text = value_text(v);
    return text && strcmp(text, word) == 0;
}

unsigned value_length(struct value v)
{
    const yaml_node_t *node = value_node(v);
    if (node && node->type == YAML_SEQUENCE_NODE)
        return (unsigned)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (node && node->type == YAML_MAPPING_NODE)
        return (unsigned)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    return 0;
}

struct value list_at(struct value list, unsigned index)
{
    NP_ASSERT(value_is_list(list) && index < value_length(list));
    return (struct value){list.document, value_node(list)->data.sequence.items.start[index]};
}

struct value mapping_key_at(struct value mapping, unsigned index)
{
    NP_ASSERT(value_is_mapping(mapping) && index < value_length(mapping));
    return (struct value){mapping.document, value_node(mapping)->data.mapping.pairs.start[index].key};
}

struct value mapping_get(struct value mapping, const char *key)
{
    for (unsigned i = 0; value_is_mapping(mapping) && i < value_length(mapping); i++)
        if (strcmp(value_text(mapping_key_at(mapping, i)), key) == 0)
            return (struct value){mapping.document, value_node(mapping)->data.mapping.pairs.start[i].value};
    return (struct value){mapping.document, 0};
}

// Writes the path of a node into `out`, which holds `size` bytes; a path that is too long is cut at its end.
static size_t write_path(struct value v, char *out, size_t size)
{
    struct document_place place = v.document->places[v.node];
    if (place.parent == 0) {
        out[0] = '\0';
        return 0;
    }
    size_t used = write_path((struct value){v.document, place.parent}, out, size);
    char q[QUOTED_SIZE];
    int n = 0;
    if (place.key) {
        const char *key = value_text((struct value){v.document, place.key});
        quoted(key ? key : "?", q);
        q[strlen(q) - 1] = '\0'; // a path shows its keys without the quotes
        n = snprintf(out + used, size - used, "%s%s", used ? "." : "", q + 1);
    } else if (place.index >= 0) {
        n = snprintf(out + used, size - used, "[%d]", place.index);
    }
    size_t total = used + (size_t)n;
    return total < size ? total : size - 1;
}

const char *value_origin(struct value v, char out[QUOTED_SIZE])
{
    const yaml_node_t *node = value_node(v);
    const char *tag = node ? (const char *)node->tag : NULL;
    out[0] = '\0';
    if (tag && (tag[0] == '$' || strcmp(tag, VALUE_TAG_SET) == 0))
        snprintf(out, QUOTED_SIZE, " (%.40s)", tag);
    return out;
}

enum err_code value_fail(struct value v, enum err_code code, struct err *err, const char *fmt, ...)
{
    char what[ERR_TEXT_SIZE], path[DOCUMENT_PATH_SIZE] = "", origin[QUOTED_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (v.node && v.document->places)
        write_path(v, path, sizeof path);
    return err_set(err, code, "%s:%u: %s%s%s%s", v.document->name, value_line(v), path,
                   value_origin(v, origin), path[0] ? ": " : "", what);
}

const char *quoted(const char *text, char out[QUOTED_SIZE])
{
    size_t n = 0;
    out[n++] = '\'';
    for (const char *c = text; *c; c++) {
        if (n > QUOTED_SIZE - 6) {
            memcpy(out + n, "...", 3);
            n += 3;
            break;
        }
        out[n++] = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    }
    out[n++] = '\'';
    out[n] = '\0';
    return out;
}
