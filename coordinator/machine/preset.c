// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/preset.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/directory.h"
#include "proto/base/assert.h"

#define PLACES_MAX 16

// The folders to look in, best first.
struct places {
    unsigned n;
    char folder[PLACES_MAX][PATH_MAX_BYTES];
};

static void add_place(struct places *places, const char *folder, const char *below)
{
    if (places->n == PLACES_MAX)
        return;
    size_t room = sizeof places->folder[0];
    if ((size_t)snprintf(places->folder[places->n], room, "%s%s", folder, below) < room)
        places->n++;
}

static void add_environment(struct places *places)
{
    const char *list = getenv("NUMAPLEX_PRESETS");
    char one[PATH_MAX_BYTES];
    while (list && *list) {
        size_t length = strcspn(list, ":");
        if (length > 0 && length < sizeof one) {
            memcpy(one, list, length);
            one[length] = '\0';
            add_place(places, one, "");
        }
        list += length + (list[length] == ':');
    }
}

// Installed programs are in PREFIX/bin, those of a build tree inside the source tree in BUILD/bin.
static void add_installation(struct places *places)
{
    char program[PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0) {
        program[n] = '\0';
        *strrchr(program, '/') = '\0';
        add_place(places, program, "/../share/numaplex/presets");
        add_place(places, program, "/../../deploy/presets");
    }
    const char *source = getenv("NUMAPLEX_SOURCE");
    if (source)
        add_place(places, source, "/deploy/presets");
#ifdef NP_SOURCE_DIR
    add_place(places, NP_SOURCE_DIR, "/deploy/presets");
#endif
}

static void find_places(const char *directory, struct places *places)
{
    places->n = 0;
    add_place(places, directory, "");
    add_place(places, directory, "/presets");
    add_place(places, directory, "/../presets");
    add_environment(places);
    add_installation(places);
}

static enum err_code find_by_name(struct value v, const char *directory, char path[PATH_MAX_BYTES],
                                  struct err *err)
{
    enum err_code code = check_name(v, err);
    if (code)
        return code;
    struct places places;
    find_places(directory, &places);
    for (unsigned i = 0; i < places.n; i++) {
        int n = snprintf(path, PATH_MAX_BYTES, "%s/%s.yaml", places.folder[i], value_text(v));
        if (n < (int)PATH_MAX_BYTES && access(path, R_OK) == 0)
            return ERR_OK;
    }
    return value_fail(
        v, ERR_FILE, err,
        "there is no preset '%s' beside the scenario, in $NUMAPLEX_PRESETS, in the installation or in "
        "deploy/presets; see deploy/presets/README.md for those that are shipped",
        value_text(v));
}

static enum err_code find(struct value v, const char *directory, char path[PATH_MAX_BYTES], struct err *err)
{
    const char *text = value_text(v);
    if (!text)
        return value_fail(v, ERR_BAD_VALUE, err, "must be the name of a preset");
    size_t length = strlen(text);
    if (!strchr(text, '/') && (length < 5 || strcmp(text + length - 5, ".yaml") != 0))
        return find_by_name(v, directory, path, err);
    int n = snprintf(path, PATH_MAX_BYTES, "%s%s%s", text[0] == '/' ? "" : directory,
                     text[0] == '/' ? "" : "/", text);
    if (n >= (int)PATH_MAX_BYTES)
        return value_fail(v, ERR_LIMIT, err, "the path is longer than %u bytes", PATH_MAX_BYTES - 1);
    if (access(path, R_OK) != 0)
        return value_fail(v, ERR_FILE, err,
                          "the file cannot be read; check the path, which begins at the scenario");
    return ERR_OK;
}

struct preset_text {
    char name[NAME_MAX_BYTES], protocol[NAME_MAX_BYTES], about[PATH_MAX_BYTES];
    struct value family, directory_miss, crossbar, smp_cpus, clm_steps, clm_small_cell, controller_latency,
        board, published;
};

static const struct field fields[] = {
    {"preset", read_name, offsetof(struct preset_text, name), REQUIRED, 0, 0, 0, 0},
    {"about", read_string, offsetof(struct preset_text, about), REQUIRED, 0, 0, 0, 0},
    {"protocol", read_name, offsetof(struct preset_text, protocol), OPTIONAL, 0, 0, 0, 0},
    {"family", read_later, offsetof(struct preset_text, family), OPTIONAL, 0, 0, 0, 0},
    {"directory_miss", read_later, offsetof(struct preset_text, directory_miss), OPTIONAL, 0, 0, 0, 0},
    {"crossbar", read_later, offsetof(struct preset_text, crossbar), OPTIONAL, 0, 0, 0, 0},
    {"smp_cpus", read_later, offsetof(struct preset_text, smp_cpus), OPTIONAL, 0, 0, 0, 0},
    {"clm_steps", read_later, offsetof(struct preset_text, clm_steps), OPTIONAL, 0, 0, 0, 0},
    {"clm_small_cell", read_later, offsetof(struct preset_text, clm_small_cell), OPTIONAL, 0, 0, 0, 0},
    {"controller_latency", read_later, offsetof(struct preset_text, controller_latency), OPTIONAL, 0, 0, 0,
     0},
    {"board", read_later, offsetof(struct preset_text, board), REQUIRED, 0, 0, 0, 0},
    {"published", read_later, offsetof(struct preset_text, published), OPTIONAL, 0, 0, 0, 0},
};

