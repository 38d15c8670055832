// SPDX-License-Identifier: Apache-2.0
// A run that has ended, as its folder tells (proto/codec/api_last.h): the last that a console would have
// seen.
#ifndef NP_HMC_CLIENT_LAST_H
#define NP_HMC_CLIENT_LAST_H

#include "proto/codec/api.h"

struct client_last {
    struct api_snapshot snapshot; // state "ended"; folder: where it was read
    struct api_series series;     // as many lines as the snapshot has partitions, or none
    struct api_sample sample;     // of the snapshot's partitions and boards, or of none
    uint32_t n_events;
    struct api_event *events; // ascending by number; owned
};

// Whether a folder has what is read here.
bool client_last_there(const char *folder);

// Reads it; the caller frees it. ERR_OVER: the folder has none, or none that can be read; the text says what
// to do.
enum err_code client_last_read(const char *folder, struct client_last *last, struct err *err);
void client_last_free(struct client_last *last); // also of a zeroed one

#endif
