// SPDX-License-Identifier: Apache-2.0
// Writing a manifest, and what reading shares with it.
#include "coordinator/run/manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/course.h"
#include "coordinator/run/file_hash.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"

const char *parts_incomplete(const struct saved_part *parts, uint32_t n, const struct machine *machine)
{
    bool boards[BOARDS_MAX] = {false}, groups[GROUPS_MAX] = {false};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = parts[i].index;
        bool board = parts[i].kind == SAVED_BOARD;
        if (index >= (board ? machine->n_boards : machine->n_partitions))
            return "it has a part of a board or group that the machine does not have";
        bool *there = board ? &boards[index] : &groups[index];
        if (*there)
            return "it has a part twice";
        *there = true;
    }
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (!boards[b])
            return "the part of a board is missing";
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        if (!groups[p])
            return "the part of a sync group is missing";
    return NULL;
}

// What reads files: the CPUs, then the pools.
static const struct cpu_desc *reader(const struct machine *machine, uint32_t index)
{
    return index < machine->n_cpus ? &machine->cpus[index] : &machine->pools[index - machine->n_cpus].what;
}

static bool seen_before(const struct machine *machine, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (reader(machine, i)->kind == CPU_TRACE &&
            strcmp(reader(machine, i)->trace, reader(machine, index)->trace) == 0)
            return true;
    return false;
}

// The file that reader `index` is the first to read: its recording, or for CPU address 0 its guest's image.
// NULL: none.
static const char *file_of(const struct machine *machine, uint32_t index)
{
    const struct cpu_desc *desc = reader(machine, index);
    if (desc->kind == CPU_TRACE && !seen_before(machine, index))
        return desc->trace;
    if (desc->kind == CPU_ZARCH && desc->member == 0)
        return machine->partitions[machine->boards[desc->board].partition].guest.image;
    return NULL;
}

enum err_code input_hashes(const struct machine *machine, uint64_t **hashes, uint32_t *n, struct err *err)
{
    *n = 0;
    uint32_t readers = machine->n_cpus + machine->n_pools;
    *hashes = calloc(readers + 1, sizeof **hashes);
    NP_ASSERT(*hashes);
    for (uint32_t i = 0; i < readers; i++) {
        struct file_hash hash;
        const char *file = file_of(machine, i);
        if (!file)
            continue;
        enum err_code code = file_hash(file, false, &hash, err);
        if (code) {
            free(*hashes);
            *hashes = NULL;
            return code;
        }
        (*hashes)[(*n)++] = hash.hash;
    }
    return ERR_OK;
}

static json_t *hex(uint64_t value)
{
    return json_sprintf("%016" PRIx64, value);
}

static json_t *part_json(const struct saved_part *part, uint64_t hash)
{
    return json_pack(
        "{s:s, s:I, s:s, s:I, s:I, s:o, s:o}", "kind", part->kind == SAVED_BOARD ? "board" : "group", "index",
        (json_int_t)part->index, "name", part->name, "bytes", (json_int_t)part->bytes, "plain_bytes",
        (json_int_t)part->plain_bytes, "plain_xxh3_64", hex(part->checksum), "xxh3_64", hex(hash));
}

// Every part as it lies on disk, synced. What was reported and what is there must be the same.
static enum err_code add_parts(json_t *array, const char *folder, const struct outcome *outcome,
                               struct err *err)
{
    for (uint32_t i = 0; i < outcome->n_parts; i++) {
        const struct saved_part *part = &outcome->parts[i];
        char path[PATH_MAX_BYTES + NAME_MAX_BYTES];
        struct file_hash hash;
        snprintf(path, sizeof path, "%s/%s", folder, part->name);
        if (file_hash(path, true, &hash, err))
            return err->code;
        if (hash.bytes != part->bytes)
            return err_set(err, ERR_DAMAGED_STATE,
                           "%s: has %" PRIu64 " bytes, written were %" PRIu64 "; save again", path,
                           hash.bytes, part->bytes);
        json_array_append_new(array, part_json(part, hash.hash));
    }
    return whole_sync_folder(folder, err);
}

// The system controller's state, which the coordinator writes itself.
static enum err_code add_controller(json_t *object, const char *folder, struct err *err)
{
    char path[PATH_MAX_BYTES + sizeof COURSE_NAME];
    struct file_hash hash;
    snprintf(path, sizeof path, "%s/" COURSE_NAME, folder);
    if (file_hash(path, true, &hash, err))
        return err->code;
    json_object_set_new(object, "controller_xxh3_64", hex(hash.hash));
    return ERR_OK;
}

