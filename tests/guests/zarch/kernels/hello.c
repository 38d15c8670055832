// SPDX-License-Identifier: Apache-2.0
// The smallest guest: says hello.
#include "tests/guests/zarch/runtime/print.h"

int main(void)
{
    print("Hello from z/Architecture\n");
    return 0;
}
