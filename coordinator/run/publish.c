// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/publish.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/report/report_page.h"
#include "coordinator/run/whole.h"

#define SAVING_NAME "saved" WHOLE_SUFFIX

enum err_code publish_resolved(const struct run_folder *folder, const struct scenario *scenario,
                               struct err *err)
{
    struct whole_file file;
    if (whole_open(&file, folder->path, "resolved.yaml", err))
        return err->code;
    if (scenario_write_resolved(scenario, file.out, err)) {
        whole_drop(&file);
        return err->code;
    }
    return whole_finish(&file, err) ? err->code : whole_commit(&file, err);
}

// Charts are for reading beside the results; those of a run that could not be written whole are no harm.
static enum err_code publish_charts(const struct run_report *report, struct err *err)
{
    const struct machine *machine = &report->scenario->machine;
    for (uint32_t i = 0; i < report->watch->n; i++) {
        char name[WATCH_NAME_SIZE];
        struct whole_file file;
        watch_chart_name(machine, report->watch, i, name);
        if (whole_open(&file, report->folder->path, name, err))
            return err->code;
        watch_chart_write(report->outcome, machine, report->watch, i, file.out);
        if (whole_finish(&file, err) || whole_commit(&file, err))
            return err->code;
    }
    return ERR_OK;
}

// In the order in which they get their names: results.json last, because it says that the run is whole.
enum { COUNTERS, DIGEST, REPORT, RESULTS, FILES };

// The page of the run, from the same document as results.json, and the resolved scenario that is there
// already.
static enum err_code write_page(const struct run_report *report, FILE *out, struct err *err)
{
    char resolved[2 * PATH_MAX_BYTES];
    json_t *document = results_document(report);
    snprintf(resolved, sizeof resolved, "%s/resolved.yaml", report->folder->path);
    enum err_code code = document ? report_page_write(out, LANG_EN, document, resolved, err)
                                  : err_set(err, ERR_MEMORY, "report.html: out of memory");
    json_decref(document);
    return code;
}

static enum err_code write_file(const struct run_report *report, int which, struct whole_file *file,
                                struct err *err)
{
    static const char *const names[] = {"counters.csv", "digest", "report.html", "results.json"};
    enum err_code code = whole_open(file, report->folder->path, names[which], err);
    if (code)
        return code;
    if (which == COUNTERS)
        counters_csv_write(report, file->out);
    else if (which == DIGEST)
        digest_file_write(report, file->out);
    else if (which == REPORT)
        code = write_page(report, file->out, err);
    else
        code = results_json_write(report, file->out, err);
    if (code)
        whole_drop(file);
    return code ? code : whole_finish(file, err);
}

enum err_code publish_results(const struct run_report *report, struct err *err)
{
    struct whole_file files[FILES];
    int finished = 0;
    enum err_code code = folder_is_ours(report->folder, err);
    if (!code)
        code = publish_charts(report, err);
    for (; !code && finished < FILES; finished += !code)
        code = write_file(report, finished, &files[finished], err);
    if (code) {
        while (finished-- > 0)
            whole_drop(&files[finished]);
        return code;
    }
    for (int i = 0; i < FILES; i++) {
        if (i == DIGEST && report->outcome->uneven)
            whole_drop(&files[i]);
        else if (!code)
            code = whole_commit(&files[i], err);
        else
            whole_drop(&files[i]);
    }
    return code ? code : whole_sync_folder(report->folder->path, err);
}

enum err_code publish_save_begin(const struct run_folder *folder, char path[PATH_MAX_BYTES], struct err *err)
{
    if (snprintf(path, PATH_MAX_BYTES, "%s/" SAVING_NAME, folder->path) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", folder->shown);
    whole_remove_unfinished(folder->path);
    if (mkdir(path, 0777) != 0)
        return err_errno(err, ERR_FILE, "%s: the folder of the saved state cannot be made", path);
    return ERR_OK;
}

enum err_code publish_save_end(const struct run_folder *folder, const char *path, char final[PATH_MAX_BYTES],
                               struct err *err)
{
    char to[2 * PATH_MAX_BYTES];
    for (unsigned i = 1; i < 1000; i++) {
        snprintf(to, sizeof to, i > 1 ? "%s/saved-%u" : "%s/saved", folder->path, i);
        snprintf(final, PATH_MAX_BYTES, i > 1 ? "%.1000s/saved-%u" : "%.1000s/saved", folder->shown, i);
        if (access(to, F_OK) != 0 && rename(path, to) == 0)
            return whole_sync_folder(folder->path, err);
    }
    return err_errno(err, ERR_FILE, "%s: the saved state cannot be put in place", to);
}
