// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hmc/web/options.h"

static enum err_code default_folder(char path[PATH_MAX_BYTES], struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (state && state[0] == '/')
        n = snprintf(path, PATH_MAX_BYTES, "%s/numaplex", state);
    else if (home && home[0] == '/')
        n = snprintf(path, PATH_MAX_BYTES, "%s/.local/state/numaplex", home);
    if (n > 0 && n < (int)PATH_MAX_BYTES)
        return ERR_OK;
    return err_set(err, ERR_FILE, "neither XDG_STATE_HOME nor HOME names a folder; use --state DIR");
}

// Folders on the way are made as the user's mask says, the last for its owner only.
static enum err_code make_folders(char path[PATH_MAX_BYTES], struct err *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return err_errno(err, ERR_FILE, "%s cannot be made", path);
    }
    struct stat status;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || stat(path, &status) != 0)
        return err_errno(err, ERR_FILE, "%s cannot be made", path);
    if (!S_ISDIR(status.st_mode))
        return err_set(err, ERR_FILE, "%s is no folder", path);
    return ERR_OK;
}

enum err_code state_folder(const char *given, char path[PATH_MAX_BYTES], struct err *err)
{
    if (!given) {
        if (default_folder(path, err))
            return err->code;
    } else if (!*given || snprintf(path, PATH_MAX_BYTES, "%s", given) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_USAGE, "--state %.60s: the path is empty or too long", given);
    for (size_t n = strlen(path); n > 1 && path[n - 1] == '/';)
        path[--n] = '\0';
    return make_folders(path, err);
}
