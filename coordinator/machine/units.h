// SPDX-License-Identifier: Apache-2.0
// Quantities in text: "4KiB", "1.5us", "900MHz", "20GB/s", "30%". Reading is exact and free of locale: a
// decimal fraction is carried as an integer, and a value that is not a whole number of the base unit is
// refused, never rounded. Sizes are binary only (64MB is refused, because half of its readers would take it
// for 64MiB); bandwidths are decimal only, as data sheets print them.
#ifndef NP_COORDINATOR_MACHINE_UNITS_H
#define NP_COORDINATOR_MACHINE_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum unit_kind {
    UNIT_COUNT,     // a plain number, decimal or 0x
    UNIT_SIZE,      // bytes: B, KiB, MiB, GiB, TiB; none: bytes; 0x
    UNIT_TIME,      // picoseconds: ps, ns, us, ms, s; a unit is required unless 0
    UNIT_FREQUENCY, // hertz: Hz, kHz, MHz, GHz
    UNIT_BANDWIDTH, // bytes per second: B/s, kB/s, MB/s, GB/s, TB/s; "unlimited" is 0
    UNIT_SHARE      // thousandths: 30% is 300
};

#define UNIT_TEXT_SIZE 32

// Reads the whole of `text`. Returns NULL and the value in base units, or a static sentence: what is wrong
// and what to write instead.
const char *unit_parse(enum unit_kind kind, const char *text, uint64_t *value);

// The shortest exact form in the largest unit that divides the value; unit_parse reads it back to the same
// value. Returns `text`.
const char *unit_format(enum unit_kind kind, uint64_t value, char text[UNIT_TEXT_SIZE]);

// A rounded form for people: 1.50 GiB, 212 ns. Not for reading back. Returns `text`.
const char *unit_pretty_time(uint64_t ps, char text[UNIT_TEXT_SIZE]);

#endif
