// SPDX-License-Identifier: Apache-2.0
// How a run ended, for consoles that come when nobody answers any more: the replies that they would have had,
// one behind the other in a file of the run folder, each behind its length. Whoever reads it knows the order:
// the snapshot, the series and the sample, then events.
#ifndef NP_PROTO_CODEC_API_LAST_H
#define NP_PROTO_CODEC_API_LAST_H

#include <stdio.h>

#include "proto/codec/api.h"

#define API_LAST_NAME "control.end" // in the run folder

// Writes the head of the file, then replies. Errors of the stream are left for its owner to look at.
void api_last_begin(FILE *out);
enum err_code api_last_put(FILE *out, const struct api_reply *reply, struct err *err); // ERR_LIMIT

// Reads the head, then reply after reply until *got is false; the caller frees each that it got.
// ERR_DAMAGED_MESSAGE: it is another file, of another version, or cut off.
enum err_code api_last_open(FILE *in, struct err *err);
enum err_code api_last_get(FILE *in, struct api_reply *reply, bool *got, struct err *err);

#endif
