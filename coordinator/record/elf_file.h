// SPDX-License-Identifier: Apache-2.0
// What recording needs to know of a program's file: for which machine it is, and its symbols. Reads 64-bit
// ELF files of either byte order; every offset is checked against the file.
#ifndef NP_COORDINATOR_RECORD_ELF_FILE_H
#define NP_COORDINATOR_RECORD_ELF_FILE_H

#include <stddef.h>

#include "proto/trace/trace.h"

enum elf_machine { ELF_NONE, ELF_X86_64, ELF_S390X, ELF_OTHER }; // NONE: no ELF file, such as a script

struct elf_file {
    const uint8_t *bytes; // mapped; owned
    size_t size;
    bool swap; // the file's byte order is not ours
    enum elf_machine machine;
    bool dynamic;        // needs a dynamic loader
    uint64_t start_code; // lowest address of code, as linked
};

// Opens a program. Fails only when the file cannot be read (ERR_FILE); what is no ELF file says so in
// `machine`.
enum err_code elf_open(struct elf_file *elf, const char *path, struct err *err);
void elf_close(struct elf_file *elf);

// Its functions and variables with a size, ascending by address, moved by `bias`, at most TRACE_SYMBOLS_MAX;
// of process 0. The caller frees *list with free(). A file without symbols, or with damaged ones, gives none.
void elf_symbols(const struct elf_file *elf, uint64_t bias, struct trace_symbol **list, size_t *n);

#endif
