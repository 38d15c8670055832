// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/verbs.h"
int run_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}
int digest_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 1;
}
