// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/text_files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"

void text_file_name(const char *partition, enum text_stream stream, char name[TEXT_NAME_SIZE])
{
    snprintf(name, TEXT_NAME_SIZE, "%s-%s.txt", stream == TEXT_CONSOLE ? "console" : "trace", partition);
}

// FOLDER/NAME of a partition's stream.
static void path_of(const struct text_files *files, const char *folder, uint32_t partition,
                    enum text_stream stream, char path[2 * PATH_MAX_BYTES])
{
    char name[TEXT_NAME_SIZE];
    text_file_name(files->machine->partitions[partition].name, stream, name);
    snprintf(path, (size_t)2 * PATH_MAX_BYTES, "%s/%s", folder, name);
}

static bool is_wanted(const struct text_files *files, uint32_t partition, enum text_stream stream)
{
    return files->machine->partitions[partition].guest.image[0] &&
           (stream == TEXT_CONSOLE || (files->trace.on && files->trace.partition == partition));
}

static enum err_code cannot_write(const struct text_files *files, uint32_t partition, enum text_stream stream,
                                  struct err *err)
{
    char path[2 * PATH_MAX_BYTES];
    path_of(files, files->folder, partition, stream, path);
    return err_errno(err, ERR_FILE, "%s cannot be written; make room and run again", path);
}

static enum err_code open_file(struct text_files *files, uint32_t partition, enum text_stream stream,
                               struct err *err)
{
    char path[2 * PATH_MAX_BYTES];
    path_of(files, files->folder, partition, stream, path);
    FILE *out = fopen(path, "we");
    files->files[partition][stream].out = out;
    return out ? ERR_OK : cannot_write(files, partition, stream, err);
}

enum err_code text_files_open(struct text_files *files, const struct run_folder *folder,
                              const struct machine *machine, const struct plan *plan,
                              const struct instruction_trace *trace, uint64_t limit, struct err *err)
{
    struct console_view *view = files->view;
    *files =
        (struct text_files){.machine = machine, .plan = plan, .trace = *trace, .limit = limit, .view = view};
    snprintf(files->folder, sizeof files->folder, "%s", folder->path);
    files->files = calloc(machine->n_partitions + 1, sizeof *files->files);
    files->reached = malloc(((size_t)machine->n_partitions * plan->nodes + 1) * sizeof *files->reached);
    files->written = calloc(machine->n_partitions + 1, sizeof *files->written);
    NP_ASSERT(files->files && files->reached && files->written);
    for (uint32_t i = 0; i < machine->n_partitions * plan->nodes; i++)
        files->reached[i] = SIM_NEVER;
    for (uint32_t b = 0; b < machine->n_boards; b++) // any of the system may be in the partition, or join it
        for (uint32_t p = 0; p < machine->n_partitions; p++)
            if (machine->partitions[p].system == machine->boards[b].system)
                files->reached[p * plan->nodes + plan->node_of_board[b]] = 0;
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        for (unsigned s = 0; s < TEXT_STREAM_COUNT; s++)
            if (is_wanted(files, p, (enum text_stream)s) && open_file(files, p, (enum text_stream)s, err))
                return err->code;
    return ERR_OK;
}

static void put(struct text_files *files, uint32_t partition, enum text_stream stream, const uint8_t *bytes,
                size_t size)
{
    struct text_file *file = &files->files[partition][stream];
    if (size == 0)
        return;
    fwrite(bytes, 1, size, file->out);
    file->inside = bytes[size - 1] != '\n';
    if (stream == TEXT_CONSOLE && files->view)
        console_view_put(files->view, partition, bytes, size);
}

// A file ends at a byte, whoever wrote it when: the limit is of what has been put in order.
static void cut(struct text_files *files, uint32_t partition, enum text_stream stream)
{
    struct text_file *file = &files->files[partition][stream];
    char note[160];
    int n = snprintf(note, sizeof note,
                     "%s[numaplex: the text is cut here, after %" PRIu64 " bytes; --text-limit keeps more]\n",
                     file->inside ? "\n" : "", file->bytes);
    put(files, partition, stream, (const uint8_t *)note, (size_t)n);
    file->cut = true;
}

static void write_piece(struct text_files *files, uint32_t partition, enum text_stream stream,
                        const struct text_piece *piece)
{
    struct text_file *file = &files->files[partition][stream];
    if (file->cut)
        return;
    uint64_t room = files->limit > file->bytes ? files->limit - file->bytes : 0;
    uint32_t size = piece->size < room ? piece->size : (uint32_t)room;
    put(files, partition, stream, piece->bytes, size);
    file->bytes += size;
    if (size < piece->size)
        cut(files, partition, stream);
}

static int in_order(const void *one, const void *other)
{
    const struct text_piece *a = one, *b = other;
    return text_before(a, b) ? -1 : text_before(b, a);
}

