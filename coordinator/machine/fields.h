// SPDX-License-Identifier: Apache-2.0
// Reading a mapping from a table: one row per key, so that the format of each object can be seen at a glance
// where the table stands. A key that no row names is refused, with the nearest known one; a required key that
// is missing is named with the line of its object. Rows are read in the order of the table, whatever the
// order in the file. What a row does not find keeps the value that the caller put there: that is how defaults
// and presets work.
#ifndef NP_COORDINATOR_MACHINE_FIELDS_H
#define NP_COORDINATOR_MACHINE_FIELDS_H

#include <stdint.h>

#include "coordinator/machine/document.h"
#include "coordinator/machine/units.h"

struct field;
typedef enum err_code field_reader(const struct field *field, struct value v, void *target, struct err *err);

enum presence { OPTIONAL, REQUIRED };

struct field {
    const char *key;
    field_reader *read;
    size_t offset; // of the target in the struct that is being read
    enum presence presence;
    enum unit_kind unit; // numbers only
    uint64_t min, max;   // numbers only, inclusive
    uint64_t multiple;   // numbers only; 0: any
};

// Reads every row's key of `mapping` into `base`. Errors: ERR_BAD_VALUE (not a mapping, or a row's reader),
// ERR_UNKNOWN_KEY, ERR_MISSING_KEY.
enum err_code fields_read(struct value mapping, const struct field *fields, size_t n, void *base,
                          struct err *err);

// Only the first half of fields_read: refuses what is no mapping, and keys that no row names.
enum err_code fields_check_keys(struct value mapping, const struct field *fields, size_t n, struct err *err);

// Readers for the tables. Targets: uint64_t, uint32_t, char[NAME_MAX_BYTES], char[PATH_MAX_BYTES], struct
// value.
field_reader read_number;   // uint64_t in field->unit, min .. max
field_reader read_number32; // the same into a uint32_t
field_reader read_name;     // letters, digits, dot, dash, underline; begins with a letter
field_reader read_string;   // any text up to PATH_MAX_BYTES
field_reader read_later;    // keeps the value itself, to be read when all it refers to is known

// Reads one of `n` words into its index; an absent value leaves what is there. `what` they are: "family".
enum err_code read_choice(struct value v, const char *what, const char *const *names, unsigned n,
                          unsigned *index, struct err *err);

// Reads yes, true or on, and no, false or off; an absent value leaves what is there.
enum err_code read_switch(struct value v, bool *on, struct err *err);

// Checks that a scalar is a name as above.
enum err_code check_name(struct value v, struct err *err);

// The entry of `names` nearest to `text`, or NULL when none is near enough to suggest.
const char *nearest(const char *text, const char *const *names, size_t n);

// Reports that `text` is none of `names`: suggests the nearest and lists them all.
enum err_code fail_not_one_of(struct value v, enum err_code code, struct err *err, const char *what,
                              const char *text, const char *const *names, size_t n);

#endif
