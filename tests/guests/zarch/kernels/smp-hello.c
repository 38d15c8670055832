// SPDX-License-Identifier: Apache-2.0
// Each CPU says hello in its turn. Its lines are as many as its CPUs: give cpus= to compare machines.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

static unsigned turn;

static void say_hello(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
        continue;
    print("Hello from CPU %u on board %u\n", me, board_of_cpu(me));
    __atomic_store_n(&turn, me + 1, __ATOMIC_RELEASE);
}

int main(void)
{
    team_run(options.cpus, say_hello, NULL);
    print("smp-hello: ok\n");
    return 0;
}
