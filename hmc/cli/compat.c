// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/compat.h"

#include <string.h>

#include "hmc/cli/sms.h"

int compat_main(const char *name, int argc, char **argv)
{
    const struct sms_command *command = sms_find(name);
    return command ? sms_main(command, argc, argv) : par_main(name, argc, argv);
}

int verb_compat(int argc, char **argv)
{
    struct err err;
    int status = compat_main(argv[1], argc - 1, argv + 1);
    if (status >= 0)
        return status;
    err_set(&err, ERR_USAGE,
            "there is no command '%.30s' here; SMS: addboard, deleteboard, moveboard, showboards, "
            "showplatform, setupplatform, setkeyswitch, showkeyswitch, showdevices; HP-UX: parcreate, "
            "parmodify, parremove, parstatus",
            argv[1]);
    return err_report(&err);
}
