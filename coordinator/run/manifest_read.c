// SPDX-License-Identifier: Apache-2.0
// Reading a manifest: nothing in it is believed before its checksum fits, and no part before its own does.
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "coordinator/run/course.h"
#include "coordinator/run/file_hash.h"
#include "coordinator/run/manifest.h"
#include "proto/base/assert.h"

#define MANIFEST_BYTES_MAX (8u << 20) // the resolved scenario (escaped) and a few hundred parts

static enum err_code damaged(const struct manifest *m, const char *file, struct err *err, const char *what)
{
    return err_set(err, ERR_DAMAGED_STATE, "%s/%s: %s; continue from another saved state, or save again",
                   m->folder, file, what);
}

static const char *get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool get_hex(const json_t *value, uint64_t *number)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *number = strtoull(text, NULL, 16);
    return true;
}

static bool get_number(const json_t *object, const char *key, uint64_t max, uint64_t *number)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > max)
        return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static bool checksum_fits(json_t *object)
{
    uint64_t claimed;
    if (!get_hex(json_object_get(object, "manifest_xxh3_64"), &claimed))
        return false;
    json_object_del(object, "manifest_xxh3_64");
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    bool fits = text && text_hash(text) == claimed;
    free(text);
    return fits;
}

static enum err_code load(const struct manifest *m, json_t **object, struct err *err)
{
    char path[PATH_MAX_BYTES + 32];
    struct stat info;
    json_error_t why;
    snprintf(path, sizeof path, "%s/" MANIFEST_NAME, m->folder);
    if (stat(path, &info) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? damaged(m, MANIFEST_NAME, err,
                             "there is none: no saved state, or one that was not completed")
                   : err_errno(err, ERR_FILE, "%s", path);
    if (!S_ISREG(info.st_mode) || info.st_size > (off_t)MANIFEST_BYTES_MAX)
        return damaged(m, MANIFEST_NAME, err, "is not a manifest");
    *object = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!*object)
        return damaged(m, MANIFEST_NAME, err, why.text);
    return ERR_OK;
}

static const char *read_head(struct manifest *m, json_t *object)
{
    uint64_t version, control;
    const char *format = get_text(object, "format");
    if (!format || strcmp(format, MANIFEST_FORMAT) != 0)
        return "is not the manifest of a saved state";
    if (!get_number(object, "version", UINT32_MAX, &version) || version != MANIFEST_VERSION ||
        !get_number(object, "control_version", UINT32_MAX, &control) || control != CONTROL_VERSION)
        return "was written by another version of numaplex";
    if (!checksum_fits(object))
        return "is damaged: its checksum does not fit";
    const char *resolved = get_text(object, "resolved");
    if (!resolved || !get_hex(json_object_get(object, "machine_xxh3_64"), &m->machine_hash) ||
        !get_number(object, "time_ps", INT64_MAX, &m->time))
        return "lacks a field";
    m->resolved = strdup(resolved);
    NP_ASSERT(m->resolved);
    return NULL;
}

static const char *read_inputs(struct manifest *m, const json_t *object)
{
    const json_t *array = json_object_get(object, "inputs");
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n > (size_t)BOARDS_MAX * CPUS_PER_BOARD_MAX)
        return "has no list of recordings and images";
    m->inputs = calloc(n + 1, sizeof *m->inputs);
    NP_ASSERT(m->inputs);
    for (; m->n_inputs < n; m->n_inputs++)
        if (!get_hex(json_array_get(array, m->n_inputs), &m->inputs[m->n_inputs]))
            return "has a damaged list of recordings and images";
    return NULL;
}

static bool is_plain_name(const char *name)
{
    return name && name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < NAME_MAX_BYTES;
}

static bool read_part(const json_t *object, struct saved_part *part, uint64_t *hash)
{
    const char *kind = get_text(object, "kind"), *name = get_text(object, "name");
    uint64_t index;
    if (!kind || !is_plain_name(name) || (strcmp(kind, "board") != 0 && strcmp(kind, "group") != 0) ||
        !get_number(object, "index", BOARDS_MAX - 1, &index) ||
        !get_number(object, "bytes", INT64_MAX, &part->bytes) ||
        !get_number(object, "plain_bytes", INT64_MAX, &part->plain_bytes) ||
        !get_hex(json_object_get(object, "plain_xxh3_64"), &part->checksum) ||
        !get_hex(json_object_get(object, "xxh3_64"), hash))
        return false;
    part->kind = kind[0] == 'b' ? SAVED_BOARD : SAVED_GROUP;
    part->index = (uint32_t)index;
    strcpy(part->name, name);
    return true;
}

#define ANY_SIZE UINT64_MAX

static enum err_code check_file(const struct manifest *m, const char *name, uint64_t bytes, uint64_t expected,
                                struct err *err)
{
    char path[PATH_MAX_BYTES + sizeof m->texts->name + 2];
    struct file_hash hash;
    snprintf(path, sizeof path, "%s/%s", m->folder, name);
    if (file_hash(path, false, &hash, err))
        return damaged(m, name, err, "is missing, or cannot be read");
    if (bytes != ANY_SIZE && hash.bytes != bytes)
        return damaged(m, name, err, "does not have the size that was saved");
    if (hash.hash != expected)
        return damaged(m, name, err, "is damaged: its checksum does not fit");
    return ERR_OK;
}

