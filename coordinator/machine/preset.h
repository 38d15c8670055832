// SPDX-License-Identifier: Apache-2.0
// A preset: the figures of a kind of machine in a file of its own, found by name.
#ifndef NP_COORDINATOR_MACHINE_PRESET_H
#define NP_COORDINATOR_MACHINE_PRESET_H

#include "coordinator/machine/published.h"

// Reads the name of a family; an absent value leaves what is there.
enum err_code family_read(struct value v, enum family *family, struct err *err);
const char *family_name(enum family family);

struct preset {
    char name[NAME_MAX_BYTES];
    char about[PATH_MAX_BYTES];
    char protocol[NAME_MAX_BYTES]; // "": the scenario must say
    enum family family;            // generic where it names none
    bool directory_miss_given;
    enum directory_miss directory_miss;
    struct figures figures;
    struct system_figures system;
    struct published_list published;
};

// Reads the preset that `v` names. A text with a slash or ending in .yaml is a path (relative ones begin at
// `directory`); a bare name is looked for as NAME.yaml in `directory`, in presets/ and ../presets/ beside it,
// in the folders of $NUMAPLEX_PRESETS (separated by colons), in share/numaplex/presets of the installation
// and in deploy/presets of the source tree. ERR_FILE lists where it was looked for.
enum err_code preset_read(struct value v, const char *directory, struct preset *preset, struct err *err);

#define PRESETS_MAX 64

// The names of the presets that can be found by name from `directory`, each once, in alphabetical order.
// Returns their number; more than PRESETS_MAX are left out.
unsigned preset_names(const char *directory, char names[PRESETS_MAX][NAME_MAX_BYTES]);

// Reads a preset by name or path, as preset_read, for callers without a document. `directory` as there.
enum err_code preset_open(const char *name, const char *directory, struct preset *preset, struct err *err);

#endif
