// SPDX-License-Identifier: Apache-2.0
// A YAML file as a tree of values, each of which knows its line and its path:
// systems[0].partitions[2].boards. That is what an error message is made of, so every reader of a value can
// refuse it in one call.
//
// What is refused outright, before anything is built: anchors and aliases (they make a small file a huge
// tree, and repeat a figure where no reader sees it), more than one document, deep nesting, duplicate keys,
// keys that are not plain text, text with control characters, and files above SCENARIO_BYTES_MAX.
#ifndef NP_COORDINATOR_MACHINE_DOCUMENT_H
#define NP_COORDINATOR_MACHINE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define DOCUMENT_DEPTH_MAX 16     // a scenario needs 8
#define DOCUMENT_NODES_MAX 100000 // a full complex with one program per CPU stays below
#define DOCUMENT_PATH_SIZE 192
#define QUOTED_SIZE        64

// A node hangs in its parent under a key (mappings) or at an index (lists).
struct document_place {
    int parent; // 0: the root
    int key;    // node of the key, 0 in a list
    int index;
};

struct document {
    char name[PATH_MAX_BYTES]; // as the user wrote it, for messages
    yaml_document_t yaml;
    bool loaded;
    struct document_place *places; // where each node hangs; index: node number
};

// One node of a document. The document must outlive it. Node 0 is "not there".
struct value {
    const struct document *document;
    int node;
};

// Reads a document. `name` is what messages call it. The caller frees it with document_free after success.
// Errors: ERR_SYNTAX, ERR_LIMIT, ERR_UNKNOWN_KEY (a key given twice or not plain text), ERR_FILE.
enum err_code document_read_text(struct document *document, const char *text, size_t size, const char *name,
                                 struct err *err);
enum err_code document_read_file(struct document *document, const char *path, struct err *err);
void document_free(struct document *document);

// Checks all nodes and notes where each hangs, again when the tree was changed. Errors as above.
enum err_code document_index(struct document *document, struct err *err);
int document_nodes(const struct document *document); // numbered from 1

// Reads a regular file of at most `max` bytes into a NUL-terminated buffer that the caller frees.
enum err_code file_read(const char *path, size_t max, char **text, size_t *size, struct err *err);

struct value document_root(const struct document *document);

static inline bool value_present(struct value v)
{
    return v.node != 0;
}

yaml_node_t *value_node(struct value v); // the library's; NULL when absent
bool value_is_mapping(struct value v);
bool value_is_list(struct value v);
bool value_is_key(struct value v);               // it is the key of a pair
unsigned value_line(struct value v);             // from 1
const char *value_text(struct value v);          // of a scalar, borrowed; NULL for anything else
bool value_is(struct value v, const char *word); // a scalar with that text

struct value mapping_get(struct value mapping, const char *key); // not there: absent value
unsigned value_length(struct value v); // entries of a list or mapping; 0 for a scalar
struct value list_at(struct value list, unsigned index);
struct value mapping_key_at(struct value mapping, unsigned index);

// Tags of values that do not stand in the file as they are: given on the command line; put for the parameter
// that the tag names ("$cpus").
#define VALUE_TAG_SET "--set"
// " (--set)" or " ($cpus)" for such a value, "" for any other. Returns `out`.
const char *value_origin(struct value v, char out[QUOTED_SIZE]);

// Reports that a value is wrong: "FILE:LINE: PATH: " and the printf text (what is wrong; what to do).
enum err_code value_fail(struct value v, enum err_code code, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// The text in single quotes, cut to a readable length and without control characters. Returns `out`.
const char *quoted(const char *text, char out[QUOTED_SIZE]);

#endif