static enum err_code read_parts(struct manifest *m, const json_t *object, struct err *err)
{
    const json_t *array = json_object_get(object, "parts");
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n > SAVED_PARTS_MAX)
        return damaged(m, MANIFEST_NAME, err, "has no list of parts");
    m->parts = calloc(n + 1, sizeof *m->parts);
    NP_ASSERT(m->parts);
    for (; m->n_parts < n; m->n_parts++) {
        uint64_t hash;
        if (!read_part(json_array_get(array, m->n_parts), &m->parts[m->n_parts], &hash))
            return damaged(m, MANIFEST_NAME, err, "describes a part wrongly");
        if (check_file(m, m->parts[m->n_parts].name, m->parts[m->n_parts].bytes, hash, err))
            return err->code;
    }
    return ERR_OK;
}

static bool read_text(const json_t *object, struct saved_text *text, uint64_t *hash)
{
    const char *partition = get_text(object, "partition"), *name = get_text(object, "name");
    const json_t *is_cut = json_object_get(object, "cut");
    if (!is_plain_name(partition) || !name || !name[0] || name[0] == '.' || strchr(name, '/') ||
        strlen(name) >= sizeof text->name || !json_is_boolean(is_cut) ||
        !get_number(object, "bytes", INT64_MAX, &text->bytes) ||
        !get_hex(json_object_get(object, "xxh3_64"), hash))
        return false;
    text->cut = json_is_true(is_cut);
    strcpy(text->partition, partition);
    strcpy(text->name, name);
    return true;
}

static enum err_code read_texts(struct manifest *m, const json_t *object, struct err *err)
{
    const json_t *array = json_object_get(object, "texts");
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n > PARTITIONS_MAX)
        return damaged(m, MANIFEST_NAME, err, "has no list of texts");
    m->texts = calloc(n + 1, sizeof *m->texts);
    NP_ASSERT(m->texts);
    for (; m->n_texts < n; m->n_texts++) {
        struct saved_text *text = &m->texts[m->n_texts];
        uint64_t hash;
        if (!read_text(json_array_get(array, m->n_texts), text, &hash))
            return damaged(m, MANIFEST_NAME, err, "describes a text wrongly");
        if (check_file(m, text->name, ANY_SIZE, hash, err))
            return err->code;
    }
    return ERR_OK;
}

static enum err_code read_controller(const struct manifest *m, const json_t *object, struct err *err)
{
    uint64_t hash;
    if (!get_hex(json_object_get(object, "controller_xxh3_64"), &hash))
        return damaged(m, MANIFEST_NAME, err, "lacks a field");
    return check_file(m, COURSE_NAME, ANY_SIZE, hash, err);
}

static enum err_code read_all(struct manifest *m, json_t *object, struct err *err)
{
    const char *wrong = read_head(m, object);
    if (!wrong)
        wrong = read_inputs(m, object);
    if (wrong)
        return damaged(m, MANIFEST_NAME, err, wrong);
    if (read_texts(m, object, err) || read_controller(m, object, err))
        return err->code;
    return read_parts(m, object, err);
}

enum err_code manifest_read(struct manifest *manifest, const char *folder, struct err *err)
{
    json_t *object;
    memset(manifest, 0, sizeof *manifest);
    if (snprintf(manifest->folder, sizeof manifest->folder, "%s", folder) >= (int)sizeof manifest->folder)
        return err_set(err, ERR_LIMIT, "--continue: the path is longer than %u bytes", PATH_MAX_BYTES - 1);
    if (load(manifest, &object, err))
        return err->code;
    enum err_code code = read_all(manifest, object, err);
    json_decref(object);
    if (code)
        manifest_free(manifest);
    return code;
}

void manifest_free(struct manifest *manifest)
{
    free(manifest->resolved);
    free(manifest->inputs);
    free(manifest->parts);
    free(manifest->texts);
    memset(manifest, 0, sizeof *manifest);
}

static enum err_code inputs_fit(const struct manifest *m, const struct machine *machine, struct err *err)
{
    uint64_t *hashes;
    uint32_t n;
    if (input_hashes(machine, &hashes, &n, err))
        return err->code;
    bool same = n == m->n_inputs && memcmp(hashes, m->inputs, n * sizeof *hashes) == 0;
    free(hashes);
    return same ? ERR_OK
                : err_set(
                      err, ERR_DAMAGED_STATE,
                      "%s: the programs' recordings and images are no longer those that the state was saved "
                      "with; run the scenario from its beginning",
                      m->folder);
}

enum err_code manifest_fits(const struct manifest *manifest, const struct scenario *scenario, struct err *err)
{
    if (machine_hash(&scenario->machine) != manifest->machine_hash)
        return err_set(
            err, ERR_DAMAGED_STATE,
            "%s: the state is one of another machine than %s describes; leave FILE out to continue with "
            "its own",
            manifest->folder, scenario->file);
    const char *wrong = parts_incomplete(manifest->parts, manifest->n_parts, &scenario->machine);
    if (wrong)
        return damaged(manifest, MANIFEST_NAME, err, wrong);
    return inputs_fit(manifest, &scenario->machine, err);
}
