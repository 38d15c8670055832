// SPDX-License-Identifier: Apache-2.0
// What a recorded trace says: references, the streams they belong to, and where the recording came from. The
// bytes on disk are described in proto/trace/README.md.
#ifndef NP_PROTO_TRACE_TRACE_H
#define NP_PROTO_TRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define TRACE_VERSION        2u // of the format; a reader refuses any other
#define TRACE_SUFFIX         ".nptrace"
#define TRACE_SIZE_MAX       4096u // bytes one reference may touch; the largest saved states are near 2.7 KiB
#define TRACE_STREAMS_MAX    2048u // processes times threads of a recording; their table stays below 1 MiB
#define TRACE_ARGV_MAX       4096u // bytes of the recorded command line, each argument with its final NUL
#define TRACE_COMMAND_MAX    128u  // bytes of a process's command with its final NUL; longer ones are cut
#define TRACE_FOOTPRINT_LINE 64u   // unit of the footprint in lines; says nothing of any machine's lines

// A *synchronisation word* is an aligned word of TRACE_WORD bytes that an atomic instruction, futex, clone or
// exit has used. From then on every write to it by any thread of its process is a SYNC, a step from one
// version of the word to the next, and so is a plain read that is the first of its thread since another
// thread wrote it: who spins in the recording waits in the replay. Every other plain read of it is a PEEK,
// whose value nobody checks. A replay keeps the order of SYNCs per word: the one that makes version v waits
// for version v - 1. Because all versions were counted in one order in time, waiting never goes in a circle.
enum trace_kind {
    TRACE_FETCH,
    TRACE_LOAD,
    TRACE_STORE,
    TRACE_MODIFY,
    TRACE_SYNC,
    TRACE_PEEK,
    TRACE_KIND_COUNT
};
#define TRACE_WORD 4u

const char *trace_kind_name(unsigned kind); // "fetch", "load", "store", "modify", "sync", "peek"; "?" beyond

// One reference. A MODIFY is a load and a store of the same bytes by one instruction.
struct trace_ref {
    uint64_t address; // virtual, of the recorded process
    uint16_t size;    // bytes, 1 .. TRACE_SIZE_MAX; address + size never passes 2^64; SYNC: TRACE_WORD
    uint8_t kind;     // enum trace_kind
    uint32_t version; // SYNC: that it makes, from 1, modulo 2^32; else 0
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

// A page of a process, in the order in which pages were first used: a replay can place all pages before it
// begins, the same way on every board.
struct trace_touched {
    uint64_t page;         // virtual address / PAGE_BYTES
    uint32_t process;      // its address space
    uint32_t first_stream; // the thread that used it first
    bool shared;           // several threads of the process used it
};

// A function or variable of a recorded program.
struct trace_symbol {
    uint64_t address, bytes; // virtual
    uint32_t process;
    char name[NAME_MAX_BYTES]; // cut when longer
};

// A synchronisation word that some SYNC names.
struct trace_word {
    uint64_t address;
    uint32_t process;
};

// Read the list of pages, of words (ascending by process and address), or of symbols (ascending by process
// and address; bytes 0: not known). The caller frees *list with free(); an empty one is NULL. ERR_FILE,
// ERR_DAMAGED_TRACE, ERR_MEMORY.
enum err_code trace_pages_read(const char *path, struct trace_touched **list, uint32_t *n, struct err *err);
enum err_code trace_words_read(const char *path, struct trace_word **list, uint32_t *n, struct err *err);
enum err_code trace_symbols_read(const char *path, struct trace_symbol **list, uint32_t *n, struct err *err);

// Sum over the kinds.
uint64_t trace_refs_total(const uint64_t refs[TRACE_KIND_COUNT]);

// Whether a replay on `cpus` CPUs, which take streams in turn, leaves no thread waiting for one without a
// CPU: of each process that synchronises, every round of CPUs has all threads or none. Else *needed is the
// next number of CPUs that does.
bool trace_cpus_suffice(const struct trace_info *info, uint32_t cpus, uint32_t *needed);

// Reads a whole trace and checks every byte of it: each block, each checksum, that nothing lies between the
// parts and that all counts agree. trace_open checks only what it needs. ERR_FILE, ERR_DAMAGED_TRACE.
enum err_code trace_check(const char *path, struct err *err);

#endif
