// SPDX-License-Identifier: Apache-2.0
// Consoles in saved states: a saved state holds what its consoles have said so far, and a run that continues
// it begins with that, so that it leaves the same files as a run that was never saved.
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/text_files.h"
#include "proto/base/assert.h"

static enum err_code copy_rest(FILE *from, FILE *to, const char *from_path, const char *to_path,
                               struct text_file *file, struct err *err)
{
    uint8_t block[65536];
    size_t n;
    while ((n = fread(block, 1, sizeof block, from)) > 0) {
        if (fwrite(block, 1, n, to) != n)
            return err_errno(err, ERR_FILE, "%s cannot be written; make room and run again", to_path);
        if (file)
            file->inside = block[n - 1] != '\n';
    }
    return ferror(from) ? err_errno(err, ERR_FILE, "%s cannot be read", from_path) : ERR_OK;
}

static enum err_code continue_one(struct text_files *files, const struct manifest *manifest, uint32_t i,
                                  struct err *err)
{
    const struct saved_text *text = &manifest->texts[i];
    char path[2 * PATH_MAX_BYTES];
    for (uint32_t p = 0; p < files->machine->n_partitions; p++) {
        struct text_file *file = &files->files[p][TEXT_CONSOLE];
        if (strcmp(files->machine->partitions[p].name, text->partition) != 0 || !file->out)
            continue;
        snprintf(path, sizeof path, "%s/%s", manifest->folder, text->name);
        FILE *from = fopen(path, "re");
        if (!from)
            return err_errno(err, ERR_FILE, "%s cannot be read", path);
        enum err_code code = copy_rest(from, file->out, path, "the console", file, err);
        fclose(from);
        fflush(file->out);
        file->bytes = text->bytes;
        file->cut = text->cut;
        return code;
    }
    return err_set(err, ERR_DAMAGED_STATE, "%s: text of partition %s, which has no console", manifest->folder,
                   text->partition);
}

enum err_code text_files_continue(struct text_files *files, const struct manifest *manifest, struct err *err)
{
    for (uint32_t i = 0; i < manifest->n_texts; i++)
        if (continue_one(files, manifest, i, err))
            return err->code;
    return ERR_OK;
}

static enum err_code save_one(const struct text_files *files, uint32_t partition, const char *folder,
                              struct saved_text *text, struct err *err)
{
    char from_path[2 * PATH_MAX_BYTES], to_path[2 * PATH_MAX_BYTES];
    const struct text_file *file = &files->files[partition][TEXT_CONSOLE];
    *text = (struct saved_text){.bytes = file->bytes, .cut = file->cut};
    strcpy(text->partition, files->machine->partitions[partition].name);
    text_file_name(text->partition, TEXT_CONSOLE, text->name);
    snprintf(from_path, sizeof from_path, "%s/%s", files->folder, text->name);
    snprintf(to_path, sizeof to_path, "%s/%s", folder, text->name);
    FILE *from = fopen(from_path, "re"), *to = from ? fopen(to_path, "we") : NULL;
    enum err_code code = from && to ? copy_rest(from, to, from_path, to_path, NULL, err)
                                    : err_errno(err, ERR_FILE, "%s cannot be written", to_path);
    if (from)
        fclose(from);
    if (to && fclose(to) != 0 && !code)
        code = err_errno(err, ERR_FILE, "%s cannot be written; make room and save again", to_path);
    return code;
}

enum err_code text_files_save(const struct text_files *files, const char *folder, struct saved_text **texts,
                              uint32_t *n, struct err *err)
{
    *n = 0;
    *texts = calloc(files->machine->n_partitions + 1, sizeof **texts);
    NP_ASSERT(*texts);
    for (uint32_t p = 0; p < files->machine->n_partitions; p++)
        if (files->machine->partitions[p].guest.image[0] &&
            save_one(files, p, folder, &(*texts)[(*n)++], err))
            return err->code;
    return ERR_OK;
}
