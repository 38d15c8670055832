// SPDX-License-Identifier: Apache-2.0
// The screen of `numaplex top` as text: what stands where, without a terminal.
#ifndef NP_HMC_CLI_TOP_TEXT_H
#define NP_HMC_CLI_TOP_TEXT_H

#include "proto/codec/api.h"

#define TOP_ROWS_MAX    300
#define TOP_COLUMNS_MAX 400

enum top_style { TOP_PLAIN, TOP_HEAD, TOP_SELECTED, TOP_WARM, TOP_HOT };

struct top_screen {
    unsigned rows, columns;                       // at most the limits above
    char text[TOP_ROWS_MAX][TOP_COLUMNS_MAX + 1]; // ASCII, of at most `columns` characters
    enum top_style style[TOP_ROWS_MAX];
};

struct top_view {
    const struct api_snapshot *now;
    const struct api_sample *before, *after; // the last two; NULL: not yet
    unsigned selected;                       // board
    unsigned first;                          // board in the first row, where they do not all fit
    bool lost;                               // the connection
    char message[256];                       // the last event, or what a key did
};

// Draws into a screen whose rows and columns are set: state of the run, domains, boards, traffic between
// boards as far as there is room, the message, the keys. Changes view->first so that the selected board
// shows.
void top_draw(struct top_view *view, struct top_screen *screen);

#endif
