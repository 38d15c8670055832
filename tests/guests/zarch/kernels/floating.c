// SPDX-License-Identifier: Apache-2.0
// Binary floating point in the three formats: results as hexadecimal digits, checked against those that the
// compiler computed; conversions by rounding mode; flags, and the traps of IEEE exceptions with
// data-exception code and result. With `strict` also those traps that deliver a scaled or rounded result, as
// the architecture says: QEMU 7.2 delivers none.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/interrupt.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/print.h"

enum { DATA_EXCEPTION = 7 };

static uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint32_t bits_of_short(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void show(const char *what, double got, double expected)
{
    print("%-12s %016lx\n", what, bits_of(got));
    CHECK(bits_of(got) == bits_of(expected));
}

static void show_short(const char *what, float got, float expected)
{
    print("%-12s %08x\n", what, bits_of_short(got));
    CHECK(bits_of_short(got) == bits_of_short(expected));
}

static void show_long(const char *what, long double got, long double expected)
{
    uint64_t words[2], wanted[2];
    memcpy(words, &got, sizeof words);
    memcpy(wanted, &expected, sizeof wanted);
    print("%-12s %016lx %016lx\n", what, words[0], words[1]);
    CHECK(memcmp(words, wanted, sizeof words) == 0);
}

// The machine computes with the volatile values, the compiler with the constants.
#define A    1.1
#define B    -3.7
#define TINY 0x1p-1060

static void compute(void)
{
    volatile double a = A, b = B, tiny = TINY, two = 2, huge = 0x1.fffffffffffffp1023;
    show("add", a + b, A + B);
    show("subtract", a - b, A - B);
    show("multiply", a * b, A * B);
    show("divide", a / b, A / B);
    show("square root", __builtin_sqrt(two), 0x1.6a09e667f3bcdp0);
    show("fused", __builtin_fma(a, b, two), __builtin_fma(A, B, 2.0));
    show("subnormal", tiny / 3, TINY / 3);
    show("infinity", huge * two, __builtin_inf());
    show("negative", -a, -A);
    show("absolute", __builtin_fabs(b), -B);
    show("signed zero", -0.0 * a, -0.0);
}

static void compute_short(void)
{
    volatile float a = 1.1f, b = -3.7f, two = 2;
    show_short("add", a + b, 1.1f + -3.7f);
    show_short("multiply", a * b, 1.1f * -3.7f);
    show_short("divide", a / b, 1.1f / -3.7f);
    show_short("square root", __builtin_sqrtf(two), 0x1.6a09e6p0f);
    show_short("from long", (float)(volatile double){A}, (float)A);
    show("to long", (double)a, (double)1.1f);
}

static void compute_long(void)
{
    volatile long double a = 1.1L, b = -3.7L;
    show_long("add", a + b, 1.1L + -3.7L);
    show_long("multiply", a * b, 1.1L * -3.7L);
    show_long("divide", a / b, 1.1L / -3.7L);
    show_long("from double", (long double)(volatile double){A}, (long double)A);
    show("to double", (double)a, (double)1.1L);
    show_long("from fixed", (long double)(volatile int64_t){INT64_MIN}, -0x1p63L);
    CHECK((int64_t)(volatile long double){-0x1p63L} == INT64_MIN && a > b && !(a < b));
}

static int64_t to_fixed(double x, unsigned mode)
{
    int64_t fixed;
    switch (mode) { // the mode is a digit of the instruction
    case 1:
        __asm__ volatile("cgdbr %0,1,%1" : "=d"(fixed) : "f"(x) : "cc");
        break;
    case 4:
        __asm__ volatile("cgdbr %0,4,%1" : "=d"(fixed) : "f"(x) : "cc");
        break;
    case 5:
        __asm__ volatile("cgdbr %0,5,%1" : "=d"(fixed) : "f"(x) : "cc");
        break;
    case 6:
        __asm__ volatile("cgdbr %0,6,%1" : "=d"(fixed) : "f"(x) : "cc");
        break;
    default:
        __asm__ volatile("cgdbr %0,7,%1" : "=d"(fixed) : "f"(x) : "cc");
        break;
    }
    return fixed;
}

// Modes: 1 nearest, ties away; 4 nearest, ties to even; 5 to zero; 6 up; 7 down.
static void convert(void)
{
    static const double values[] = {2.5, -2.5, 3.5, 0.49999999999999994, -1e15 - 0.125, 1e300, -1e300};
    static const unsigned modes[] = {1, 4, 5, 6, 7};
    static const int64_t of_two_and_a_half[] = {3, 2, 2, 3, 2};
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        print("to fixed    ");
        for (unsigned m = 0; m < sizeof modes / sizeof modes[0]; m++)
            print(" %ld", to_fixed(values[i], modes[m]));
        print("\n");
    }
    for (unsigned m = 0; m < sizeof modes / sizeof modes[0]; m++)
        CHECK(to_fixed(2.5, modes[m]) == of_two_and_a_half[m]);
    CHECK(to_fixed(1e300, 5) == INT64_MAX && to_fixed(-1e300, 5) == INT64_MIN);
    show("from fixed", (double)(volatile int64_t){0x7fffffffffffffff}, 0x1p63);
}

