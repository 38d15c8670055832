// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/bare_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "node/isa/isa.h"
#include "proto/base/assert.h"
#include "proto/base/big_endian.h"

enum {
    OLD_PSW = 0x150,
    NEW_PSW = 0x1d0,
    PROGRAM_CODE = 0x8e,
    END_PSW = 0x2000,
    VALUES = 0x3000,
    CODE = 0x10000,
    GRANULE = 4096,
};

#define WAIT_MASK UINT64_C(0x0002000180000000)

static void put_bytes(struct bare_program *program, uint64_t text, unsigned bytes)
{
    NP_ASSERT(program->at + bytes <= BARE_DATA);
    while (bytes--)
        program->image[program->at++] = (uint8_t)(text >> 8 * bytes);
}

void bare_begin(struct bare_program *program)
{
    memset(program, 0, sizeof *program);
    program->at = CODE;
    program->values = VALUES;
    put64(program->image, UINT64_C(0x0008000180000000) | CODE);
    bare_psw(program, NEW_PSW, WAIT_MASK, 0xbad);
    bare_psw(program, END_PSW, WAIT_MASK, 0xfff);
}

void bare_psw(struct bare_program *program, uint32_t at, uint64_t mask, uint64_t address)
{
    put64(program->image + at, mask);
    put64(program->image + at + 8, address);
}

uint64_t bare_entry(struct bare_program *program)
{
    program->at = (program->at + 0xff) & ~0xffu;
    return program->at;
}

void bare_set(struct bare_program *program, unsigned r, uint64_t value)
{
    uint32_t at = program->values;
    NP_ASSERT(at + 8 <= CODE);
    put64(program->image + at, value);
    program->values += 8;
    put_bytes(program,
              UINT64_C(0xe30000000004) | (uint64_t)r << 36 | (uint64_t)(at & 0xfff) << 16 |
                  (uint64_t)(at >> 12) << 8,
              6); // lg
}

void bare_ss(struct bare_program *program, uint8_t opcode, uint8_t lengths, unsigned b1, unsigned b2)
{
    put_bytes(program, (uint64_t)opcode << 40 | (uint64_t)lengths << 32 | (uint64_t)b1 << 28 | b2 << 12, 6);
}

void bare_rr(struct bare_program *program, uint8_t opcode, unsigned r1, unsigned r2)
{
    put_bytes(program, (uint64_t)opcode << 8 | r1 << 4 | r2, 2);
}

void bare_rre(struct bare_program *program, uint16_t opcode, unsigned m3, unsigned r1, unsigned r2)
{
    put_bytes(program, (uint64_t)opcode << 16 | m3 << 12 | r1 << 4 | r2, 4);
}

void bare_rs(struct bare_program *program, uint8_t opcode, unsigned r1, unsigned r3, unsigned b2)
{
    put_bytes(program, (uint64_t)opcode << 24 | r1 << 20 | r3 << 16 | b2 << 12, 4);
}

void bare_rsy(struct bare_program *program, uint16_t opcode, unsigned r1, unsigned r3, unsigned b2)
{
    uint64_t text = (uint64_t)(opcode >> 8) << 40 | (opcode & 0xffu);
    put_bytes(program, text | (uint64_t)r1 << 36 | (uint64_t)r3 << 32 | (uint64_t)b2 << 28, 6);
}

void bare_code(struct bare_program *program, const char *hex)
{
    for (; hex[0] && hex[1]; hex += hex[0] == ' ' ? 1 : 2) {
        if (hex[0] == ' ')
            continue;
        const char digits[3] = {hex[0], hex[1], '\0'};
        put_bytes(program, strtoul(digits, NULL, 16), 1);
    }
}

void bare_store_code(struct bare_program *program, unsigned base)
{
    put_bytes(program, 0xb2220000, 4);                        // ipm %r0
    put_bytes(program, UINT64_C(0x50000000) | base << 12, 4); // st %r0,0(base)
}

void bare_end(struct bare_program *program)
{
    put_bytes(program, UINT64_C(0xa7190000) | END_PSW, 4); // lghi %r1
    put_bytes(program, 0xb2b21000, 4);                     // lpswe 0(%r1)
}

