// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/find.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Folder of our own executable, without a slash at its end.
static enum err_code own_folder(char path[PATH_MAX_BYTES], struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX_BYTES - 1);
    if (n <= 0)
        return err_errno(err, ERR_PROCESS, "/proc/self/exe cannot be read; is /proc mounted?");
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    return ERR_OK;
}

// Whether FOLDER BELOW/NAME SUFFIX is a readable file; its path then.
static bool try(const char *folder, const char *below, const char *name, char path[PATH_MAX_BYTES])
{
    const char *const suffixes[] = {"", ".yaml"};
    for (unsigned i = 0; folder && i < 2; i++) {
        int n = snprintf(path, PATH_MAX_BYTES, "%s%s/%s%s", folder, below, name, suffixes[i]);
        if (n < (int)PATH_MAX_BYTES && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

enum err_code find_scenario(const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    char own[PATH_MAX_BYTES];
    if (snprintf(path, PATH_MAX_BYTES, "%s", name) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%.60s...: the path is longer than %u bytes", name,
                       PATH_MAX_BYTES - 1);
    if (strchr(name, '/') || access(name, F_OK) == 0)
        return ERR_OK; // the reader says best what is wrong with it
    if (own_folder(own, err))
        return err->code;
    if (try(own, "/../share/numaplex/scenarios", name, path) ||
        try(own, "/../../deploy/scenarios", name, path) ||
        try(getenv("NUMAPLEX_SOURCE"), "/deploy/scenarios", name, path) ||
        try(NP_SOURCE_DIR, "/deploy/scenarios", name, path))
        return ERR_OK;
    return err_set(
        err, ERR_FILE,
        "there is no scenario '%s': no file of that name here, and none in the installation's scenarios; "
        "see deploy/scenarios/README.md for those that are shipped",
        name);
}

enum err_code find_program(const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    char own[PATH_MAX_BYTES];
    if (own_folder(own, err))
        return err->code;
    if (snprintf(path, PATH_MAX_BYTES, "%s/%s", own, name) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path of the installation is too long", own);
    if (access(path, X_OK) != 0)
        return err_errno(err, ERR_PROCESS, "%s, which a run needs, cannot be executed; build or install it",
                         path);
    return ERR_OK;
}
