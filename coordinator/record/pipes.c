// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/pipes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

// Linux begins again at this process id after the highest one.
#define PID_RESTART 300

// A process id this far behind the newest belongs to a process that is visible in /proc if it exists at all.
#define PIPES_BEHIND 64

#define PIPE_BYTES (1 << 20) // 25 ms of valgrind's output; the host may refuse it, and 64 KiB then do

// The last number in a file of one line; 0 when there is none. pid_max has one word; in loadavg the last of
// five is the process id given last.
static int last_number(const char *path)
{
    char line[128] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    const char *word = fgets(line, sizeof line, file) ? strrchr(line, ' ') : NULL;
    fclose(file);
    return (int)strtol(word ? word : line, NULL, 10);
}

static int newest_pid(void)
{
    return last_number("/proc/loadavg");
}

enum err_code pipes_open(struct pipes *pipes, struct err *err)
{
    *pipes = (struct pipes){0};
    const char *folder = getenv("TMPDIR");
    // valgrind would expand a per cent sign, and reads a relative name from the program's folder.
    if (!folder || folder[0] != '/' || strchr(folder, '%') || strlen(folder) > PATH_MAX_BYTES / 2)
        folder = "/tmp";
    snprintf(pipes->folder, sizeof pipes->folder, "%.512s/numaplex-record-XXXXXX", folder);
    if (!mkdtemp(pipes->folder)) {
        pipes->folder[0] = '\0';
        return err_errno(err, ERR_FILE, "%s: no folder for pipes can be made there", folder);
    }
    pipes->pid_max = last_number("/proc/sys/kernel/pid_max");
    pipes->pid_last = newest_pid();
    if (pipes->pid_max <= PID_RESTART || pipes->pid_last <= 0)
        return err_set(err, ERR_FILE, "/proc: recording needs the host's pid_max and loadavg there");
    return ERR_OK;
}

static void source_name(const struct pipes *pipes, pid_t pid, char name[PATH_MAX_BYTES])
{
    snprintf(name, PATH_MAX_BYTES, "%.1000s/%d", pipes->folder, (int)pid);
}

static void add_source(struct pipes *pipes, pid_t pid)
{
    char name[PATH_MAX_BYTES];
    source_name(pipes, pid, name);
    // Not blocking, or opening would wait for a writer. Our reading end must exist before the writer comes.
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct source *source = calloc(1, sizeof *source);
    if (fd < 0 || !source) {
        if (fd >= 0)
            close(fd);
        free(source);
        return; // too many open files or no memory: then the process has no pipe yet and writes a plain file
    }
    source->pid = pid;
    source->fd = fd;
    pipes->sources[pipes->n++] = source;
}

static void remove_source(struct pipes *pipes, uint32_t number)
{
    struct source *source = pipes->sources[number];
    char name[PATH_MAX_BYTES];
    source_name(pipes, source->pid, name);
    unlink(name);
    close(source->fd);
    free(source->text);
    free(source->streams);
    free(source);
    pipes->n--;
    memmove(&pipes->sources[number], &pipes->sources[number + 1],
            (pipes->n - number) * sizeof(struct source *));
}

void pipes_close(struct pipes *pipes)
{
    while (pipes->n > 0)
        remove_source(pipes, pipes->n - 1);
    if (pipes->folder[0])
        rmdir(pipes->folder);
    pipes->folder[0] = '\0';
}

// How many ids `to` is after `from`, over the restart; negative when it is shortly before.
static int distance(const struct pipes *pipes, int from, int to)
{
    int span = pipes->pid_max - PID_RESTART, ids = to - from;
    if (ids > span / 2)
        return ids - span;
    return ids < -span / 2 ? ids + span : ids;
}

static bool has_text(const struct source *source)
{
    int bytes = 0;
    return ioctl(source->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

// A source is over when its text is read and its process is gone; one never used when its id is not ours.
static bool is_over(const struct pipes *pipes, const struct source *source, int newest,
                    const struct leash *leash)
{
    if (!source->used && distance(pipes, source->pid, newest) < PIPES_BEHIND)
        return false;
    return !leash_holds(leash, source->pid) && !has_text(source);
}

void pipes_keep_ahead(struct pipes *pipes, const struct leash *leash)
{
    int newest = newest_pid();
    for (uint32_t i = pipes->n; i-- > 0;)
        if (is_over(pipes, pipes->sources[i], newest, leash))
            remove_source(pipes, i);
    if (distance(pipes, newest, pipes->pid_last) < 0)
        pipes->pid_last = newest;
    while (pipes->n < PIPES_MAX && distance(pipes, newest, pipes->pid_last) < PIPES_AHEAD) {
        if (++pipes->pid_last >= pipes->pid_max)
            pipes->pid_last = PID_RESTART;
        char name[PATH_MAX_BYTES];
        source_name(pipes, pipes->pid_last, name);
        if (mkfifo(name, 0600) == 0)
            add_source(pipes, pipes->pid_last);
    }
}

void pipes_add_files(struct pipes *pipes)
{
    DIR *folder = opendir(pipes->folder);
    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) && pipes->n < PIPES_MAX;) {
        struct stat status;
        if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            add_source(pipes, (pid_t)strtol(entry->d_name, NULL, 10));
    }
    closedir(folder);
}

// Most sources are never used, so a source's buffer is made when there is something to put into it.
static bool first_use(struct source *source)
{
    source->text = calloc(1, sizeof *source->text);
    if (!source->text)
        return false;
    source->text->thread = 1;
    source->used = true;
    fcntl(source->fd, F_SETPIPE_SZ, PIPE_BYTES);
    return true;
}

size_t source_read(struct source *source)
{
    if (!has_text(source) || (!source->text && !first_use(source)))
        return 0;
    size_t room;
    char *to = lackey_room(source->text, &room);
    ssize_t got = read(source->fd, to, room);
    if (got <= 0)
        return 0;
    lackey_add(source->text, (size_t)got);
    return (size_t)got;
}
