// SPDX-License-Identifier: Apache-2.0
// What a recorded trace says: references, the streams they belong to, and where the recording came from. The
// bytes on disk are described in proto/trace/README.md.
#ifndef NP_PROTO_TRACE_TRACE_H
#define NP_PROTO_TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define TRACE_VERSION        1u // of the format; a reader refuses any other
#define TRACE_SUFFIX         ".nptrace"
#define TRACE_SIZE_MAX       4096u // bytes one reference may touch; the largest saved states are near 2.7 KiB
#define TRACE_STREAMS_MAX    2048u // processes times threads of a recording; their table stays below 1 MiB
#define TRACE_ARGV_MAX       4096u // bytes of the recorded command line, each argument with its final NUL
#define TRACE_COMMAND_MAX    128u  // bytes of a process's command with its final NUL; longer ones are cut
#define TRACE_FOOTPRINT_LINE 64u   // unit of the footprint in lines; says nothing of any machine's lines

enum trace_kind { TRACE_FETCH, TRACE_LOAD, TRACE_STORE, TRACE_MODIFY, TRACE_KIND_COUNT };

const char *trace_kind_name(unsigned kind); // "fetch", "load", "store", "modify"; "?" beyond

// One reference. A MODIFY is a load and a store of the same bytes by one instruction.
struct trace_ref {
    uint64_t address; // virtual, of the recorded process
    uint16_t size;    // bytes, 1 .. TRACE_SIZE_MAX; address + size never passes 2^64
    uint8_t kind;     // enum trace_kind
};

// One thread of one process. Streams are numbered in the order in which they were first seen.
struct trace_stream {
    uint32_t process;    // number of the address space, from 0; an exec begins a new one
    uint32_t thread;     // of that process, from 1
    uint64_t started_at; // references recorded in all streams before the first of this one
    uint64_t refs[TRACE_KIND_COUNT];
    char command[TRACE_COMMAND_MAX]; // of its process, for people
};

// Where a recording came from. What is not known is zero or empty.
struct trace_origin {
    char tool[NAME_MAX_BYTES]; // "valgrind-3.19.0 lackey"
    char arch[NAME_MAX_BYTES]; // "x86_64"
    uint32_t page_bytes;       // of the recorded program's address space
    uint32_t argv_bytes;       // used bytes of argv
    char argv[TRACE_ARGV_MAX]; // arguments one after another, each with its final NUL
    uint64_t skip, max_refs;   // asked for: references left out first; 0: no limit
    bool complete;             // the program ended by itself; else it was stopped at max_refs or by the user
};

struct trace_info {
    struct trace_origin origin;
    uint64_t refs[TRACE_KIND_COUNT];           // over all streams
    uint64_t footprint_pages, footprint_lines; // different ones touched; lines of TRACE_FOOTPRINT_LINE bytes
    uint64_t file_bytes;
    uint32_t n_streams;
    struct trace_stream *streams; // owned
};

// Reads header, information and trailer of a trace, not its references. On success the caller frees `info`
// with trace_info_free; on an error nothing is kept. ERR_FILE, ERR_DAMAGED_TRACE.
enum err_code trace_info_read(const char *path, struct trace_info *info, struct err *err);
void trace_info_free(struct trace_info *info);

// Sum over the kinds.
uint64_t trace_refs_total(const uint64_t refs[TRACE_KIND_COUNT]);

// Reads a whole trace and checks every byte of it: each block, each checksum, that nothing lies between the
// parts and that all counts agree. trace_open checks only what it needs. ERR_FILE, ERR_DAMAGED_TRACE.
enum err_code trace_check(const char *path, struct err *err);

#endif
