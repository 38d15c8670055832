// SPDX-License-Identifier: Apache-2.0
// From start.S to the kernel's main, and from its return to the end.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/smp.h"

int main(void);
_Noreturn void runtime_start(void);

_Noreturn void runtime_start(void)
{
    smp_prepare_first();
    arguments_split();
    console_open(argument_is("console=line"));
    arguments_read();
    smp_start();
    place_keep();
    end((unsigned)main());
}
