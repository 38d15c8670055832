// SPDX-License-Identifier: Apache-2.0
// SERVICE CALL: what a guest has of its partition, and asks for. Commands, formats and response codes are
// those of Linux (drivers/s390/char/sclp_cmd.c, sclp_early.c; arch/s390/kernel/smp.c) and QEMU
// (include/hw/s390x/sclp.h; older versions of hw/s390x/sclp.c had storage elements); where
// they do not tell failures apart, RC_UNKNOWN and RC_EQUIPMENT_CHECK are this machine's choice. Simpler than
// real ones: every storage element is attached, so that ATTACH STORAGE only lists its increments.
#include <string.h>

#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "proto/base/big_endian.h"

// Bits 16-23 of the word name a CPU, an element or nothing.
enum {
    SCLP_READ_CPU_INFO = 0x00010001,
    SCLP_READ_SCP_INFO = 0x00020001,
    SCLP_READ_STORAGE_INFO = 0x00040001,
    SCLP_ATTACH_STORAGE = 0x00080001,
    SCLP_UNASSIGN_STORAGE = 0x000c0001,
    SCLP_ASSIGN_STORAGE = 0x000d0001,
    SCLP_DECONFIGURE_CPU = 0x00100001,
    SCLP_CONFIGURE_CPU = 0x00110001,
    SCLP_READ_SCP_INFO_FORCED = 0x00120001,
};

static uint32_t command_of(const struct service *service)
{
    return service->command & 0xffff00ff;
}

static uint32_t named_by(const struct service *service)
{
    return service->command >> 8 & 0xff;
}

// What the command asks the element to change, or nothing.
static enum configure_what change_of(const struct service *service)
{
    bool has_number = service->size >= SCCB_HEADER + 2;
    switch (command_of(service)) {
    case SCLP_CONFIGURE_CPU:
        return CPU_ON;
    case SCLP_DECONFIGURE_CPU:
        return CPU_OFF;
    case SCLP_ASSIGN_STORAGE:
        return has_number ? STORAGE_ON : CONFIGURE_NOTHING;
    case SCLP_UNASSIGN_STORAGE:
        return has_number ? STORAGE_OFF : CONFIGURE_NOTHING;
    default:
        return CONFIGURE_NOTHING;
    }
}

bool sclp_ask_configuration(struct zcpu *z)
{
    const struct service *service = z->service;
    enum configure_what what = change_of(service);
    if (what == CONFIGURE_NOTHING)
        return false;
    bool cpu = what == CPU_ON || what == CPU_OFF;
    uint32_t number = cpu ? named_by(service) : get16(service->bytes + SCCB_HEADER);
    signal_post(z, z->configuration->service, SIGNAL_CONFIGURE, (uint64_t)what << 32 | number);
    return true;
}

// Entries of 16 bytes, one per CPU, from offset `at` on: address, then the type in byte 14 (0: general).
static unsigned put_cpus(struct zcpu *z, unsigned at, bool configured)
{
    const struct configuration *c = z->configuration;
    struct service *service = z->service;
    unsigned n = 0;
    for (uint32_t i = 0; i < c->n_cpus && at + 16 * (n + 1) <= service->size; i++) {
        if (c->cpus[i] == NO_CPU || configuration_has_cpu(c, i) != configured)
            continue;
        memset(service->bytes + at + 16 * n, 0, 16);
        service->bytes[at + 16 * n++] = (uint8_t)i;
    }
    return n;
}

// Those that are configured, then those that are standby.
static unsigned room_for_cpus(const struct zcpu *z)
{
    return 16 * (configuration_cpus(z->configuration, true) + configuration_cpus(z->configuration, false));
}

// Offsets: QEMU's struct ReadInfo. Storage is named in increments of a power of two of MB, standby ones
// included.
static unsigned read_scp_info(struct zcpu *z)
{
    enum { RNMAX = 8, RNSIZE = 10, CPUS = 16, CPUS_AT = 18, LOADPARM = 24, FACILITIES = 48, ENTRIES = 128 };
    const struct configuration *c = z->configuration;
    struct service *service = z->service;
    uint8_t *bytes = service->bytes;
    if (service->size < ENTRIES + room_for_cpus(z))
        return RC_TOO_SHORT;
    memset(bytes + SCCB_HEADER, 0, service->size - SCCB_HEADER);
    put16(bytes + RNMAX, (unsigned)(c->end >> c->shift));
    bytes[RNSIZE] = (uint8_t)(1u << (c->shift - 20));
    unsigned configured = put_cpus(z, ENTRIES, true);
    put16(bytes + CPUS, configured + put_cpus(z, ENTRIES + 16 * configured, false));
    put16(bytes + CPUS_AT, ENTRIES);
    memset(bytes + LOADPARM, 0x40, 8);
    bytes[FACILITIES] = 0x0c;     // READ CPU INFO, CONFIGURE CPU
    bytes[FACILITIES + 2] = 0xe0; // ASSIGN, ATTACH, READ STORAGE INFO
    return RC_NORMAL_READ;
}

