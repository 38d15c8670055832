// SPDX-License-Identifier: Apache-2.0
// What the machine offers the program beyond what it began with, by the service-call processor: CPUs that are
// standby, storage elements. Commands and response codes: Linux drivers/s390/char/sclp_cmd.c. Where a machine
// does not know a command (QEMU), nothing comes and nothing goes.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_CONFIGURATION_H
#define TESTS_GUESTS_ZARCH_RUNTIME_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>

enum { ELEMENTS_MAX = 65, INCREMENTS_MAX = 256 };

// CPU addresses, ascending; of those beyond CPUS_MAX nothing is said.
struct cpu_list {
    unsigned n;
    uint8_t address[64];
};

// Increments of a storage element, by number from 1.
struct element {
    unsigned n;
    uint16_t increment[INCREMENTS_MAX];
};

void configuration_cpus(struct cpu_list *configured, struct cpu_list *standby);

// False: refused.
bool configuration_set_cpu(unsigned address, bool on);
bool configuration_set_storage(unsigned increment, bool on);

// An element that is not there has no increments.
void configuration_element(unsigned number, struct element *element);

// Bytes of an increment.
uint64_t configuration_increment_bytes(void);

#endif
