// SPDX-License-Identifier: Apache-2.0
// Made-up recordings of threads that share an address space and synchronise, as a recorder would write them.
#ifndef NP_TESTS_LIB_THREAD_TRACE_H
#define NP_TESTS_LIB_THREAD_TRACE_H

#include "proto/trace/trace_writer.h"

#define THREAD_LOCK UINT64_C(0x601040) // the word all take turns with
#define THREAD_DATA UINT64_C(0x700000) // a page that all use under the lock
#define THREAD_OWN  UINT64_C(0x800000) // and pages of one thread each

// A trace of `threads` threads of one process, to be filled and finished. Failures stop the test.
struct trace_writer *thread_trace_begin(const char *path, uint32_t threads);
void thread_trace_put(struct trace_writer *writer, uint32_t stream, unsigned kind, uint64_t address,
                      uint32_t version); // TRACE_WORD bytes
void thread_trace_finish(struct trace_writer *writer);

// `threads` threads take a lock `turns` times each: in turn (seed 0), or in an order drawn from `seed`. Under
// the lock they write shared data; between, they work on pages of their own, for different lengths. Returns
// the last version of the lock.
uint32_t write_lock_trace(const char *path, uint32_t threads, uint32_t turns, uint64_t seed);

// A whole small program: thread 0 fills shared memory, starts the others, all work under a lock and between
// barriers, and are joined.
void write_program_trace(const char *path, uint32_t threads, uint32_t rounds, uint64_t seed);

#endif