static uint32_t get_control(void)
{
    uint32_t fpc;
    __asm__ volatile("stfpc %0" : "=Q"(fpc));
    return fpc;
}

static void set_control(uint32_t fpc)
{
    __asm__ volatile("lfpc %0" ::"Q"(fpc));
}

// Bits of the floating-point control register: masks, and flags 8 bits to their right.
enum { INVALID = 0x80, BY_ZERO = 0x40, OVERFLOW = 0x20, UNDERFLOW = 0x10, INEXACT = 0x08 };

// a / b has the exception; with its mask on, the data-exception code and what is in the register then.
// Invalid operation and division by zero leave the register as it is; overflow and underflow deliver the
// result scaled by 2 to the -1536 or 1536 (Principles of Operation, "IEEE Exceptions").
static const struct {
    const char *name;
    unsigned bit;
    double a, b, trapped;
    unsigned code;
} exceptions[] = {
    {"invalid", INVALID, 0.0, 0.0, 0.0, 0x80},
    {"by zero", BY_ZERO, 1.0, 0.0, 1.0, 0x40},
    {"overflow", OVERFLOW, 0x1p1000, 0x1p-1000, 0x1p464, 0x20},
    {"underflow", UNDERFLOW, 0x1p-1000, 0x1p1000, 0x1p-464, 0x10},
    {"truncated", INEXACT, 1.0, 3.0, 0x1.5555555555555p-2, 0x08},
    {"incremented", INEXACT, 1.0, 10.0, 0x1.999999999999ap-4, 0x0c},
};
enum { SUPPRESSED = 2 }; // the first of them

static volatile unsigned traps, trap_code; // program checks, and the code of the last

static void on_program_check(struct interrupt_frame *frame)
{
    CHECK(this_lowcore()->program_code == DATA_EXCEPTION);
    traps++;
    trap_code = this_lowcore()->data_exception_code;
    (void)frame; // completed or suppressed: the old PSW is after the instruction
}

static double divide(double a, double b)
{
    __asm__ volatile("ddbr %0,%1" : "+f"(a) : "f"(b));
    return a;
}

static void raise(unsigned i)
{
    set_control(0);
    double masked = divide(exceptions[i].a, exceptions[i].b);
    unsigned flags = get_control() >> 16 & 0xff;
    print("%-12s %016lx flags %02x\n", exceptions[i].name, bits_of(masked), flags);
    CHECK(flags & exceptions[i].bit);
}

static void trap(unsigned i)
{
    unsigned before = traps;
    set_control(exceptions[i].bit << 24);
    double trapped = divide(exceptions[i].a, exceptions[i].b);
    set_control(0);
    print("%-12s %016lx trap %02x\n", exceptions[i].name, bits_of(trapped), trap_code);
    CHECK(traps == before + 1 && trap_code == exceptions[i].code);
    CHECK(bits_of(trapped) == bits_of(exceptions[i].trapped));
}

int main(void)
{
    bool strict = argument_is("strict");
    compute();
    compute_short();
    compute_long();
    convert();
    interrupt_set(INTERRUPT_PROGRAM, on_program_check);
    enum { EXCEPTIONS = sizeof exceptions / sizeof exceptions[0] };
    for (unsigned i = 0; i < EXCEPTIONS; i++)
        raise(i);
    for (unsigned i = 0; i < (strict ? EXCEPTIONS : SUPPRESSED); i++)
        trap(i);
    interrupt_set(INTERRUPT_PROGRAM, NULL);
    print("floating: ok\n");
    return 0;
}
