// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/digest_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "coordinator/run/report.h"

#define DIGEST_FORMAT "numaplex-digest 1"
#define LINE_SIZE     512 // two names and two numbers

static void write_board(const struct machine *m, const struct partition_desc *p,
                        const struct board_results *b, FILE *out)
{
    char digest[DIGEST_TEXT_SIZE];
    const char *name = m->boards[b->board].name;
    digest_text(b->digest, digest);
    fprintf(out, "board %s %s %s\n", p->name, name, digest);
    for (uint32_t i = 0; i < b->trail_n && i < TRAIL_MAX; i++)
        fprintf(out, "mark %s %s %" PRIu64 " %016" PRIx64 "\n", p->name, name, b->trail[i].time,
                b->trail[i].hash);
}

void digest_file_write(const struct run_report *report, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    char digest[DIGEST_TEXT_SIZE];
    digest_text(report->outcome->run, digest);
    fprintf(out, DIGEST_FORMAT "\nscenario %s\nrun %s\n", m->name, digest);
    for (uint32_t p = 0; p < m->n_partitions; p++) {
        digest_text(report->outcome->partitions[p], digest);
        fprintf(out, "partition %s %s\n", m->partitions[p].name, digest);
    }
    for (uint32_t p = 0; p < m->n_partitions; p++)
        for (uint32_t i = 0; i < m->partitions[p].n_boards; i++)
            write_board(m, &m->partitions[p], &report->outcome->boards[m->partitions[p].boards[i]], out);
}

static bool is_digest(const char *text)
{
    return strlen(text) == DIGEST_TEXT_SIZE - 1 && strspn(text, "0123456789abcdef") == DIGEST_TEXT_SIZE - 1;
}

static bool read_partition(struct digest_file *file, const char *line)
{
    struct digest_partition *p = &file->partitions[file->n_partitions];
    if (file->n_partitions == PARTITIONS_MAX ||
        sscanf(line, "partition %63s %32s", p->name, p->digest) != 2 || !is_digest(p->digest))
        return false;
    file->n_partitions++;
    return true;
}

static bool read_board_line(struct digest_file *file, const char *line)
{
    struct digest_board *b = &file->boards[file->n_boards];
    if (file->n_boards == BOARDS_MAX ||
        sscanf(line, "board %63s %63s %32s", b->partition, b->name, b->digest) != 3 || !is_digest(b->digest))
        return false;
    file->n_boards++;
    return true;
}

