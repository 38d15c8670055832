// SPDX-License-Identifier: Apache-2.0
#include "node/isa/isa.h"

#include "node/cpu/cpu.h"

enum err_code zarch_open(struct cpu *cpu, const struct machine *machine, struct err *err)
{
    (void)machine;
    return err_set(err, ERR_BAD_VALUE, "CPU %u: z/Architecture CPUs cannot be run yet", cpu->index);
}
