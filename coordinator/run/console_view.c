// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/console_view.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/run/guest_names.h"
#include "proto/base/assert.h"

static enum err_code show(struct console_view *view, const char *name, struct err *err)
{
    uint32_t partition;
    if (guest_find(view->machine, "--console", name, strlen(name), &partition, err))
        return err->code;
    if (view->shown[partition])
        return err_set(err, ERR_USAGE, "--console %s: this console is named twice", name);
    view->shown[partition] = true;
    view->n++;
    return ERR_OK;
}

static enum err_code show_all(struct console_view *view, struct err *err)
{
    for (uint32_t p = 0; p < view->machine->n_partitions; p++) {
        view->shown[p] = view->machine->partitions[p].guest.image[0];
        view->n += view->shown[p];
    }
    return view->n
               ? ERR_OK
               : err_set(err, ERR_USAGE, "--console all: no partition runs a guest, so none has a console");
}

enum err_code console_view_open(struct console_view *view, const struct run_command *command,
                                const struct machine *machine, struct progress *progress, struct err *err)
{
    *view = (struct console_view){.machine = machine, .out = stdout, .terminal = isatty(STDOUT_FILENO)};
    view->progress = view->terminal ? progress : NULL;
    for (uint32_t i = 0; i < command->n_consoles; i++) {
        bool all = strcmp(command->consoles[i], "all") == 0 && command->n_consoles == 1;
        if (all ? show_all(view, err) : show(view, command->consoles[i], err))
            return err->code;
    }
    if (view->n > 1) {
        view->lines = calloc(machine->n_partitions, sizeof *view->lines);
        NP_ASSERT(view->lines);
    }
    return ERR_OK;
}

void console_view_free(struct console_view *view)
{
    for (uint32_t p = 0; view->lines && p < view->machine->n_partitions; p++)
        free(view->lines[p].bytes);
    free(view->lines);
    view->lines = NULL;
}

// A terminal is left as it is by whatever a guest writes: no escape sequence begins with what is let through.
static void write_harmless(FILE *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t c = bytes[i];
        if (c == '\r' && i + 1 < size && bytes[i + 1] == '\n')
            continue;
        if ((c >= ' ' && c < 0x7f) || c == '\n' || c == '\t')
            putc(c, out);
        else if (c < ' ' || c == 0x7f)
            fprintf(out, "^%c", c ^ 0x40);
        else
            fprintf(out, "\\x%02x", c);
    }
}

void console_write(FILE *out, const uint8_t *bytes, size_t size, bool terminal)
{
    if (terminal)
        write_harmless(out, bytes, size);
    else
        fwrite(bytes, 1, size, out);
}

static void put_line(struct console_view *view, uint32_t partition)
{
    struct console_line *line = &view->lines[partition];
    if (line->n == 0)
        return;
    fprintf(view->out, "%s| ", view->machine->partitions[partition].name);
    console_write(view->out, line->bytes, line->n, view->terminal);
    if (line->bytes[line->n - 1] != '\n')
        putc('\n', view->out);
    line->n = 0;
}

static void put_lines(struct console_view *view, uint32_t partition, const uint8_t *bytes, size_t size)
{
    struct console_line *line = &view->lines[partition];
    if (!line->bytes)
        line->bytes = malloc(CONSOLE_LINE_MAX);
    NP_ASSERT(line->bytes);
    for (size_t i = 0; i < size; i++) {
        line->bytes[line->n++] = bytes[i];
        if (bytes[i] == '\n' || line->n == CONSOLE_LINE_MAX)
            put_line(view, partition);
    }
}

void console_view_put(struct console_view *view, uint32_t partition, const uint8_t *bytes, size_t size)
{
    if (!view->shown[partition] || size == 0)
        return;
    if (view->progress)
        progress_clear(view->progress);
    if (view->lines) {
        put_lines(view, partition, bytes, size);
        return;
    }
    console_write(view->out, bytes, size, view->terminal);
    view->inside = bytes[size - 1] != '\n';
    if (view->progress)
        view->progress->held = view->inside; // it would be written into the guest's line
}

void console_view_flush(struct console_view *view)
{
    if (view->n)
        fflush(view->out);
}

void console_view_end(struct console_view *view)
{
    for (uint32_t p = 0; view->lines && p < view->machine->n_partitions; p++)
        put_line(view, p);
    if (view->inside)
        putc('\n', view->out);
    view->inside = false;
    console_view_flush(view);
}
