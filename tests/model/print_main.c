// SPDX-License-Identifier: Apache-2.0
// model_print ARGS: `numaplex protocol ARGS`, for tests that need nothing else of numaplex.
#include "node/coherence/protocol_main.h"

int main(int argc, char **argv)
{
    return protocol_main(argc, argv);
}
