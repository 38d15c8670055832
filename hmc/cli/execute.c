// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/execute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

// The program lies beside us, in the build tree as well as installed: no search path can lead to another
// version of it.
static enum err_code program_path(const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    char self[PATH_MAX_BYTES];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return err_errno(err, ERR_PROCESS, "/proc/self/exe cannot be read; is /proc mounted?");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    if (snprintf(path, PATH_MAX_BYTES, "%s/%s", self, name) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path of the installation is too long", self);
    return ERR_OK;
}

static int execute_program(const struct verb *verb, int argc, char **argv)
{
    struct err err = {0};
    char path[PATH_MAX_BYTES];
    char **args = calloc((size_t)argc + 2, sizeof *args);
    if (!args)
        err_set(&err, ERR_MEMORY, "out of memory");
    else if (!program_path(verb->program, path, &err)) {
        args[0] = path;
        memcpy(args + 1, argv, (size_t)argc * sizeof *args);
        execv(path, args);
        err_errno(&err, ERR_PROCESS, "%s, which serves 'numaplex %s', cannot be started; build or install it",
                  path, verb->name);
    }
    free(args);
    return err_report(&err);
}

int execute_verb(const struct verb *verb, int argc, char **argv)
{
    struct err err;
    int args = argc - 1;
    if (args < verb->args_min || (verb->args_max >= 0 && args > verb->args_max)) {
        err_set(&err, ERR_USAGE, "%s arguments; the form is: numaplex %s %s",
                args < verb->args_min ? "too few" : "too many", verb->name, verb->arguments);
        return err_report(&err);
    }
    return verb->program ? execute_program(verb, argc, argv) : verb->run(argc, argv);
}

int refuse_verb(const char *typed)
{
    struct err err;
    const struct verb *verb = verb_nearest(typed);
    if (verb)
        err_set(&err, ERR_USAGE, "there is no verb '%.40s'; did you mean 'numaplex %s'?", typed, verb->name);
    else
        err_set(&err, ERR_USAGE, "there is no verb '%.40s'; numaplex help lists them all", typed);
    return err_report(&err);
}