static void write_image(const struct bare_program *program, const char *path)
{
    FILE *file = fopen(path, "w");
    NP_ASSERT(file);
    bool written = fwrite(program->image, 1, BARE_BYTES, file) == BARE_BYTES;
    bool closed = fclose(file) == 0;
    NP_ASSERT(written && closed);
}

static void enlarge(struct board_params *params)
{
    params->line_bytes = 256;
    params->l1 = params->l1i = (struct cache_geometry){.bytes = 1 << 20, .ways = 8, .latency = 1000};
    params->l2 = (struct cache_geometry){.bytes = 4 << 20, .ways = 8, .latency = 3000};
}

void bare_machine(const struct bare_program *program, const struct bare_shape *shape, const char *folder,
                  struct tiny_machine *tiny)
{
    const struct tiny_shape machine = {.protocol = "mesi",
                                       .boards = shape->boards,
                                       .cpus = 1,
                                       .partitions = 1,
                                       .memory_bytes = BARE_MEMORY / shape->boards,
                                       .granule = shape->boards > 1 && !shape->fault ? GRANULE : 0,
                                       .frames_offset = BARE_MEMORY,
                                       .l1_split = shape->split,
                                       .store_buffer = shape->store_buffer};
    tiny_machine_init(tiny, &machine);
    struct guest_desc *guest = &tiny->partitions[0].guest;
    snprintf(guest->image, sizeof guest->image, "%s/bare.img", folder);
    guest->architecture = shape->level;
    guest->n_cpus = (uint16_t)shape->boards;
    guest->inputs = shape->input;
    guest->n_inputs = shape->input != NULL;
    tiny->machine.faults = shape->fault;
    tiny->machine.n_faults = shape->fault != NULL;
    for (uint32_t i = 0; i < shape->boards; i++) {
        struct cpu_desc *cpu = tiny_machine_add(tiny, i, 0, CPU_ZARCH);
        cpu->member = (uint16_t)i;
        cpu->members = (uint16_t)shape->boards;
        if (shape->large)
            enlarge(&tiny->boards[i].params);
    }
    write_image(program, guest->image);
}

// A line from whichever board has it in its cache; else its home has it.
static void look_at_line(struct mini_complex *complex, const struct bare_shape *shape, uint64_t line,
                         uint32_t bytes, uint8_t *to)
{
    uint64_t piece = shape->fault ? BARE_MEMORY / shape->boards : GRANULE;
    uint32_t from = (uint32_t)(line / piece % shape->boards);
    for (uint32_t i = 0; i < shape->boards; i++)
        if (cache_find(&complex->boards[i]->cache, line) != NO_SLOT)
            from = i;
    board_peek(complex->boards[from], line, to, bytes);
}

static void look(struct mini_complex *complex, const struct bare_shape *shape, struct bare_result *result)
{
    const uint32_t bytes = complex->machine->boards[0].params.line_bytes;
    for (uint64_t line = 0; line < BARE_MEMORY; line += bytes)
        look_at_line(complex, shape, line, bytes, result->memory + line);
    for (uint32_t i = 0; i < shape->boards; i++) {
        const struct cpu *cpu = board_cpu(complex->boards[i], 0);
        cpu->ops->guest(cpu, &result->cpu[i]);
    }
    if (result->cpu[0].psw_address != 0xfff)
        result->program_code =
            (uint16_t)(result->memory[PROGRAM_CODE] << 8 | result->memory[PROGRAM_CODE + 1]);
    result->old_psw[0] = get64(result->memory + OLD_PSW);
    result->old_psw[1] = get64(result->memory + OLD_PSW + 8);
}

void bare_run(const struct bare_program *program, const struct bare_shape *shape, const char *folder,
              uint64_t entry, struct bare_result *result)
{
    static struct tiny_machine tiny;
    struct mini_complex complex;
    struct err err = {0};
    memset(result, 0, sizeof *result);
    bare_machine(program, shape, folder, &tiny);
    if (mini_open(&complex, &tiny.machine, NULL, &err)) {
        printf("  %s\n", err.text);
        return;
    }
    if (entry)
        zarch_start(&complex.boards[1]->cpus[0], UINT64_C(0x0000000180000000), entry);
    result->ended = mini_run(&complex, SIM_PS_PER_S);
    look(&complex, shape, result);
    mini_close(&complex);
}
