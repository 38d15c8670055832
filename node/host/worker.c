// SPDX-License-Identifier: Apache-2.0
#include "node/host/worker.h"

int worker_main(int argc, char **argv)
{
    struct session session;
    struct err err;
    err_clear(&err);
    if (session_open(&session, ROLE_NODE, argc, argv, &err))
        return err_report(&err);
    session_pin(&session);
    enum err_code code =
        session_config(&session)->nodes == 1 ? worker_packed(&session, &err) : worker_member(&session, &err);
    return session_close(&session, code ? &err : NULL);
}
