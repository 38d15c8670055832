// SPDX-License-Identifier: Apache-2.0
#include "proto/base/guest.h"

#include <string.h>

#include "proto/base/rules.h"

const char *const architecture_names[ARCHITECTURE_COUNT] = {"z900", "z990", "z9", "z10", "z196", "zec12"};

bool guest_text_ok(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    for (size_t i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    return length < size;
}

bool guest_line_ok(const uint8_t *line, uint64_t length)
{
    char text[GUEST_INPUT_BYTES_MAX - 1];
    if (length >= sizeof text || (length && memchr(line, '\0', length)))
        return false;
    if (length)
        memcpy(text, line, length);
    text[length] = '\0';
    return guest_text_ok(text, sizeof text);
}

static const char *inputs_invalid(const struct guest_desc *g)
{
    RULE(g->n_inputs <= GUEST_INPUTS_MAX && (g->inputs || !g->n_inputs), "a guest has too many inputs");
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        char line[GUEST_INPUT_BYTES_MAX];
        memcpy(line, g->inputs[i].text, sizeof line);
        size_t length = strnlen(line, sizeof line);
        RULE(length >= 1 && length < sizeof line && line[length - 1] == '\n',
             "an input of a guest is too long or does not end its line");
        line[length - 1] = '\0';
        RULE(guest_text_ok(line, sizeof line), "an input of a guest is not one line of printable ASCII");
        RULE(g->inputs[i].at <= UINT64_C(1) << 62, "an input lies beyond the end of simulated time");
        RULE(i == 0 || g->inputs[i - 1].at <= g->inputs[i].at,
             "the inputs of a guest are not in ascending order of time");
    }
    return NULL;
}

static const char *guest_invalid(const struct guest_desc *g)
{
    size_t length = strnlen(g->image, PATH_MAX_BYTES);
    RULE(length < PATH_MAX_BYTES, "the path of a guest's image is too long");
    RULE((length > 0) == (g->n_cpus > 0), "a guest has no image or no CPUs");
    RULE(g->n_cpus <= GUEST_CPUS_MAX, "a guest has more than GUEST_CPUS_MAX CPUs");
    RULE((unsigned)g->architecture < ARCHITECTURE_COUNT, "a guest's architecture is unknown");
    RULE(guest_text_ok(g->arguments, sizeof g->arguments),
         "the arguments of a guest are too long or not printable ASCII");
    return inputs_invalid(g);
}

// CPU addresses are the members of one program: as many as the guest has, each once.
static const char *addresses_invalid(const struct machine *m)
{
    static const char *const sentence = "the CPUs of a guest do not have the addresses 0, 1, ..., each once";
    uint64_t seen[PARTITIONS_MAX][GUEST_CPUS_MAX / 64] = {{0}};
    uint32_t cpus[PARTITIONS_MAX] = {0};
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        const struct cpu_desc *c = &m->cpus[i];
        if (c->kind != CPU_ZARCH)
            continue;
        uint32_t partition = m->boards[c->board].partition;
        uint64_t bit = UINT64_C(1) << c->member % 64;
        RULE(c->outstanding == 1, "a z/Architecture CPU has several accesses under way");
        RULE(c->members == m->partitions[partition].guest.n_cpus && c->member < c->members &&
                 !(seen[partition][c->member / 64] & bit),
             sentence);
        seen[partition][c->member / 64] |= bit;
        cpus[partition]++;
    }
    for (uint32_t p = 0; p < m->n_partitions; p++)
        RULE(cpus[p] == m->partitions[p].guest.n_cpus, sentence);
    return NULL;
}

const char *guests_invalid(const struct machine *machine)
{
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        CHECK(guest_invalid(&machine->partitions[p].guest));
    return addresses_invalid(machine);
}
