// SPDX-License-Identifier: Apache-2.0
// Text of line-mode consoles.
#ifndef NP_NODE_ISA_EBCDIC_H
#define NP_NODE_ISA_EBCDIC_H

#include <stdint.h>

// EBCDIC of code page 500 to ASCII; what has no printable ASCII character becomes a space. And back: what has
// no EBCDIC character here becomes a space too.
uint8_t ebcdic_to_ascii(uint8_t c);
uint8_t ascii_to_ebcdic(uint8_t c);

#endif
