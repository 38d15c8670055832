// SPDX-License-Identifier: Apache-2.0
// A guest of one loop, whose operands cross doublewords and lines and lie on both of its boards, with a
// scenario to run it in; it needs no compiler for its machine.
#ifndef NP_TESTS_LIB_TINY_GUEST_H
#define NP_TESTS_LIB_TINY_GUEST_H

#define TINY_GUEST_INSTRUCTIONS 1604u // that it executes

// Writes FOLDER/guest.img and FOLDER/guest.yaml: partition P with the guest on boards A0 and A1, one CPU
// each; partition Q on board A2 without one. Ends cleanly well before 200 us.
void tiny_guest_write(const char *folder);

#endif
