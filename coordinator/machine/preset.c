// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/preset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum err_code find_by_name(struct value v, const char *directory, char path[PATH_MAX_BYTES],
                                  struct err *err)
{
    enum err_code code = check_name(v, err);
    if (code)
        return code;
    struct places places = {0};
    add_place(&places, directory, "");
    add_place(&places, directory, "/presets");
    add_place(&places, directory, "/../presets");
    add_environment(&places);
    add_installation(&places);
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
    struct value crossbar, board;
};

static const struct field fields[] = {
    {"preset", read_name, offsetof(struct preset_text, name), REQUIRED, 0, 0, 0, 0},
    {"about", read_string, offsetof(struct preset_text, about), REQUIRED, 0, 0, 0, 0},
    {"protocol", read_name, offsetof(struct preset_text, protocol), OPTIONAL, 0, 0, 0, 0},
    {"crossbar", read_later, offsetof(struct preset_text, crossbar), OPTIONAL, 0, 0, 0, 0},
    {"board", read_later, offsetof(struct preset_text, board), REQUIRED, 0, 0, 0, 0},
};

static enum err_code read_document(const struct document *d, struct preset *preset, struct err *err)
{
    struct preset_text text = {0};
    enum err_code code = fields_read(document_root(d), fields, NP_ARRAY_LEN(fields), &text, err);
    if (!code)
        code = figures_read(text.board, &preset->figures, err);
    if (!code && value_present(text.crossbar))
        code = flight_read(text.crossbar, &preset->flight, err);
    memcpy(preset->name, text.name, sizeof preset->name);
    memcpy(preset->about, text.about, sizeof preset->about);
    memcpy(preset->protocol, text.protocol, sizeof preset->protocol);
    return code;
}

enum err_code preset_read(struct value v, const char *directory, struct preset *preset, struct err *err)
{
    char path[PATH_MAX_BYTES];
    *preset = (struct preset){0};
    enum err_code code = find(v, directory, path, err);
    if (code)
        return code;
    struct document document;
    code = document_read_file(&document, path, err);
    if (code)
        return code;
    code = read_document(&document, preset, err);
    document_free(&document);
    return code;
}
