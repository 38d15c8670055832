// SPDX-License-Identifier: Apache-2.0
// Errors with context. A function that can fail on outside input takes a caller-owned struct err as its last
// argument and returns its code (ERR_OK is 0). Set the error where it happens, prefix it where meaning is
// added:
//
//     if (read_table(f, &e))
//         return err_wrap(&e, "board %u", board);
//
// Codes are stable: scripts may rely on the identifier (NP0203) and on the exit status of its class.
#ifndef NP_PROTO_BASE_ERR_H
#define NP_PROTO_BASE_ERR_H

#include <stdbool.h>

// Exit status per class; documented in README.md, "Errors".
enum exit_class {
    EXIT_CLASS_OK = 0,
    EXIT_CLASS_INTERNAL = 1, // our own mistake
    EXIT_CLASS_USAGE = 2,    // wrong command line
    EXIT_CLASS_INPUT = 3,    // a file or message says something impossible
    EXIT_CLASS_DAMAGED = 4,  // a file or message is not what was once written
    EXIT_CLASS_HOST = 5,     // the host could not do what was asked: disk, memory, process, socket
    EXIT_CLASS_RUN = 6,      // the run itself stopped: a process died, the machine makes no progress
    EXIT_CLASS_CHECK = 7,    // a program on the simulated machine saw a wrong value, or failed
    EXIT_CLASS_REFUSED = 8,  // a command to a running machine was refused; nothing has changed
    EXIT_CLASS_INTERRUPTED = 130
};

