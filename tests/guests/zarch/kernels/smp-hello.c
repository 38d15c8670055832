// SPDX-License-Identifier: Apache-2.0
// Each CPU says hello in its turn. Its lines are as many as its CPUs: give cpus= to compare machines.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

static void say_hello(void *nothing)
{
    (void)nothing;
    for (unsigned i = 0; i < team_size(); i++) {
        if (i == team_member())
            print("Hello from CPU %u on board %u\n", i, board_of_cpu(i));
        team_barrier();
    }
}

int main(void)
{
    team_run(options.cpus, say_hello, NULL);
    print("smp-hello: ok\n");
    return 0;
}
