// SPDX-License-Identifier: Apache-2.0
// What a program asks its machine: who it is, what it can do, what is attached.
#include <stdio.h>

#include "node/isa/access.h"
#include "node/isa/ebcdic.h"
#include "node/isa/families.h"
#include "node/isa/interrupt.h"
#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "proto/base/big_endian.h"

// Machine types of the first model of each level.
static const uint16_t types[ARCHITECTURE_COUNT] = {0x2064, 0x2084, 0x2094, 0x2097, 0x2817, 0x2827};

void isa_stfl(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    uint64_t protect = z->protect_value;
    z->protect_value = 1; // not subject to low-address protection
    store32(z, 200, get32(z->facilities));
    z->protect_value = protect;
}

// Doublewords that the list has.
static unsigned list_length(const struct zcpu *z)
{
    unsigned n = sizeof z->facilities;
    while (n > 1 && z->facilities[n - 1] == 0)
        n--;
    return (n + 7) / 8;
}

void isa_stfle(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    if (address & 7)
        program_check(z, PGM_SPECIFICATION);
    unsigned want = (unsigned)(z->gr[0] & 0xff) + 1, have = list_length(z);
    store_bytes(z, address, 8 * (want < have ? want : have), z->facilities);
    z->gr[0] = (z->gr[0] & ~UINT64_C(0xff)) | (have - 1);
    z->cc = want >= have ? 0 : 3;
}

void isa_stidp(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in), id = (uint64_t)(z->address & 15u) << 52;
    if (address & 7)
        program_check(z, PGM_SPECIFICATION);
    store64(z, address, id | (uint64_t)types[z->level] << 16 | 0x8000);
}

static void put_ebcdic(uint8_t *to, unsigned size, const char *text)
{
    for (unsigned i = 0; i < size; i++)
        to[i] = ascii_to_ebcdic(*text ? (uint8_t)*text++ : ' ');
}

static void put_type(const struct zcpu *z, uint8_t *to)
{
    char text[8];
    snprintf(text, sizeof text, "%04x", types[z->level]);
    put_ebcdic(to, 4, text);
}

static void put_machine(const struct zcpu *z, uint8_t *to) // 1.1.1
{
    put_ebcdic(to + 32, 16, "NUMAPLEX");
    put_type(z, to + 48);
    put_ebcdic(to + 64, 16, "");
    put_ebcdic(to + 80, 16, "");
    put_ebcdic(to + 96, 4, "");
}

static void put_cpu(const struct zcpu *z, uint8_t *to) // 1.2.1
{
    put_ebcdic(to + 80, 16, "");
    put_ebcdic(to + 96, 4, "");
    put16(to + 100, z->address);
}

static void put_cpus(const struct zcpu *z, uint8_t *to) // 1.2.2
{
    unsigned configured = configuration_cpus(z->configuration, true);
    unsigned standby = configuration_cpus(z->configuration, false);
    put16(to + 36, configured + standby); // total, configured, standby, reserved
    put16(to + 38, configured);
    put16(to + 40, standby);
}

// STORE SYSTEM INFORMATION: this is a basic machine (level 1); levels 2 and 3 are not there.
void isa_stsi(struct zcpu *z, const struct instruction *in)
{
    uint32_t r0 = low(z, 0), r1 = low(z, 1), function = r0 >> 28;
    uint64_t address = address2(z, in);
    if (function == 0) {
        set_low(z, 0, UINT32_C(1) << 28);
        z->cc = 0;
        return;
    }
    if (r0 & 0x0fffff00 || r1 & 0xffff0000)
        program_check(z, PGM_SPECIFICATION);
    unsigned what = function << 8 | (r0 & 15) << 4 | (r1 & 15);
    bool known = (r0 & 0xff) < 16 && r1 < 16 && (what == 0x111 || what == 0x121 || what == 0x122);
    z->cc = known ? 0 : 3;
    if (!known)
        return;
    if (address & 0xfff) {
        z->cc = 0;
        program_check(z, PGM_SPECIFICATION);
    }
    check_store(z, address, 4096);
    uint8_t *to = service_store(z, address, 4096, DOING_INSTRUCTIONS);
    (what == 0x111 ? put_machine : what == 0x121 ? put_cpu : put_cpus)(z, to);
}

// A cache as EXTRACT CPU ATTRIBUTE asks for it: of this level, for data or instructions. NULL: there is none.
static const struct cache_geometry *cache_of(const struct board_params *params, unsigned level, bool text)
{
    if (level == 0)
        return text && params->l1_split ? &params->l1i : &params->l1;
    return level == 1 ? &params->l2 : NULL;
}