static const char *const family_names[FAMILY_COUNT] = {FAMILY_NAMES};

const char *family_name(enum family family)
{
    return family_names[family];
}

enum err_code family_read(struct value v, enum family *family, struct err *err)
{
    unsigned index = *family;
    enum err_code code = read_choice(v, "family", family_names, FAMILY_COUNT, &index, err);
    *family = (enum family)index;
    return code;
}

static enum err_code read_document(const struct document *d, struct preset *preset, struct err *err)
{
    struct preset_text text = {0};
    enum err_code code = fields_read(document_root(d), fields, NP_ARRAY_LEN(fields), &text, err);
    if (!code)
        code = figures_read(text.board, &preset->figures, err);
    preset->directory_miss_given = value_present(text.directory_miss);
    if (!code && preset->directory_miss_given)
        code = directory_miss_read(text.directory_miss, &preset->directory_miss, err);
    if (!code && value_present(text.crossbar))
        code = crossbar_read(text.crossbar, &preset->system, err);
    if (!code)
        code = system_figure_read(text.smp_cpus, SYS_SMP_CPUS, &preset->system, err);
    if (!code)
        code = system_figure_read(text.clm_steps, SYS_CLM_STEPS, &preset->system, err);
    if (!code)
        code = system_figure_read(text.clm_small_cell, SYS_CLM_SMALL_CELL, &preset->system, err);
    if (!code)
        code = system_figure_read(text.controller_latency, SYS_CONTROLLER, &preset->system, err);
    if (!code)
        code = family_read(text.family, &preset->family, err);
    if (!code && value_present(text.published))
        code = published_read(text.published, &preset->published, err);
    memcpy(preset->name, text.name, sizeof preset->name);
    memcpy(preset->about, text.about, sizeof preset->about);
    memcpy(preset->protocol, text.protocol, sizeof preset->protocol);
    return code;
}

static enum err_code read_file(const char *path, struct preset *preset, struct err *err)
{
    struct document document;
    enum err_code code = document_read_file(&document, path, err);
    if (code)
        return code;
    code = read_document(&document, preset, err);
    document_free(&document);
    return code;
}

enum err_code preset_read(struct value v, const char *directory, struct preset *preset, struct err *err)
{
    char path[PATH_MAX_BYTES];
    *preset = (struct preset){0};
    enum err_code code = find(v, directory, path, err);
    return code ? code : read_file(path, preset, err);
}

enum err_code preset_open(const char *name, const char *directory, struct preset *preset, struct err *err)
{
    char text[PATH_MAX_BYTES + 16];
    struct document document;
    *preset = (struct preset){0};
    if (strpbrk(name, "\"\\\n"))
        return err_set(err, ERR_USAGE, "'%.64s' is no name or path of a preset", name);
    int n = snprintf(text, sizeof text, "preset: \"%s\"\n", name);
    if (n >= (int)sizeof text)
        return err_set(err, ERR_LIMIT, "the path of a preset is too long");
    enum err_code code = document_read_text(&document, text, (size_t)n, "command line", err);
    if (code)
        return code;
    code = preset_read(mapping_get(document_root(&document), "preset"), directory, preset, err);
    document_free(&document);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

// Adds the names of the presets in one folder.
static unsigned add_names(const char *folder, char names[PRESETS_MAX][NAME_MAX_BYTES], unsigned n)
{
    static const char ending[] = ".yaml";
    DIR *open_folder = opendir(folder);
    if (!open_folder)
        return n;
    for (const struct dirent *entry; n < PRESETS_MAX && (entry = readdir(open_folder));) {
        size_t length = strlen(entry->d_name), kept = length - strlen(ending);
        if (length <= strlen(ending) || strcmp(entry->d_name + kept, ending) != 0 || kept >= NAME_MAX_BYTES)
            continue;
        memcpy(names[n], entry->d_name, kept);
        names[n][kept] = '\0';
        bool known = false;
        for (unsigned i = 0; i < n; i++)
            known |= strcmp(names[i], names[n]) == 0;
        n += !known;
    }
    closedir(open_folder);
    return n;
}

unsigned preset_names(const char *directory, char names[PRESETS_MAX][NAME_MAX_BYTES])
{
    struct places places;
    unsigned n = 0;
    find_places(directory, &places);
    // The first place is the scenario's own folder, which holds scenarios: presets there go by their path.
    for (unsigned i = 1; i < places.n; i++)
        n = add_names(places.folder[i], names, n);
    qsort(names, n, sizeof names[0], by_name);
    return n;
}
