// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/provenance.h"

#include <inttypes.h>
#include <string.h>

#include "proto/base/assert.h"

enum provenance provenance_of(const struct source *source)
{
    static const struct {
        const char *tag;
        enum provenance provenance;
    } tags[] = {{"[T ", PROVENANCE_PUBLISHED},
                {"[S:", PROVENANCE_PUBLISHED},
                {"[C]", PROVENANCE_COMPUTED},
                {"fitted:", PROVENANCE_FITTED},
                {"[K]", PROVENANCE_UNVERIFIED}};
    for (size_t i = 0; i < NP_ARRAY_LEN(tags); i++)
        if (strncmp(source->text, tags[i].tag, strlen(tags[i].tag)) == 0)
            return tags[i].provenance;
    return PROVENANCE_OWN;
}

struct provenances provenances_count(const struct source sources[FIGURE_COUNT],
                                     const struct board_params *params, const struct system_figures *system)
{
    struct provenances found = {{0}};
    for (unsigned i = 0; i < FIGURE_COUNT; i++)
        if (sources[i].text[0] && figure_applies(params, (enum figure)i))
            found.count[provenance_of(&sources[i])]++;
    for (unsigned i = 0; i < SYSTEM_FIGURE_COUNT; i++)
        if (system_figure_given(system, (enum system_figure)i))
            found.count[provenance_of(&system->sources[i])]++;
    return found;
}

const char *provenances_flag(const struct provenances *provenances)
{
    const uint32_t *n = provenances->count;
    if (n[PROVENANCE_FITTED])
        return "fitted";
    if (n[PROVENANCE_UNVERIFIED])
        return "unverified defaults";
    return n[PROVENANCE_OWN] ? "own figures" : "published";
}

// "published" and so on: one key each in results.json.
static const char *const names[PROVENANCE_COUNT] = {"published", "computed", "fitted", "unverified", "own"};

const char *provenance_name(enum provenance provenance)
{
    return names[provenance];
}

const char *provenances_text(const struct provenances *provenances, char text[PROVENANCES_TEXT_SIZE])
{
    uint32_t all = 0;
    size_t used;
    for (unsigned i = 0; i < PROVENANCE_COUNT; i++)
        all += provenances->count[i];
    used = (size_t)snprintf(text, PROVENANCES_TEXT_SIZE, "%s: of %" PRIu32 " figures",
                            provenances_flag(provenances), all);
    bool any = false;
    for (unsigned i = 0; i < PROVENANCE_COUNT; i++) {
        if (provenances->count[i])
            used += (size_t)snprintf(text + used, PROVENANCES_TEXT_SIZE - used, "%s %" PRIu32 " %s",
                                     any ? "," : "", provenances->count[i], names[i]);
        any |= provenances->count[i] != 0;
    }
    return text;
}
