// SPDX-License-Identifier: Apache-2.0
#include "fabric/host/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "proto/base/assert.h"

// A state is at most the memory of a board, its directory and caches; larger claims are damage, not data.
#define PART_PLAIN_MAX (UINT64_C(1) << 36)

static void part_name(char name[NAME_MAX_BYTES], enum saved_kind kind, uint32_t index)
{
    snprintf(name, NAME_MAX_BYTES, "%s-%u.npstate", kind == SAVED_BOARD ? "board" : "group", index);
}

static enum err_code write_all(int fd, const uint8_t *bytes, size_t size, const char *path, struct err *err)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, ERR_FILE, "cannot write %s", path);
        bytes += n;
        size -= (size_t)n;
    }
    return fsync(fd) ? err_errno(err, ERR_FILE, "cannot write %s", path) : ERR_OK;
}

static enum err_code write_whole(const char *path, const uint8_t *bytes, size_t size, struct err *err)
{
    char temporary[PATH_MAX_BYTES + NAME_MAX_BYTES + 8];
    snprintf(temporary, sizeof temporary, "%s.part", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "cannot create %s", temporary);
    enum err_code code = write_all(fd, bytes, size, temporary, err);
    if (close(fd) && code == ERR_OK)
        code = err_errno(err, ERR_FILE, "cannot write %s", temporary);
    if (code == ERR_OK && rename(temporary, path))
        code = err_errno(err, ERR_FILE, "cannot rename %s", temporary);
    if (code)
        unlink(temporary);
    return code;
}

enum err_code part_write(const char *folder, enum saved_kind kind, uint32_t index,
                         const struct archive *archive, struct saved_part *part, struct err *err)
{
    size_t room = ZSTD_compressBound(archive->at);
    uint8_t *packed = malloc(room);
    NP_ASSERT(packed);
    size_t size = ZSTD_compress(packed, room, archive->bytes, archive->at, 1);
    NP_ASSERT(!ZSTD_isError(size));
    *part = (struct saved_part){.kind = kind, .index = index, .bytes = size, .plain_bytes = archive->at};
    part->checksum = XXH3_64bits(archive->bytes, archive->at);
    part_name(part->name, kind, index);
    char path[PATH_MAX_BYTES + NAME_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, part->name);
    enum err_code code = write_whole(path, packed, size, err);
    free(packed);
    return code;
}

static enum err_code read_file(const char *path, uint8_t **bytes, size_t *size, struct err *err)
{
    FILE *file = fopen(path, "re");
    struct stat info;
    if (!file || fstat(fileno(file), &info)) {
        err_errno(err, ERR_FILE, "cannot read %s", path);
        if (file)
            fclose(file);
        return err->code;
    }
    *size = (size_t)info.st_size;
    *bytes = malloc(*size + 1);
    NP_ASSERT(*bytes);
    bool whole = fread(*bytes, 1, *size, file) == *size;
    fclose(file);
    if (whole)
        return ERR_OK;
    free(*bytes);
    *bytes = NULL;
    return err_set(err, ERR_DAMAGED_STATE, "%s: ends early; save the state again", path);
}

static enum err_code unpack(const char *path, const uint8_t *packed, size_t packed_size, uint8_t **bytes,
                            size_t *size, struct err *err)
{
    unsigned long long plain = ZSTD_getFrameContentSize(packed, packed_size);
    if (plain == ZSTD_CONTENTSIZE_UNKNOWN || plain == ZSTD_CONTENTSIZE_ERROR || plain > PART_PLAIN_MAX)
        return err_set(err, ERR_DAMAGED_STATE, "%s: is not a part of a saved state; save the state again",
                       path);
    *bytes = malloc(plain + 1);
    if (!*bytes)
        return err_set(err, ERR_MEMORY, "%s: %llu bytes of state do not fit into memory", path, plain);
    *size = ZSTD_decompress(*bytes, plain, packed, packed_size);
    if (!ZSTD_isError(*size) && *size == plain)
        return ERR_OK;
    free(*bytes);
    *bytes = NULL;
    return err_set(err, ERR_DAMAGED_STATE, "%s: cannot be decompressed; save the state again", path);
}

enum err_code part_read(const char *folder, enum saved_kind kind, uint32_t index, uint8_t **bytes,
                        size_t *size, struct err *err)
{
    char name[NAME_MAX_BYTES], path[PATH_MAX_BYTES + NAME_MAX_BYTES];
    part_name(name, kind, index);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *packed = NULL;
    size_t packed_size = 0;
    if (read_file(path, &packed, &packed_size, err))
        return err->code;
    enum err_code code = unpack(path, packed, packed_size, bytes, size, err);
    free(packed);
    return code;
}
