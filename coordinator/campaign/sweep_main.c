// SPDX-License-Identifier: Apache-2.0
// numaplex sweep: a scenario at many points; or a campaign of several such questions.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/campaign/campaign_file.h"
#include "coordinator/campaign/sweep_options.h"
#include "coordinator/campaign/verbs.h"
#include "coordinator/run/find.h"

#define FOLDER "sweeps" // of sweeps without --out

static enum err_code make_folders(const char *folder, struct err *err)
{
    char part[PATH_MAX_BYTES + 16];
    snprintf(part, sizeof part, "%s/points/", folder);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) && errno != EEXIST)
            return err_errno(err, ERR_FILE, "%s: the folder cannot be made; name another with --out", part);
        *slash = '/';
    }
    return ERR_OK;
}

// Two sweeps in one folder would run the same points. The lock goes with the process.
static enum err_code lock_folder(const char *folder, int *lock, struct err *err)
{
    char path[PATH_MAX_BYTES + 16];
    snprintf(path, sizeof path, "%s/lock", folder);
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (*lock < 0)
        return err_errno(err, ERR_FILE, "%s", path);
    if (flock(*lock, LOCK_EX | LOCK_NB))
        return err_set(err, ERR_EPOCH,
                       "%s: another sweep works here; wait for it, or name another with --out", folder);
    return ERR_OK;
}

// Whatever ended the runs, what is done is written.
static enum err_code answer(struct question *question, const struct sweep_command *command,
                            const char *folder, uint32_t *failed, struct err *err)
{
    struct sweep sweep;
    int lock = -1;
    struct err why;
    enum err_code code = sweep_plan(&sweep, question, folder, err);
    if (!code && !make_folders(folder, err) && !lock_folder(folder, &lock, err)) {
        code = sweep_run(&sweep, command->jobs, command->quiet, err);
        enum err_code written = sweep_csv(&sweep, &why)
                                    ? why.code
                                    : sweep_html(&sweep, command->german ? LANG_DE : LANG_EN, &why);
        if (!code && written) {
            *err = why;
            code = written;
        }
        *failed += sweep.failed;
        if (!command->quiet)
            sweep_print(&sweep, stdout);
    } else if (!code) {
        code = err->code;
    }
    if (lock >= 0)
        close(lock);
    sweep_free(&sweep);
    return code;
}

static enum err_code sweep_one(struct sweep_command *command, uint32_t *failed, struct err *err)
{
    struct question *q = &command->question;
    char found[PATH_MAX_BYTES], folder[PATH_MAX_BYTES];
    if (find_scenario(command->file, found, err))
        return err->code;
    char *absolute = realpath(found, NULL);
    if (!absolute)
        return err_errno(err, ERR_FILE, "%s", found);
    snprintf(q->scenario, sizeof q->scenario, "%s", absolute);
    free(absolute);
    const char *base = strrchr(q->scenario, '/') + 1;
    size_t length = strcspn(base, ".");
    snprintf(q->name, sizeof q->name, "%.*s", (int)(length < sizeof q->name ? length : sizeof q->name - 1),
             base);
    snprintf(folder, sizeof folder, command->out ? "%s" : FOLDER "/%s",
             command->out ? command->out : q->name);
    return answer(q, command, folder, failed, err);
}

static enum err_code sweep_campaign(const struct sweep_command *command, uint32_t *failed, struct err *err)
{
    static struct campaign campaign; // large, and there is one
    char folder[PATH_MAX_BYTES];
    enum err_code code = campaign_read(&campaign, command->campaign, err);
    snprintf(folder, sizeof folder, command->out ? "%s" : FOLDER "/%s",
             command->out ? command->out : campaign.name);
    for (uint32_t i = 0; !code && i < campaign.n; i++) {
        if (!command->quiet)
            printf("%sQuestion %" PRIu32 " of %" PRIu32 ": %s\n", i ? "\n" : "", i + 1, campaign.n,
                   campaign.questions[i].name);
        fflush(stdout);
        code = answer(&campaign.questions[i], command, folder, failed, err);
        if (code)
            err_wrap(err, "%s", campaign.questions[i].name);
    }
    campaign_free(&campaign);
    return code;
}

int sweep_main(int argc, char **argv)
{
    static struct sweep_command command;
    struct err err = {0};
    uint32_t failed = 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    enum err_code code = sweep_command_read(&command, argc, argv, &err);
    if (!code)
        code =
            command.campaign ? sweep_campaign(&command, &failed, &err) : sweep_one(&command, &failed, &err);
    question_free(&command.question);
    if (!code && (fflush(stdout) || ferror(stdout)))
        code = err_errno(&err, ERR_FILE, "standard output");
    if (!code && failed)
        code = err_set(&err, ERR_POINTS,
                       "%" PRIu32 " runs failed; the CSV says why, the same command tries again", failed);
    return code ? err_report(&err) : EXIT_CLASS_OK;
}
