// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/html_check.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define DEPTH_MAX 64
#define NAME_SIZE 24

#define CHART_DATA "<script type=\"application/json\">"

size_t html_occurrences(const char *page, const char *what)
{
    size_t n = 0;
    for (page = strstr(page, what); page; page = strstr(page + 1, what))
        n++;
    return n;
}

size_t html_charts(const char *page)
{
    return html_occurrences(page, CHART_DATA);
}

static bool one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

// The name of the tag at `at`, which follows "<" or "</".
static void read_name(const char *at, char name[NAME_SIZE])
{
    size_t n = strcspn(at, " \n\t/>");
    snprintf(name, NAME_SIZE, "%.*s", (int)n, at);
}

// The end of a tag: the first ">" outside of quotes; NULL when there is none.
static const char *tag_end(const char *at)
{
    for (bool quoted = false; *at; at++) {
        if (*at == '"')
            quoted = !quoted;
        if (*at == '>' && !quoted)
            return at;
    }
    return NULL;
}

struct nesting {
    char open[DEPTH_MAX][NAME_SIZE];
    unsigned depth;
};

// One tag from "<" on. Returns what follows it, or NULL with the reason.
static const char *take_tag(struct nesting *nesting, const char *at, char reason[HTML_REASON_SIZE])
{
    static const char *const empty[] = {"meta", "br", "link", "input", "hr", NULL};
    static const char *const raw[] = {"script", "style", NULL};
    bool closing = at[1] == '/';
    char name[NAME_SIZE], close[NAME_SIZE + 4];
    const char *end = tag_end(at);
    read_name(at + 1 + closing, name);
    snprintf(reason, HTML_REASON_SIZE, "unsound at: %.60s", at);
    if (!end || (!closing && !isalpha((unsigned char)at[1])))
        return NULL;
    if (closing)
        return nesting->depth && strcmp(nesting->open[--nesting->depth], name) == 0 ? end + 1 : NULL;
    if (end[-1] == '/' || one_of(name, empty))
        return end + 1;
    if (one_of(name, raw)) { // its content is no HTML
        snprintf(close, sizeof close, "</%s>", name);
        const char *after = strstr(end, close);
        return after ? after + strlen(close) : NULL;
    }
    if (nesting->depth == DEPTH_MAX)
        return NULL;
    strcpy(nesting->open[nesting->depth++], name);
    return end + 1;
}

static bool is_nested(const char *page, char reason[HTML_REASON_SIZE])
{
    static const char head[] = "<!DOCTYPE html>";
    struct nesting nesting = {.depth = 0};
    if (strncmp(page, head, sizeof head - 1) != 0) {
        snprintf(reason, HTML_REASON_SIZE, "no document type");
        return false;
    }
    for (page = strchr(page + 1, '<'); page; page = strchr(page, '<'))
        if (!(page = take_tag(&nesting, page, reason)))
            return false;
    snprintf(reason, HTML_REASON_SIZE, "%u elements are not closed", nesting.depth);
    return nesting.depth == 0;
}

static bool has_unique_ids(const char *page, char reason[HTML_REASON_SIZE])
{
    static const char attribute[] = " id=\"";
    for (const char *at = strstr(page, attribute); at; at = strstr(at + 1, attribute)) {
        size_t n = strcspn(at + sizeof attribute - 1, "\"") + sizeof attribute;
        char id[128];
        snprintf(id, sizeof id, "%.*s", (int)n, at);
        snprintf(reason, HTML_REASON_SIZE, "not unique:%s", id);
        if (html_occurrences(page, id) != 1)
            return false;
    }
    return true;
}

// What would make a browser ask somebody for something. The library's own comments name its home page, so its
// text is left out; it is the distribution's file, and the page's policy forbids it to load.
static bool loads_nothing(const char *page, char reason[HTML_REASON_SIZE])
{
    static const char *const loads[] = {"http:",   "https:", " src=",      " href=",  "url(",
                                        "@import", "fetch(", "XMLHttpReq", "import(", "<iframe"};
    const char *library = strstr(page, "<script id=\"chart-js\">");
    size_t before = library ? (size_t)(library - page) : strlen(page);
    char *rest = malloc(strlen(page) + 1);
    NP_ASSERT(rest);
    snprintf(rest, strlen(page) + 1, "%.*s%s", (int)before, page,
             library ? strstr(library, "</script>") : "");
    bool good = strstr(page, "default-src 'none'") != NULL;
    snprintf(reason, HTML_REASON_SIZE, "no policy that forbids to load");
    for (size_t i = 0; good && i < NP_ARRAY_LEN(loads); i++) {
        good = strstr(rest, loads[i]) == NULL;
        snprintf(reason, HTML_REASON_SIZE, "it loads: %s", loads[i]);
    }
    free(rest);
    return good;
}

static const char *member(const json_t *chart, const char *axis, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(chart, axis), key));
    return text ? text : "";
}

static bool is_charted(const json_t *chart)
{
    static const char *const counts[] = {"Accesses",        "Zugriffe", "CPUs", "CPUs online",
                                         "CPUs in Betrieb", "Locks",    NULL};
    const char *kind = json_string_value(json_object_get(chart, "kind"));
    bool categories = kind && (strcmp(kind, "bars") == 0 || strcmp(kind, "stacked") == 0);
    for (int i = categories; i < 2; i++) {
        const char *axis = i ? "y" : "x", *label = member(chart, axis, "label");
        if (!label[0] || (!member(chart, axis, "unit")[0] && !one_of(label, counts)))
            return false;
    }
    return member(chart, "x", "label")[0] && json_array_size(json_object_get(chart, "series")) > 0;
}

static bool has_good_charts(const char *page, char reason[HTML_REASON_SIZE])
{
    for (const char *at = strstr(page, CHART_DATA); at; at = strstr(at + 1, CHART_DATA)) {
        const char *data = at + sizeof CHART_DATA - 1;
        json_t *chart = json_loadb(data, (size_t)(strstr(data, "</script>") - data), 0, NULL);
        bool good = chart && is_charted(chart);
        snprintf(reason, HTML_REASON_SIZE, "a chart without data, labels or units: %.120s", data);
        json_decref(chart);
        if (!good)
            return false;
    }
    return html_charts(page) == html_occurrences(page, "<canvas role=\"img\" aria-label=\"");
}

bool html_check(const char *page, char reason[HTML_REASON_SIZE])
{
    return is_nested(page, reason) && has_unique_ids(page, reason) && loads_nothing(page, reason) &&
           has_good_charts(page, reason);
}
