// SPDX-License-Identifier: Apache-2.0
// The page: its files are parts of the program, put in when it is built (CMakeLists.txt), so that an
// installed numaplex needs none. Each file of assets/ is there by its name, and index.html as "/"; further
// ones are Chart.js and what pages of reports share with the console.
#ifndef NP_HMC_WEB_ASSETS_H
#define NP_HMC_WEB_ASSETS_H

#include <stddef.h>
#include <stdint.h>

struct exchange;

struct asset {
    const char *path; // "/console.js"
    const char *bytes;
    const uint64_t *size;
};

// Made by CMake from what is there.
extern const struct asset assets[];
extern const size_t n_assets;

const struct asset *asset_find(const char *path); // NULL: none

// Answers with the asset of the request's path, or that the browser's copy is still good.
void asset_handle(struct exchange *exchange);

#endif
