// SPDX-License-Identifier: Apache-2.0
// What every page carries: Chart.js as packaged by the distribution, and our own style and script. They are
// parts of the program, put in when it is built, so that an installed numaplex needs no file.
#ifndef NP_COORDINATOR_REPORT_ASSETS_H
#define NP_COORDINATOR_REPORT_ASSETS_H

#include <stdio.h>

void asset_chart_js(FILE *out);
void asset_script(FILE *out);
void asset_style(FILE *out);

#endif
