// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code read_all(int fd, size_t max, char **text, size_t *size, const char *path,
                              struct err *err)
{
    struct stat status;
    if (fstat(fd, &status))
        return err_errno(err, ERR_FILE, "%s", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_FILE, "%s: not a regular file; name a text file", path);
    if ((uint64_t)status.st_size > max)
        return err_set(err, ERR_LIMIT, "%s: more than %zu bytes; split it or remove what is not needed", path,
                       max);
    char *bytes = malloc(max + 1);
    if (!bytes)
        return err_set(err, ERR_MEMORY, "%s: no memory for %zu bytes", path, max);
    size_t n = 0;
    ssize_t got;
    while (n < max && (got = read(fd, bytes + n, max - n)) != 0) {
        if (got < 0 && errno != EINTR) {
            free(bytes);
            return err_errno(err, ERR_FILE, "%s", path);
        }
        n += got > 0 ? (size_t)got : 0;
    }
    bytes[n] = '\0';
    *text = bytes;
    *size = n;
    return ERR_OK;
}

enum err_code file_read(const char *path, size_t max, char **text, size_t *size, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "%s", path);
    enum err_code code = read_all(fd, max, text, size, path, err);
    close(fd);
    return code;
}

static enum err_code syntax_error(const struct document *d, const yaml_parser_t *parser, struct err *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(err, ERR_MEMORY, "%s: out of memory", d->name);
    size_t line = parser->error == YAML_READER_ERROR ? 1 : parser->problem_mark.line + 1;
    return err_set(err, ERR_SYNTAX,
                   "%s:%zu: not well-formed YAML: %s%s%s; check indentation, colons and brackets", d->name,
                   line, parser->context ? parser->context : "", parser->context ? ", " : "",
                   parser->problem ? parser->problem : "unreadable text");
}

static bool has_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return true;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL;
    default:
        return false;
    }
}

struct scan {
    int depth, nodes, documents;
};

// Counts one event; the tree is built only after the whole text has passed.
static enum err_code scan_event(const struct document *d, const yaml_event_t *event, struct scan *scan,
                                struct err *err)
{
    size_t line = event->start_mark.line + 1;
    bool opens = event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    bool closes = event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
    scan->depth += opens - closes;
    scan->nodes += opens || event->type == YAML_SCALAR_EVENT;
    scan->documents += event->type == YAML_DOCUMENT_START_EVENT;
    if (has_anchor(event))
        return err_set(err, ERR_SYNTAX, "%s:%zu: anchors and aliases are not read here; write the value out",
                       d->name, line);
    if (scan->depth > DOCUMENT_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "%s:%zu: nested deeper than %d levels; nothing here needs that",
                       d->name, line, DOCUMENT_DEPTH_MAX);
    if (scan->nodes > DOCUMENT_NODES_MAX)
        return err_set(err, ERR_LIMIT, "%s:%zu: more than %d values; use ranges such as SB0/0-3", d->name,
                       line, DOCUMENT_NODES_MAX);
    if (scan->documents > 1)
        return err_set(err, ERR_SYNTAX, "%s:%zu: a second document begins; one file holds one", d->name,
                       line);
    return ERR_OK;
}

static enum err_code scan_text(const struct document *d, const char *text, size_t size, struct err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_MEMORY, "%s: out of memory", d->name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    struct scan scan = {0};
    enum err_code code = ERR_OK;
    bool more = true;
    while (more && !code) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            code = syntax_error(d, &parser, err);
            break;
        }
        code = scan_event(d, &event, &scan, err);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (!code && scan.documents == 0)
        code =
            err_set(err, ERR_SYNTAX, "%s:1: the file is empty; see deploy/scenarios for examples", d->name);
    return code;
}

int document_nodes(const struct document *d)
{
    return (int)(d->yaml.nodes.top - d->yaml.nodes.start);
}

