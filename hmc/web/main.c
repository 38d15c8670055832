// SPDX-License-Identifier: Apache-2.0
// numaplex-hmc: the web console. `numaplex hmc` executes it; by hand it takes the same arguments.
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "hmc/web/options.h"
#include "proto/base/err.h"

int main(int argc, char **argv)
{
    static char user[] = "numaplex hmc user", audit[] = "numaplex hmc audit", serve[] = "numaplex hmc";
    argp_err_exit_status = EXIT_CLASS_USAGE;
    if (argc > 1 && strcmp(argv[1], "hmc") == 0) { // the verb, from `numaplex`
        argc--;
        argv++;
    }
    if (argc > 1 && strcmp(argv[1], "user") == 0) {
        argv[1] = user;
        return hmc_user_main(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "audit") == 0) {
        argv[1] = audit;
        return hmc_audit_main(argc - 1, argv + 1);
    }
    argv[0] = serve;
    return hmc_serve_main(argc, argv);
}
