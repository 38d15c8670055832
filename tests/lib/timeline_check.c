// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/timeline_check.h"

#include <stdio.h>
#include <string.h>

// What is known of a process, a track or a counter: a number under a key of an object.
static double get(const json_t *table, const char *key, double otherwise)
{
    const json_t *value = json_object_get(table, key);
    return value ? json_real_value(value) : otherwise;
}

struct reading {
    struct timeline_counts *counts;
    json_t *names; // "pid" and "pid/tid" that have one
    json_t *ends;  // "pid/tid": end of the last slice; "pid:name": time of the last counter
    const char *wrong;
};

static void read_slice(struct reading *r, const json_t *event, const char *process, const char *track)
{
    double start = json_number_value(json_object_get(event, "ts"));
    double length = json_number_value(json_object_get(event, "dur"));
    // A nanosecond is the resolution: sums of thousandths are rounded to it.
    if (start + 0.0005 < get(r->ends, track, 0) || length < 0)
        r->wrong = "a slice that begins inside another";
    if (!json_object_get(r->names, process) || !json_object_get(r->names, track))
        r->wrong = "a slice of a track without a name";
    json_object_set_new(r->ends, track, json_real(start + length));
    bool host = !strcmp(json_string_value(json_object_get(event, "cat")), "host");
    r->counts->slices += !host;
    r->counts->grants += host;
}

static void read_counter(struct reading *r, const json_t *event, const char *process)
{
    char key[256];
    double time = json_number_value(json_object_get(event, "ts"));
    const json_t *busy = json_object_get(json_object_get(event, "args"), "busy");
    snprintf(key, sizeof key, "%s:%s", process, json_string_value(json_object_get(event, "name")));
    if (!json_is_number(busy) || json_number_value(busy) < 0 || json_number_value(busy) > 100)
        r->wrong = "a counter that is not in 0 .. 100";
    if (time < get(r->ends, key, 0) || !json_object_get(r->names, process))
        r->wrong = "a counter out of order, or of a process without a name";
    json_object_set_new(r->ends, key, json_real(time));
    r->counts->counters++;
}

static void read_name(struct reading *r, const json_t *event, const char *process, const char *track)
{
    const char *what = json_string_value(json_object_get(event, "name"));
    bool of_process = !strcmp(what, "process_name"), of_track = !strcmp(what, "thread_name");
    const char *name = json_string_value(json_object_get(json_object_get(event, "args"), "name"));
    if (!of_process && !of_track)
        return;
    if (!name || !*name || json_object_get(r->names, of_process ? process : track))
        r->wrong = "a name that is empty, or a second one";
    json_object_set_new(r->names, of_process ? process : track, json_true());
    r->counts->processes += of_process;
    r->counts->tracks += of_track;
}

static void read_event(struct reading *r, const json_t *event)
{
    char process[32], track[64];
    const char *kind = json_string_value(json_object_get(event, "ph"));
    long long pid = json_integer_value(json_object_get(event, "pid"));
    snprintf(process, sizeof process, "%lld", pid);
    snprintf(track, sizeof track, "%lld/%lld", pid,
             (long long)json_integer_value(json_object_get(event, "tid")));
    if (!kind || pid == 0)
        r->wrong = "an event without kind or process";
    else if (!strcmp(kind, "X"))
        read_slice(r, event, process, track);
    else if (!strcmp(kind, "C"))
        read_counter(r, event, process);
    else if (!strcmp(kind, "M"))
        read_name(r, event, process, track);
    else
        r->wrong = "an event of another kind";
}

json_t *timeline_check(const char *path, struct timeline_counts *counts)
{
    json_error_t why;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why), *event;
    struct reading r = {.counts = counts, .names = json_object(), .ends = json_object()};
    size_t i;
    memset(counts, 0, sizeof *counts);
    if (!json)
        r.wrong = why.text;
    else if (!json_is_array(json_object_get(json, "traceEvents")))
        r.wrong = "no traceEvents";
    json_array_foreach(json_object_get(json, "traceEvents"), i, event) if (!r.wrong) read_event(&r, event);
    if (r.wrong)
        printf("\n  %s: event %zu: %s\n", path, i, r.wrong);
    json_decref(r.names);
    json_decref(r.ends);
    if (!r.wrong)
        return json;
    json_decref(json);
    return NULL;
}