// Marks follow their board, in the order of time.
static bool read_mark(struct digest_file *file, const char *line)
{
    char partition[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    struct trail_mark mark;
    if (file->n_boards == 0 ||
        sscanf(line, "mark %63s %63s %" SCNu64 " %" SCNx64, partition, name, &mark.time, &mark.hash) != 4)
        return false;
    struct digest_board *b = &file->boards[file->n_boards - 1];
    if (strcmp(b->name, name) != 0 || strcmp(b->partition, partition) != 0 || b->marks == TRAIL_MAX ||
        (b->marks && b->mark[b->marks - 1].time > mark.time))
        return false;
    b->mark[b->marks++] = mark;
    return true;
}

static bool read_line(struct digest_file *file, const char *line, unsigned number)
{
    if (number == 1)
        return strcmp(line, DIGEST_FORMAT) == 0;
    if (strncmp(line, "mark ", 5) == 0)
        return read_mark(file, line);
    if (strncmp(line, "board ", 6) == 0)
        return read_board_line(file, line);
    if (strncmp(line, "partition ", 10) == 0)
        return read_partition(file, line);
    if (strncmp(line, "scenario ", 9) == 0)
        return sscanf(line, "scenario %63s", file->scenario) == 1;
    return sscanf(line, "run %32s", file->run) == 1 && is_digest(file->run);
}

static enum err_code read_lines(struct digest_file *file, FILE *in, struct err *err)
{
    char line[LINE_SIZE];
    unsigned number = 0;
    while (fgets(line, sizeof line, in)) {
        size_t length = strlen(line);
        bool whole = length > 0 && line[length - 1] == '\n';
        if (whole)
            line[length - 1] = '\0';
        if (!whole || !read_line(file, line, ++number))
            return err_set(err, ERR_BAD_VALUE, "%s:%u: not what a digest file of numaplex holds; run again",
                           file->path, number);
    }
    if (ferror(in))
        return err_errno(err, ERR_FILE, "%s", file->path);
    if (!file->run[0] || file->n_boards == 0)
        return err_set(err, ERR_BAD_VALUE, "%s: ends before the digests; run again", file->path);
    return ERR_OK;
}

// A run folder stands for the digest in it.
static enum err_code open_file(struct digest_file *file, const char *path, FILE **in, struct err *err)
{
    struct stat info;
    bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (snprintf(file->path, sizeof file->path, folder ? "%s/digest" : "%s", path) >= (int)sizeof file->path)
        return err_set(err, ERR_LIMIT, "%.60s...: the path is too long", path);
    *in = fopen(file->path, "re");
    if (*in)
        return ERR_OK;
    return err_errno(err, ERR_FILE,
                     folder ? "%s: the run left no digest; see failed.txt or log beside it" : "%s",
                     file->path);
}

enum err_code digest_file_read(struct digest_file *file, const char *path, struct err *err)
{
    FILE *in;
    memset(file, 0, sizeof *file);
    if (open_file(file, path, &in, err))
        return err->code;
    file->boards = calloc(BOARDS_MAX, sizeof *file->boards);
    enum err_code code =
        file->boards ? read_lines(file, in, err) : err_set(err, ERR_MEMORY, "%s", file->path);
    fclose(in);
    if (code)
        digest_file_free(file);
    return code;
}

void digest_file_free(struct digest_file *file)
{
    free(file->boards);
    file->boards = NULL;
    file->n_boards = 0;
}

// The first time for which both have a mark and the marks differ. Only common times can be compared: what
// lies between two marks of a board is not known.
static void compare_marks(const struct digest_board *a, const struct digest_board *b, sim_time *after,
                          sim_time *at)
{
    uint32_t i = 0, j = 0;
    *after = 0;
    *at = SIM_NEVER;
    while (i < a->marks && j < b->marks) {
        if (a->mark[i].time == b->mark[j].time) {
            if (a->mark[i].hash != b->mark[j].hash) {
                *at = a->mark[i].time;
                return;
            }
            *after = a->mark[i].time;
            i++;
            j++;
        } else if (a->mark[i].time < b->mark[j].time) {
            i++;
        } else {
            j++;
        }
    }
}

static const char *shape_differs(const struct digest_file *a, const struct digest_file *b)
{
    if (a->n_boards != b->n_boards || a->n_partitions != b->n_partitions)
        return "the runs have different numbers of partitions or boards";
    for (uint32_t i = 0; i < a->n_boards; i++)
        if (strcmp(a->boards[i].name, b->boards[i].name) != 0 ||
            strcmp(a->boards[i].partition, b->boards[i].partition) != 0)
            return "the runs have different boards";
    return NULL;
}

bool digest_file_differ(const struct digest_file *a, const struct digest_file *b,
                        struct difference *difference)
{
    *difference = (struct difference){.what = shape_differs(a, b), .at = SIM_NEVER};
    if (difference->what)
        return true;
    for (uint32_t i = 0; i < a->n_boards; i++) {
        sim_time after, at;
        if (strcmp(a->boards[i].digest, b->boards[i].digest) == 0)
            continue;
        compare_marks(&a->boards[i], &b->boards[i], &after, &at);
        if (!difference->board || at < difference->at) {
            difference->board = &a->boards[i];
            difference->after = after;
            difference->at = at;
        }
    }
    return difference->board || strcmp(a->run, b->run) != 0;
}
