// SPDX-License-Identifier: Apache-2.0
// Where things lie: scenarios by name, and the programs of the installation.
#ifndef NP_COORDINATOR_RUN_FIND_H
#define NP_COORDINATOR_RUN_FIND_H

#include "proto/base/err.h"
#include "proto/base/limits.h"

// The path of a scenario. A file that exists is taken as given; a bare name, with or without .yaml, is looked
// for in share/numaplex/scenarios of the installation and in deploy/scenarios of the source tree. ERR_FILE
// says where it was looked for.
enum err_code find_scenario(const char *name, char path[PATH_MAX_BYTES], struct err *err);

// The path of a program of ours: in the folder of our own executable.
enum err_code find_program(const char *name, char path[PATH_MAX_BYTES], struct err *err);

#endif