// X(enumerator, identifier, exit class, what it means in general)
#define ERR_CODES(X)                                                                                         \
    X(ERR_OK, "NP0000", EXIT_CLASS_OK, "no error")                                                           \
    X(ERR_INTERNAL, "NP0101", EXIT_CLASS_INTERNAL, "internal error")                                         \
    X(ERR_IMPOSSIBLE_CELL, "NP0102", EXIT_CLASS_INTERNAL, "a protocol table has no cell for what happened")  \
    X(ERR_LOOKAHEAD, "NP0103", EXIT_CLASS_INTERNAL, "a message was created below its lookahead")             \
    X(ERR_USAGE, "NP0201", EXIT_CLASS_USAGE, "wrong command line")                                           \
    X(ERR_SYNTAX, "NP0301", EXIT_CLASS_INPUT, "the file is not well-formed YAML")                            \
    X(ERR_UNKNOWN_KEY, "NP0302", EXIT_CLASS_INPUT, "a key that is not known here")                           \
    X(ERR_MISSING_KEY, "NP0303", EXIT_CLASS_INPUT, "a required key is missing")                              \
    X(ERR_BAD_VALUE, "NP0304", EXIT_CLASS_INPUT, "a value of the wrong form or out of range")                \
    X(ERR_IMPOSSIBLE_MACHINE, "NP0305", EXIT_CLASS_INPUT, "the parts do not fit together")                   \
    X(ERR_LIMIT, "NP0306", EXIT_CLASS_INPUT, "a stated limit is exceeded")                                   \
    X(ERR_SCRIPT, "NP0307", EXIT_CLASS_INPUT, "a CPU script is malformed")                                   \
    X(ERR_IMAGE, "NP0308", EXIT_CLASS_INPUT, "a file is no program image of a guest")                        \
    X(ERR_DAMAGED_TRACE, "NP0401", EXIT_CLASS_DAMAGED, "a trace file is damaged or truncated")               \
    X(ERR_DAMAGED_STATE, "NP0402", EXIT_CLASS_DAMAGED, "a saved state is damaged or does not fit")           \
    X(ERR_DAMAGED_MESSAGE, "NP0403", EXIT_CLASS_DAMAGED, "a message is damaged or malformed")                \
    X(ERR_FOREIGN_PEER, "NP0404", EXIT_CLASS_DAMAGED, "a peer that does not belong to this run")             \
    X(ERR_DAMAGED_IMAGE, "NP0405", EXIT_CLASS_DAMAGED, "a program image is damaged or truncated")            \
    X(ERR_FILE, "NP0501", EXIT_CLASS_HOST, "a file could not be opened, read or written")                    \
    X(ERR_DISK_FULL, "NP0502", EXIT_CLASS_HOST, "no space left on the device")                               \
    X(ERR_MEMORY, "NP0503", EXIT_CLASS_HOST, "out of memory")                                                \
    X(ERR_PROCESS, "NP0504", EXIT_CLASS_HOST, "a process could not be started")                              \
    X(ERR_SOCKET, "NP0505", EXIT_CLASS_HOST, "a socket could not be opened or used")                         \
    X(ERR_MISSING_TOOL, "NP0506", EXIT_CLASS_HOST, "a program that is needed is not installed")              \
    X(ERR_NODE_DIED, "NP0601", EXIT_CLASS_RUN, "a process of the run ended unexpectedly")                    \
    X(ERR_NO_PROGRESS, "NP0602", EXIT_CLASS_RUN, "the simulated machine makes no progress")                  \
    X(ERR_TIMEOUT, "NP0603", EXIT_CLASS_RUN, "a process of the run does not answer")                         \
    X(ERR_EPOCH, "NP0604", EXIT_CLASS_RUN, "another process claims this run")                                \
    X(ERR_POINTS, "NP0605", EXIT_CLASS_RUN, "some runs of a sweep failed")                                   \
    X(ERR_CHECK, "NP0701", EXIT_CLASS_CHECK, "a simulated program saw a wrong value")                        \
    X(ERR_DIFFER, "NP0702", EXIT_CLASS_CHECK, "two runs that should agree do not")                           \
    X(ERR_CLAIM, "NP0703", EXIT_CLASS_CHECK, "something that the scenario claims does not hold")             \
    X(ERR_CALIBRATION, "NP0704", EXIT_CLASS_CHECK, "a preset does not meet the values it was fitted to")     \
    X(ERR_GUEST, "NP0705", EXIT_CLASS_CHECK, "a guest did not end clean")                                    \
    X(ERR_UNKNOWN_NAME, "NP0801", EXIT_CLASS_REFUSED, "the machine has no such board, partition or system")  \
    X(ERR_STATE, "NP0802", EXIT_CLASS_REFUSED, "a board or partition is not in the state that this needs")   \
    X(ERR_BUSY, "NP0803", EXIT_CLASS_REFUSED, "another command has the board or its partition")              \
    X(ERR_LAST, "NP0804", EXIT_CLASS_REFUSED, "a partition cannot lose its last CPU or memory")              \
    X(ERR_PERMANENT, "NP0805", EXIT_CLASS_REFUSED, "permanent memory has no board to go to")                 \
    X(ERR_NO_FRAMES, "NP0806", EXIT_CLASS_REFUSED, "the other boards have too little free memory")           \
    X(ERR_BOUND, "NP0807", EXIT_CLASS_REFUSED, "a program is bound to a CPU or to memory of the board")      \
    X(ERR_BLACKLISTED, "NP0808", EXIT_CLASS_REFUSED, "the board is on the blacklist")                        \
    X(ERR_SELF_TEST, "NP0809", EXIT_CLASS_REFUSED, "the board failed its self-test")                         \
    X(ERR_CONSENT, "NP0810", EXIT_CLASS_REFUSED, "the guest does not give back what it has of the board")    \
    X(ERR_FORBIDDEN, "NP0811", EXIT_CLASS_REFUSED, "the user may not do this")                               \
    X(ERR_LOGIN, "NP0812", EXIT_CLASS_REFUSED, "not logged in, or the session has expired")                  \
    X(ERR_TOO_OFTEN, "NP0813", EXIT_CLASS_REFUSED, "too many attempts; later again")                         \
    X(ERR_REQUEST, "NP0814", EXIT_CLASS_REFUSED, "a request is malformed")                                   \
    X(ERR_NO_RUN, "NP0815", EXIT_CLASS_REFUSED, "no run answers there")                                      \
    X(ERR_OVER, "NP0816", EXIT_CLASS_REFUSED, "the run has ended")                                           \
    X(ERR_INTERRUPTED, "NP0901", EXIT_CLASS_INTERRUPTED, "interrupted by the user")

enum err_code {
#define X(name, id, exit_class, text) name,
    ERR_CODES(X)
#undef X
        ERR_CODE_COUNT
};

#define ERR_TEXT_SIZE 512

struct err {
    enum err_code code;
    char text[ERR_TEXT_SIZE]; // always terminated; cut, never overrun
};

// Sets code and text (printf form) and returns the code. err may be NULL: then only the code is returned.
enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Puts "prefix: " before the text that is there; keeps the code and returns it.
enum err_code err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Sets the error from errno: ENOSPC and EDQUOT become ERR_DISK_FULL, ENOMEM ERR_MEMORY, all else `code`.
enum err_code err_errno(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void err_clear(struct err *err);
const char *err_id(enum err_code code);      // "NP0304"
const char *err_meaning(enum err_code code); // what the code means in general
int err_exit_status(enum err_code code);     // the exit status of its class

// Finds a code by its identifier; ERR_INTERNAL when there is none such (a peer of another version).
enum err_code err_code_of_id(const char *id);

// Prints "numaplex: error NP0304: text" to standard error and returns the exit status.
int err_report(const struct err *err);

#endif