static enum err_code add_texts(json_t *array, const char *folder, const struct saved_text *texts, uint32_t n,
                               struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        char path[PATH_MAX_BYTES + sizeof texts->name];
        struct file_hash hash;
        snprintf(path, sizeof path, "%s/%s", folder, texts[i].name);
        if (file_hash(path, true, &hash, err))
            return err->code;
        json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:b, s:o}", "partition", texts[i].partition,
                                               "name", texts[i].name, "bytes", (json_int_t)texts[i].bytes,
                                               "cut", texts[i].cut, "xxh3_64", hex(hash.hash)));
    }
    return ERR_OK;
}

static enum err_code add_scenario(json_t *object, const struct scenario *scenario, struct err *err)
{
    char *text = NULL;
    size_t size;
    FILE *memory = open_memstream(&text, &size);
    NP_ASSERT(memory);
    enum err_code code = (enum err_code)scenario_write_resolved(scenario, memory, err);
    if (fclose(memory) != 0 && !code)
        code = err_set(err, ERR_MEMORY, "out of memory");
    if (!code && json_object_set_new(object, "resolved", json_stringn(text, size)))
        code = err_set(err, ERR_MEMORY, "the resolved scenario is no text that JSON can hold");
    free(text);
    return code;
}

static enum err_code add_inputs(json_t *object, const struct machine *machine, struct err *err)
{
    uint64_t *hashes = NULL;
    uint32_t n = 0;
    json_t *array = json_array();
    json_object_set_new(object, "inputs", array);
    if (input_hashes(machine, &hashes, &n, err))
        return err->code;
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(array, hex(hashes[i]));
    free(hashes);
    return ERR_OK;
}

static void add_head(json_t *object, const struct scenario *scenario, const struct outcome *outcome,
                     uint32_t epoch)
{
    sim_time time = 0;
    for (uint32_t p = 0; p < scenario->machine.n_partitions; p++)
        time = sim_max(time, outcome->groups[p].time);
    json_object_set_new(object, "format", json_string(MANIFEST_FORMAT));
    json_object_set_new(object, "version", json_integer(MANIFEST_VERSION));
    json_object_set_new(object, "control_version", json_integer(CONTROL_VERSION));
    json_object_set_new(object, "scenario", json_string(scenario->machine.name));
    json_object_set_new(object, "machine_xxh3_64", hex(machine_hash(&scenario->machine)));
    json_object_set_new(object, "epoch", json_integer(epoch));
    json_object_set_new(object, "time_ps", json_integer((json_int_t)time));
}

// The manifest's own checksum: of its compact form with sorted keys, without that field.
static void add_checksum(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    NP_ASSERT(text);
    json_object_set_new(object, "manifest_xxh3_64", hex(text_hash(text)));
    free(text);
}

static enum err_code write_json(const json_t *object, const char *folder, struct err *err)
{
    struct whole_file file;
    if (whole_open(&file, folder, MANIFEST_NAME, err))
        return err->code;
    json_dumpf(object, file.out, JSON_INDENT(1));
    fputc('\n', file.out);
    if (whole_finish(&file, err) || whole_commit(&file, err))
        return err->code;
    return whole_sync_folder(folder, err);
}

enum err_code manifest_write(const char *folder, const struct scenario *scenario,
                             const struct outcome *outcome, const struct saved_text *texts, uint32_t n_texts,
                             uint32_t epoch, struct err *err)
{
    const char *wrong = parts_incomplete(outcome->parts, outcome->n_parts, &scenario->machine);
    if (wrong)
        return err_set(err, ERR_DAMAGED_STATE, "%s: the state was not saved: %s", folder, wrong);
    json_t *object = json_object(), *parts = json_array(), *array = json_array();
    add_head(object, scenario, outcome, epoch);
    json_object_set_new(object, "parts", parts);
    json_object_set_new(object, "texts", array);
    enum err_code code = add_scenario(object, scenario, err);
    if (!code)
        code = add_inputs(object, &scenario->machine, err);
    if (!code)
        code = add_texts(array, folder, texts, n_texts, err);
    if (!code)
        code = add_controller(object, folder, err);
    if (!code)
        code = add_parts(parts, folder, outcome, err);
    if (!code) {
        add_checksum(object);
        code = write_json(object, folder, err);
    }
    json_decref(object);
    return code;
}
