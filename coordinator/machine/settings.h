// SPDX-License-Identifier: Apache-2.0
// Values given beside the file: `--set cpus=16` for a parameter that the scenario declares under
// `parameters:`, or `--set systems.sun.board.l2=4MiB` for anything else in it. A path goes by keys; entries
// of a list are addressed by their `name:` or by their index from 0.
//
// Inside the file `$cpus` stands for the parameter wherever a value may stand, as the whole of a plain or
// quoted value; `$$cpus` is the text `$cpus`. Blocks of lines (scripts) are left alone.
#ifndef NP_COORDINATOR_MACHINE_SETTINGS_H
#define NP_COORDINATOR_MACHINE_SETTINGS_H

#include "coordinator/machine/document.h"
#include "proto/base/limits.h"

#define SETTING_NAME_SIZE  160
#define SETTING_VALUE_SIZE 128
#define SETTINGS_MAX       64u // of one command line
#define PARAMETERS_MAX     64u // of one scenario

struct setting {
    char name[SETTING_NAME_SIZE]; // of a parameter, or a dotted path
    char value[SETTING_VALUE_SIZE];
};

// A parameter of the scenario and what it was in the end.
struct parameter {
    char name[NAME_MAX_BYTES];
    char value[SETTING_VALUE_SIZE];
    bool used; // stands somewhere in the file
};

// Reads "NAME=VALUE". ERR_USAGE.
enum err_code setting_parse(struct setting *setting, const char *text, struct err *err);

// Collects the --set options of a command line. ERR_USAGE, also when there are too many.
struct settings {
    uint32_t n;
    struct setting item[SETTINGS_MAX];
};
enum err_code settings_add(struct settings *settings, const char *text, struct err *err);

// Puts the settings and then the parameters into the document. What they were is left in `parameters`, which
// holds PARAMETERS_MAX, and *n_parameters. Errors: ERR_USAGE (a setting that names nothing; the nearest known
// name is suggested), ERR_BAD_VALUE and ERR_UNKNOWN_KEY (the file's own use of parameters), ERR_LIMIT.
enum err_code settings_apply(struct document *document, const struct settings *settings,
                             struct parameter *parameters, uint32_t *n_parameters, struct err *err);

#endif
