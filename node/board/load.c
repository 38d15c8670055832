// SPDX-License-Identifier: Apache-2.0
// Before time 0: the bytes of a guest's image go into the memory of the boards that are their homes. Every
// board reads the image and keeps its own part, so that nothing of it is sent.
#include <string.h>

#include "node/board/internal.h"
#include "node/isa/isa.h"
#include "proto/image/image.h"

// Puts `size` bytes at real address `address` as far as this board is their home.
static void put_bytes(struct board *board, uint64_t address, const uint8_t *bytes, uint64_t size)
{
    const uint32_t line_bytes = board->params->line_bytes;
    while (size > 0) {
        uint64_t in_line = address % line_bytes, n = line_bytes - in_line;
        n = n < size ? n : size;
        struct location where;
        if (segment_map_find(&board->home.decode, address - in_line, &where) && where.board == board->number)
            memcpy(memory_line(&board->home.memory, where.offset).bytes + in_line, bytes, n);
        address += n;
        bytes += n;
        size -= n;
    }
}

// Empty arguments too: what the image has there is no command line.
static void put_arguments(struct board *board, const char *arguments)
{
    put_bytes(board, IMAGE_ARGUMENTS_ADDRESS, (const uint8_t *)arguments, strlen(arguments) + 1);
}

static void start_guest(struct board *board, const struct image *image)
{
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        if (!cpu->desc || cpu->desc->kind != CPU_ZARCH || cpu->desc->member != 0)
            continue;
        zarch_start(cpu, image->psw_mask, image->psw_address);
        cpu_publish(cpu);
    }
}

enum err_code guest_load(struct board *board, struct err *err)
{
    if (!board->partition || !board->partition->guest.image[0])
        return ERR_OK;
    const struct guest_desc *guest = &board->partition->guest;
    const struct segment_desc *last = &board->partition->segments[board->partition->n_segments - 1];
    struct image image;
    enum err_code code = image_open(&image, guest->image, err);
    if (code)
        return err_wrap(err, "board %s", board->desc->name);
    if (image_fits(&image, guest->arguments, last->base + last->size, err)) {
        code = err_wrap(err, "board %s: %s", board->desc->name, guest->image);
    } else {
        for (uint32_t i = 0; i < image.n_parts; i++)
            put_bytes(board, image.parts[i].address, image.parts[i].bytes, image.parts[i].size);
        if (image.takes_arguments)
            put_arguments(board, guest->arguments);
        start_guest(board, &image);
    }
    image_close(&image);
    return code;
}
