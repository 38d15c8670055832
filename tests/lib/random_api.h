// SPDX-License-Identifier: Apache-2.0
// Random requests and replies of the control API, and an exact comparison of two.
#ifndef NP_TESTS_LIB_RANDOM_API_H
#define NP_TESTS_LIB_RANDOM_API_H

#include "proto/base/rng.h"
#include "proto/codec/api.h"

// The caller frees what these fill. All padding is zero.
void random_api_request(struct rng *rng, enum api_kind kind, struct api_request *request);
void random_api_snapshot(struct rng *rng, uint32_t boards, struct api_snapshot *snapshot);
void random_api_reply(struct rng *rng, struct api_reply *reply);

// Compare all bytes, those that pointers lead to included: a field that the codec forgot shows.
bool api_request_equal(const struct api_request *a, const struct api_request *b);
bool api_snapshot_equal(const struct api_snapshot *a, const struct api_snapshot *b);
bool api_reply_equal(const struct api_reply *a, const struct api_reply *b);

#endif
