// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/configuration.h"

#include "tests/guests/zarch/runtime/console.h"
#include "tests/guests/zarch/runtime/memory.h"

#define READ_CPU_INFO 0x00010001u
#define READ_SCP_INFO 0x00020001u
#define READ_STORAGE  0x00040001u
#define UNASSIGN      0x000c0001u
#define ASSIGN        0x000d0001u
#define DECONFIGURE   0x00100001u
#define CONFIGURE     0x00110001u

enum { HEADER = 8, BLOCK = 4096, DONE = 0x0020, NOTHING_TO_DO = 0x0120 };

// Behind the header; the lock of whoever asks is the console's.
static union {
    uint8_t bytes[BLOCK - HEADER];
    uint16_t half[(BLOCK - HEADER) / 2];
    uint32_t word[(BLOCK - HEADER) / 4];
} block;

static unsigned ask(uint32_t command, unsigned bytes)
{
    return console_command(command, block.bytes, bytes);
}

// What machines say of themselves differs, and storage is compared with what another machine leaves behind.
static void forget(void)
{
    memset(&block, 0, sizeof block);
}

static void take_cpus(struct cpu_list *list, unsigned n, unsigned at)
{
    list->n = 0;
    for (unsigned i = 0; i < n && list->n < sizeof list->address; i++, at += 16)
        if (at >= HEADER && at < BLOCK)
            list->address[list->n++] = block.bytes[at - HEADER];
}

void configuration_cpus(struct cpu_list *configured, struct cpu_list *standby)
{
    ask(READ_CPU_INFO, sizeof block);
    take_cpus(configured, block.half[0], block.half[1]);
    take_cpus(standby, block.half[2], block.half[3]);
    forget();
}

static bool is_done(unsigned response)
{
    return response == DONE || response == NOTHING_TO_DO;
}

bool configuration_set_cpu(unsigned address, bool on)
{
    return is_done(ask((on ? CONFIGURE : DECONFIGURE) | address << 8, 0));
}

bool configuration_set_storage(unsigned increment, bool on)
{
    block.half[0] = (uint16_t)increment;
    bool done = is_done(ask(on ? ASSIGN : UNASSIGN, 8));
    forget();
    return done;
}

void configuration_element(unsigned number, struct element *element)
{
    enum { ALL = 0x0010, STANDBY = 0x0410, ENTRIES = (16 - HEADER) / 4 };
    unsigned response = ask(READ_STORAGE | number << 8, sizeof block);
    element->n = response == ALL || response == STANDBY ? block.half[1] : 0;
    if (element->n > INCREMENTS_MAX)
        element->n = INCREMENTS_MAX;
    for (unsigned i = 0; i < element->n; i++)
        element->increment[i] = (uint16_t)(block.word[ENTRIES + i] >> 16);
    forget();
}

uint64_t configuration_increment_bytes(void)
{
    ask(READ_SCP_INFO, sizeof block);
    uint64_t bytes = (uint64_t)block.bytes[10 - HEADER] << 20;
    forget();
    return bytes;
}