static unsigned read_cpu_info(struct zcpu *z)
{
    enum { CONFIGURED = 8, CONFIGURED_AT = 10, STANDBY = 12, STANDBY_AT = 14, ENTRIES = 24 };
    struct service *service = z->service;
    uint8_t *bytes = service->bytes;
    if (service->size < ENTRIES + room_for_cpus(z))
        return RC_TOO_SHORT;
    memset(bytes + SCCB_HEADER, 0, service->size - SCCB_HEADER);
    unsigned configured = put_cpus(z, ENTRIES, true);
    put16(bytes + CONFIGURED, configured);
    put16(bytes + CONFIGURED_AT, ENTRIES);
    put16(bytes + STANDBY, put_cpus(z, ENTRIES + 16 * configured, false));
    put16(bytes + STANDBY_AT, ENTRIES + 16 * configured);
    return RC_NORMAL_READ;
}

// Increments of an element from offset `at` on: numbers from 1 in the high halfword (the low one names the
// first of their parts). Returns how many there are; *standby: of these.
static unsigned put_increments(struct zcpu *z, uint32_t element, unsigned at, unsigned *standby)
{
    const struct configuration *c = z->configuration;
    struct service *service = z->service;
    unsigned n = 0;
    *standby = 0;
    for (uint32_t i = 0; i < configuration_increments(c); i++) {
        if (configuration_element(c, i) != element)
            continue;
        if (at + 4 * (n + 1) <= service->size)
            put32(service->bytes + at + 4 * n, (i + 1) << 16 | 1);
        *standby += !configuration_has_increment(c, i);
        n++;
    }
    return n;
}

static uint32_t highest_element(const struct configuration *c)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < configuration_increments(c); i++) {
        uint32_t element = configuration_element(c, i);
        if (element != NO_ELEMENT && element > highest)
            highest = element;
    }
    return highest;
}

static unsigned read_storage_info(struct zcpu *z)
{
    enum { HIGHEST = 8, ASSIGNED = 10, STANDBY = 12, ENTRIES = 16 };
    struct service *service = z->service;
    uint8_t *bytes = service->bytes;
    unsigned standby = 0;
    if (service->size < ENTRIES)
        return RC_TOO_SHORT;
    memset(bytes + SCCB_HEADER, 0, service->size - SCCB_HEADER);
    put16(bytes + HIGHEST, highest_element(z->configuration));
    unsigned n = put_increments(z, named_by(service), ENTRIES, &standby);
    if (n == 0)
        return RC_NO_ELEMENT;
    if (ENTRIES + 4 * n > service->size)
        return RC_TOO_SHORT;
    put16(bytes + ASSIGNED, n);
    put16(bytes + STANDBY, standby);
    return standby ? RC_STANDBY_READ : RC_NORMAL_READ;
}

static unsigned attach_storage(struct zcpu *z)
{
    enum { ASSIGNED = 10, ENTRIES = 16 };
    struct service *service = z->service;
    unsigned standby = 0;
    if (service->size < ENTRIES)
        return RC_TOO_SHORT;
    memset(service->bytes + SCCB_HEADER, 0, service->size - SCCB_HEADER);
    unsigned n = put_increments(z, named_by(service), ENTRIES, &standby);
    if (n == 0)
        return RC_UNKNOWN;
    if (ENTRIES + 4 * n > service->size)
        return RC_TOO_SHORT;
    put16(service->bytes + ASSIGNED, n);
    return RC_NORMAL;
}

unsigned sclp_perform_configuration(struct zcpu *z)
{
    switch (command_of(z->service)) {
    case SCLP_READ_SCP_INFO:
    case SCLP_READ_SCP_INFO_FORCED:
        return read_scp_info(z);
    case SCLP_READ_CPU_INFO:
        return read_cpu_info(z);
    case SCLP_READ_STORAGE_INFO:
        return read_storage_info(z);
    case SCLP_ATTACH_STORAGE:
        return attach_storage(z);
    case SCLP_CONFIGURE_CPU:
    case SCLP_DECONFIGURE_CPU:
        return (unsigned)z->service->answer;
    case SCLP_ASSIGN_STORAGE:
    case SCLP_UNASSIGN_STORAGE:
        return z->service->size < SCCB_HEADER + 2 ? RC_TOO_SHORT : (unsigned)z->service->answer;
    default:
        return RC_INVALID_COMMAND;
    }
}