// Text goes into messages and names; what a terminal would obey has no place in it.
static enum err_code check_text(struct value v, struct err *err)
{
    const yaml_node_t *node = value_node(v);
    const unsigned char *text = node->data.scalar.value;
    for (size_t i = 0; i < node->data.scalar.length; i++)
        if ((text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') || text[i] == 0x7f)
            return value_fail(v, ERR_SYNTAX, err, "contains a control character; write plain text");
    return ERR_OK;
}

static enum err_code check_key(struct value mapping, unsigned index, struct err *err)
{
    struct value key = mapping_key_at(mapping, index);
    const char *text = value_text(key);
    char q[QUOTED_SIZE];
    if (!text)
        return value_fail(key, ERR_SYNTAX, err, "a key must be plain text");
    for (unsigned i = 0; i < index; i++)
        if (strcmp(value_text(mapping_key_at(mapping, i)), text) == 0)
            return value_fail(key, ERR_UNKNOWN_KEY, err,
                              "key %s is given twice, first in line %u; remove one", quoted(text, q),
                              value_line(mapping_key_at(mapping, i)));
    return ERR_OK;
}

static void place_children(struct document *d, struct value v)
{
    const yaml_node_t *node = value_node(v);
    unsigned n = value_length(v);
    for (unsigned i = 0; i < n; i++) {
        if (node->type == YAML_SEQUENCE_NODE) {
            d->places[node->data.sequence.items.start[i]] = (struct document_place){v.node, 0, (int)i};
        } else {
            yaml_node_pair_t pair = node->data.mapping.pairs.start[i];
            d->places[pair.value] = (struct document_place){v.node, pair.key, (int)i};
            d->places[pair.key] = (struct document_place){v.node, 0, -1};
        }
    }
}

// Largest mappings have some twenty keys; a bound keeps the comparison of each key with each from growing.
#define MAPPING_KEYS_MAX 256

enum err_code document_index(struct document *d, struct err *err)
{
    int n = document_nodes(d);
    free(d->places);
    d->places = calloc((size_t)n + 1, sizeof *d->places);
    if (!d->places)
        return err_set(err, ERR_MEMORY, "%s: out of memory", d->name);
    for (int node = 1; node <= n; node++)
        place_children(d, (struct value){d, node});
    for (int node = 1; node <= n; node++) {
        struct value v = {d, node};
        if (value_text(v) && check_text(v, err))
            return err->code;
        if (value_is_mapping(v) && value_length(v) > MAPPING_KEYS_MAX)
            return value_fail(v, ERR_LIMIT, err, "more than %d keys in one mapping", MAPPING_KEYS_MAX);
        for (unsigned i = 0; value_is_mapping(v) && i < value_length(v); i++)
            if (check_key(v, i, err))
                return err->code;
    }
    return ERR_OK;
}

static enum err_code load_tree(struct document *d, const char *text, size_t size, struct err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_MEMORY, "%s: out of memory", d->name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    enum err_code code = ERR_OK;
    d->loaded = yaml_parser_load(&parser, &d->yaml) != 0;
    if (!d->loaded)
        code = syntax_error(d, &parser, err);
    yaml_parser_delete(&parser);
    return code ? code : document_index(d, err);
}

enum err_code document_read_text(struct document *document, const char *text, size_t size, const char *name,
                                 struct err *err)
{
    struct err local = {0};
    err = err ? err : &local; // the checks below look at what they set
    *document = (struct document){0};
    snprintf(document->name, sizeof document->name, "%s", name);
    if (size > SCENARIO_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%s: more than %u bytes", name, SCENARIO_BYTES_MAX);
    enum err_code code = scan_text(document, text, size, err);
    if (!code)
        code = load_tree(document, text, size, err);
    if (code)
        document_free(document);
    return code;
}

enum err_code document_read_file(struct document *document, const char *path, struct err *err)
{
    *document = (struct document){0};
    char *text = NULL;
    size_t size = 0;
    enum err_code code = file_read(path, SCENARIO_BYTES_MAX, &text, &size, err);
    if (code)
        return code;
    code = document_read_text(document, text, size, path, err);
    free(text);
    return code;
}

void document_free(struct document *document)
{
    if (document->loaded)
        yaml_document_delete(&document->yaml);
    free(document->places);
    *document = (struct document){0};
}
