// SPDX-License-Identifier: Apache-2.0
// report.html: a run as a page. Written by every run beside results.json, and again from it at any time.
#ifndef NP_COORDINATOR_REPORT_REPORT_PAGE_H
#define NP_COORDINATOR_REPORT_REPORT_PAGE_H

#include <jansson.h>
#include <stdio.h>

#include "coordinator/report/text.h"
#include "proto/base/err.h"

// Writes the page of `results` (the document of results.json). `resolved` is the path of the run's
// resolved.yaml; where it is NULL or cannot be read, the page says nothing of the machine's figures. Equal
// results give equal bytes up to the section of host time, which is the last. ERR_BAD_VALUE when they are no
// results, or of another version.
enum err_code report_page_write(FILE *out, enum language language, const json_t *results,
                                const char *resolved, struct err *err);

#endif