// A byte for each level: 4 private, 8 shared, and 0 separate or 3 unified.
static uint64_t cache_summary(const struct board_params *params)
{
    return (uint64_t)(params->l1_split ? 0x04 : 0x07) << 56 | UINT64_C(0x0b) << 48;
}

// EXTRACT CPU ATTRIBUTE: the address says what (bits 56-59), of which level, of which kind. What is not there
// is all ones.
void isa_ecag(struct zcpu *z, const struct instruction *in)
{
    enum { SUMMARY, LINE, SIZE, WAYS };
    const struct board_params *params = &z->machine->boards[component_board(z->cpu->id)].params;
    uint64_t what = address2(z, in), value = UINT64_MAX;
    const struct cache_geometry *cache = cache_of(params, what >> 1 & 7, what & 1);
    if (what >> 4 == SUMMARY)
        value = cache_summary(params);
    else if (cache && what >> 4 == LINE)
        value = params->line_bytes;
    else if (cache && what >> 4 == SIZE)
        value = cache->bytes;
    else if (cache && what >> 4 == WAYS)
        value = cache->ways;
    z->gr[in->r1] = value;
}

// The channel subsystem has no subchannels: condition code 3, as for any that is not there.
void isa_subchannel(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    if ((z->gr[1] & UINT64_C(0xfff90000)) != UINT64_C(0x00010000))
        program_check(z, PGM_OPERAND);
    z->cc = 3;
}

void isa_subchannel_storage(struct zcpu *z, const struct instruction *in)
{
    if (address2(z, in) & 3)
        program_check(z, PGM_SPECIFICATION);
    isa_subchannel(z, in);
}

// RESET CHANNEL PATH, CHANNEL SUBSYSTEM CALL: not operational.
void isa_channel(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    z->cc = 3;
}

// TEST PENDING INTERRUPTION: none.
void isa_tpi(struct zcpu *z, const struct instruction *in)
{
    if (address2(z, in) & 3)
        program_check(z, PGM_SPECIFICATION);
    z->cc = 0;
}

// STORE CHANNEL REPORT WORD: zeros.
void isa_stcrw(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address2(z, in);
    if (address & 3)
        program_check(z, PGM_SPECIFICATION);
    store32(z, address, 0);
    z->cc = 1;
}

static void load_anew(struct zcpu *z, bool clear)
{
    z->service->size = clear; // no more bytes than that: which reset the others get
    z->service->at = 0;
    z->service->cc = 0;
    z->service->waiting = false;
    service_begin(z, SERVICE_RESET_ALL, DOING_INSTRUCTIONS);
}

// DIAGNOSE 0x308: subcodes as QEMU (target/s390x/diag.c) has them. There is no device to load from.
static void diagnose_load(struct zcpu *z, const struct instruction *in)
{
    enum { NO_CONFIGURATION = 0x0102, INVALID = 0x0402 };
    switch (z->gr[in->r3]) {
    case 0:
    case 1:
        load_anew(z, z->gr[in->r3] == 0);
        break;
    case 3: // load clear, load normal: the partition wants another load, and has ended
    case 4:
        zcpu_end(z, GUEST_ENDED);
        break;
    case 5:
    case 6:
        if (in->r1 & 1 || z->gr[in->r1] & 0xfff)
            program_check(z, PGM_SPECIFICATION);
        z->gr[in->r1 + 1] = z->gr[in->r3] == 5 ? INVALID : NO_CONFIGURATION;
        break;
    default:
        program_check(z, PGM_SPECIFICATION);
    }
}

void isa_diag(struct zcpu *z, const struct instruction *in)
{
    switch (address2(z, in) & 0xffff) {
    case 0x44: // the time slice, and to whom it goes: CPUs are not shared
    case 0x9c:
        break;
    case 0x308:
        serialise(z);
        diagnose_load(z, in);
        break;
    default:
        program_check(z, PGM_SPECIFICATION);
    }
}

void isa_sigp(struct zcpu *z, const struct instruction *in)
{
    uint32_t order = (uint32_t)address2(z, in) & 0xff, target = low(z, in->r3) & 0xffff;
    uint64_t parameter = z->gr[in->r1 | 1];
    serialise(z);
    if (order == SIGP_SET_ARCHITECTURE) { // z/Architecture already is: no other may be set
        set_low(z, in->r1, SIGP_STATUS_INVALID_PARAMETER);
        z->cc = 1;
        return;
    }
    if (target >= z->configuration->n_cpus || z->configuration->cpus[target] == NO_CPU) {
        z->cc = 3;
        return;
    }
    z->service->r1 = in->r1;
    z->service->size = 0;
    signal_post(z, z->configuration->cpus[target], order, (uint32_t)parameter);
    service_begin(z, SERVICE_SIGP, DOING_INSTRUCTIONS);
}
