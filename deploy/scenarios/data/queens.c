// SPDX-License-Identifier: Apache-2.0
// Something small for a compiler to chew on while its references are recorded: counts the ways in which eight queens
// stand on a chess board without threatening each other.
static int place(unsigned row, unsigned columns, unsigned left, unsigned right)
{
    const unsigned all = 0xff;
    if (row == 8)
        return 1;
    int ways = 0;
    for (unsigned free = all & ~(columns | left | right); free != 0; free &= free - 1) {
        unsigned here = free & (0u - free);
        ways += place(row + 1, columns | here, (left | here) << 1, (right | here) >> 1);
    }
    return ways;
}

int main(void)
{
    return place(0, 0, 0, 0) == 92 ? 0 : 1;
}
