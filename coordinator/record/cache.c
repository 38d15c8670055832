// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "coordinator/record/recording.h"
#include "proto/base/assert.h"

// A part of a recording that no process has touched for this long was left behind by one that was killed.
#define STALE_S (24 * 3600)

static enum err_code make_folders(const char *path, struct err *err)
{
    char part[PATH_MAX_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        if (mkdir(part, 0777) && errno != EEXIST)
            return err_errno(err, ERR_FILE, "%s: the folder for recordings cannot be made", part);
        *slash = '/';
    }
    if (mkdir(part, 0777) && errno != EEXIST)
        return err_errno(err, ERR_FILE, "%s: the folder for recordings cannot be made", part);
    return ERR_OK;
}

static enum err_code cache_folder(char folder[PATH_MAX_BYTES], struct err *err)
{
    const char *own = getenv("NUMAPLEX_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int used;
    if (own && *own)
        used = snprintf(folder, PATH_MAX_BYTES, "%s", own);
    else if (cache && *cache)
        used = snprintf(folder, PATH_MAX_BYTES, "%s/numaplex", cache);
    else if (home && *home)
        used = snprintf(folder, PATH_MAX_BYTES, "%s/.cache/numaplex", home);
    else
        return err_set(err, ERR_FILE, "there is no folder for recordings: set NUMAPLEX_CACHE or HOME");
    if (used + 64 >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_FILE, "%.100s...: the folder's name is too long; set NUMAPLEX_CACHE", folder);
    return make_folders(folder, err);
}

static void add_text(XXH3_state_t *hash, const char *text)
{
    XXH3_128bits_update(hash, text, strlen(text) + 1);
}

static void add_number(XXH3_state_t *hash, uint64_t number)
{
    XXH3_128bits_update(hash, &number, sizeof number);
}

// Adds a file's length and bytes; false when it is none that can be read.
static bool add_file(XXH3_state_t *hash, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    bool good = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    if (good) {
        add_number(hash, (uint64_t)status.st_size);
        uint8_t bytes[1 << 14];
        ssize_t got;
        while ((got = read(fd, bytes, sizeof bytes)) > 0)
            XXH3_128bits_update(hash, bytes, (size_t)got);
        good = got == 0;
    }
    if (fd >= 0)
        close(fd);
    return good;
}

// What the recording depends on, as 32 hexadecimal digits.
static enum err_code content_key(const struct recording_request *request, char key[33], struct err *err)
{
    struct recording_plan plan;
    if (recording_plan_make(&plan, request, err))
        return err->code;
    XXH3_state_t *hash = XXH3_createState();
    NP_ASSERT(hash);
    XXH3_128bits_reset(hash);
    add_number(hash, TRACE_VERSION);
    add_text(hash, plan.version);
    add_number(hash, plan.tool == TOOL_QEMU && add_file(hash, plan.plugin));
    add_number(hash, request->max_refs);
    add_number(hash, request->skip);
    add_number(hash, request->quiet);
    add_number(hash, request->keep_env);
    bool readable = add_file(hash, plan.program);
    for (size_t i = 0; request->argv[i]; i++) {
        add_text(hash, request->argv[i]);
        add_number(hash, i > 0 && add_file(hash, request->argv[i]));
    }
    XXH128_hash_t sum = XXH3_128bits_digest(hash);
    XXH3_freeState(hash);
    snprintf(key, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)sum.high64, (uint64_t)sum.low64);
    return readable ? ERR_OK : err_errno(err, ERR_FILE, "%s: cannot be read", plan.program);
}

struct kept {
    char name[80];
    uint64_t bytes;
    struct timespec used;
};

static int longest_ago_first(const void *a, const void *b)
{
    const struct timespec *one = &((const struct kept *)a)->used, *other = &((const struct kept *)b)->used;
    if (one->tv_sec != other->tv_sec)
        return one->tv_sec < other->tv_sec ? -1 : 1;
    return one->tv_nsec < other->tv_nsec ? -1 : one->tv_nsec > other->tv_nsec;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), wanted = strlen(end);
    return length >= wanted && strcmp(name + length - wanted, end) == 0;
}

// Lists the recordings of the folder and removes parts that were left behind. The caller frees the list.
static struct kept *list_recordings(DIR *folder, size_t *n)
{
    struct kept *list = NULL;
    *n = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        struct stat status;
        if (strlen(entry->d_name) >= sizeof list->name ||
            fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) || !S_ISREG(status.st_mode))
            continue;
        if (strstr(entry->d_name, TRACE_SUFFIX ".part-") && time(NULL) - status.st_mtime > STALE_S)
            unlinkat(dirfd(folder), entry->d_name, 0);
        if (!ends_with(entry->d_name, TRACE_SUFFIX))
            continue;
        struct kept *larger = realloc(list, (*n + 1) * sizeof *list);
        if (!larger)
            break;
        list = larger;
        struct kept *kept = &list[(*n)++];
        *kept = (struct kept){.bytes = (uint64_t)status.st_size, .used = status.st_mtim};
        memcpy(kept->name, entry->d_name, strlen(entry->d_name) + 1);
    }
    return list;
}

void cache_evict(const char *path, uint64_t bytes_max, const char *keep)
{
    DIR *folder = opendir(path);
    if (!folder)
        return;
    size_t n;
    struct kept *list = list_recordings(folder, &n);
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += list[i].bytes;
    if (n > 0)
        qsort(list, n, sizeof *list, longest_ago_first);
    for (size_t i = 0; i < n && bytes > bytes_max; i++) {
        if (strcmp(list[i].name, keep) == 0)
            continue;
        unlinkat(dirfd(folder), list[i].name, 0);
        bytes -= list[i].bytes;
    }
    free(list);
    closedir(folder);
}

// Uses a recording that is there. One that does not open is damaged: it is made anew, not complained about.
static bool use_recording(const char *path)
{
    struct trace_info info;
    struct err err;
    if (trace_info_read(path, &info, &err))
        return false;
    trace_info_free(&info);
    utimensat(AT_FDCWD, path, NULL, 0); // its time is its last use
    return true;
}

// One lock for the folder: two recordings at once would slow each other down anyway on the hosts we know. The
// lock goes with the process that holds it.
static int lock_folder(const char *folder, struct err *err)
{
    char name[PATH_MAX_BYTES + 8];
    snprintf(name, sizeof name, "%s/lock", folder);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    int failed = fd < 0;
    while (!failed && flock(fd, LOCK_EX))
        failed = errno != EINTR;
    if (!failed)
        return fd;
    err_errno(err, ERR_FILE, "%s: cannot be locked", name);
    if (fd >= 0)
        close(fd);
    return -1;
}

enum err_code cache_recording(const struct recording_request *request, char path[PATH_MAX_BYTES],
                              struct err *err)
{
    err_clear(err);
    char folder[PATH_MAX_BYTES], key[33], name[64];
    if (cache_folder(folder, err) || content_key(request, key, err))
        return err->code;
    snprintf(name, sizeof name, "%s" TRACE_SUFFIX, key);
    snprintf(path, PATH_MAX_BYTES, "%.900s/%s", folder, name);
    if (use_recording(path))
        return ERR_OK;
    int lock = lock_folder(folder, err);
    if (lock < 0)
        return err->code;
    struct recording_request whole = *request;
    whole.keep_partial = false;
    if (!use_recording(path) && !record_program(&whole, path, NULL, err))
        cache_evict(folder, CACHE_BYTES_MAX, name);
    close(lock);
    return err->code;
}