// Writes the pieces below `safe`; those that wait on stay in order.
static void write_below(struct text_files *files, uint32_t partition, enum text_stream stream, sim_time safe)
{
    struct text_file *file = &files->files[partition][stream];
    struct text_list due = {0};
    text_list_move(&due, &file->waiting, safe);
    if (due.n == 0)
        return;
    qsort(due.items, due.n, sizeof *due.items, in_order);
    files->written[partition] = sim_max(files->written[partition], due.items[due.n - 1].time);
    for (uint32_t i = 0; i < due.n; i++)
        write_piece(files, partition, stream, &due.items[i]);
    text_list_free(&due);
    fflush(file->out);
}

static sim_time *reached_by(const struct text_files *files, uint32_t partition, uint32_t host)
{
    return &files->reached[partition * files->plan->nodes + host];
}

static sim_time reached_by_all(const struct text_files *files, uint32_t partition)
{
    sim_time least = SIM_NEVER;
    for (uint32_t n = 0; n < files->plan->nodes; n++)
        least = sim_min(least, *reached_by(files, partition, n));
    return least;
}

// What a process said last holds until its boards leave the partition; when they boot again, they begin where
// everybody stands.
static sim_time passed(const struct text_files *files, uint32_t partition, uint32_t host)
{
    sim_time reached = *reached_by(files, partition, host);
    return reached == SIM_NEVER ? files->written[partition] : reached;
}

static const char *wrong_piece(const struct text_files *files, uint32_t host,
                               const struct control_text *chunk, const struct text_piece *piece)
{
    const struct machine *machine = files->machine;
    uint32_t board = component_board(piece->source);
    if (board >= machine->n_boards ||
        machine->boards[board].system != machine->partitions[chunk->partition].system ||
        files->plan->node_of_board[board] != host)
        return "a board that is not its own";
    if (!files->files[chunk->partition][piece->stream].out)
        return "a trace that nobody asked for";
    if (piece->time < passed(files, chunk->partition, host))
        return "a time that it had passed";
    return NULL;
}

static const char *wrong_chunk(const struct text_files *files, uint32_t host,
                               const struct control_text *chunk)
{
    if (chunk->partition >= files->machine->n_partitions || host >= files->plan->nodes ||
        !files->files[chunk->partition][TEXT_CONSOLE].out)
        return "a partition without a console";
    if (chunk->reached < passed(files, chunk->partition, host))
        return "a time that it had passed";
    for (uint32_t i = 0; i < chunk->pieces.n; i++) {
        const char *wrong = wrong_piece(files, host, chunk, &chunk->pieces.items[i]);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void keep_pieces(struct text_files *files, struct control_text *chunk)
{
    for (uint32_t i = 0; i < chunk->pieces.n; i++) {
        const struct text_piece *piece = &chunk->pieces.items[i];
        struct text_file *file = &files->files[chunk->partition][piece->stream];
        if (file->cut)
            free(piece->bytes);
        else
            text_list_give(&file->waiting, piece);
    }
    chunk->pieces.n = 0;
}

enum err_code text_files_add(struct text_files *files, uint32_t host, struct control_text *chunk,
                             struct err *err)
{
    uint32_t partition = chunk->partition;
    const char *wrong = wrong_chunk(files, host, chunk);
    if (wrong)
        return err_set(err, ERR_DAMAGED_MESSAGE, "process %u reports text of %s", host, wrong);
    sim_time before = reached_by_all(files, partition);
    keep_pieces(files, chunk);
    *reached_by(files, partition, host) = chunk->reached;
    sim_time safe = reached_by_all(files, partition);
    for (unsigned s = 0; s < TEXT_STREAM_COUNT && safe > before; s++) {
        struct text_file *file = &files->files[partition][s];
        if (!file->out)
            continue;
        write_below(files, partition, (enum text_stream)s, safe);
        if (ferror(file->out))
            return cannot_write(files, partition, (enum text_stream)s, err);
    }
    if (files->view)
        console_view_flush(files->view);
    return ERR_OK;
}

enum err_code text_files_finish(struct text_files *files, struct err *err)
{
    err_clear(err);
    for (uint32_t p = 0; files->files && p < files->machine->n_partitions; p++)
        for (unsigned s = 0; s < TEXT_STREAM_COUNT; s++) {
            struct text_file *file = &files->files[p][s];
            if (!file->out)
                continue;
            write_below(files, p, (enum text_stream)s, SIM_NEVER);
            bool failed = ferror(file->out) || fflush(file->out) || fsync(fileno(file->out));
            failed |= fclose(file->out) != 0;
            file->out = NULL;
            if (failed && !err->code)
                cannot_write(files, p, (enum text_stream)s, err);
        }
    if (files->view)
        console_view_end(files->view);
    return err->code;
}

void text_files_close(struct text_files *files)
{
    struct err ignored;
    if (!files->files)
        return;
    text_files_finish(files, &ignored);
    for (uint32_t p = 0; p < files->machine->n_partitions; p++)
        for (unsigned s = 0; s < TEXT_STREAM_COUNT; s++)
            text_list_free(&files->files[p][s].waiting);
    free(files->files);
    free(files->reached);
    free(files->written);
    *files = (struct text_files){0};
}
