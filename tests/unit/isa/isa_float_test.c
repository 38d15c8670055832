// SPDX-License-Identifier: Apache-2.0
// Floating-point instructions on a bare CPU, registers only: whether the host's unit is used exactly where it
// gives what exact arithmetic gives, and how operations end: flags, traps, scaled results, condition codes.
#include <CUnit/Basic.h>
#include <string.h>

#include "node/isa/families.h"
#include "node/isa/float.h"
#include "proto/base/assert.h"
#include "tests/unit/isa/float_operands.h"

enum { ROUNDS = 3000, SPECIFICATION = 0x100 };

static struct zcpu cpu;
static struct instruction slots[8];

// Executes one instruction. Returns the data-exception code, SPECIFICATION, or 0.
static unsigned execute(isa_function *function, const struct instruction *operands)
{
    slots[0] = *operands;
    slots[0].length = 4;
    cpu.slots = slots;
    cpu.code_size = sizeof slots / sizeof *slots * 2;
    cpu.address_mask = UINT64_MAX;
    cpu.current = &slots[0];
    cpu.next = &slots[2];
    cpu.activity = DOING_INSTRUCTIONS;
    cpu.cr[0] = CR0_AFP;
    cpu.level = ARCH_Z196;
    if (_setjmp(cpu.escape))
        return cpu.program_code == PGM_SPECIFICATION ? SPECIFICATION : cpu.data_code;
    function(&cpu, &slots[0]);
    return 0;
}

// What an instruction computes, in f0 from f0, f2 and f4.
enum arithmetic { SUM, DIFFERENCE, PRODUCT, QUOTIENT, ROOT, FUSED, FUSED_SUBTRACT, ARITHMETIC_COUNT };

static isa_function *const functions[2][ARITHMETIC_COUNT] = {
    {isa_aebr, isa_sebr, isa_meebr, isa_debr, isa_sqebr, isa_maebr, isa_msebr},
    {isa_adbr, isa_sdbr, isa_mdbr, isa_ddbr, isa_sqdbr, isa_madbr, isa_msdbr}};

static soft_bits exactly(struct soft *s, const struct soft_format *f, enum arithmetic what,
                         const soft_bits x[3])
{
    switch (what) {
    case SUM:
        return soft_add(s, f, x[0], x[1]);
    case DIFFERENCE:
        return soft_subtract(s, f, x[0], x[1]);
    case PRODUCT:
        return soft_multiply(s, f, f, x[0], x[1]);
    case QUOTIENT:
        return soft_divide(s, f, x[0], x[1]);
    case ROOT:
        return soft_square_root(s, f, x[1]);
    case FUSED:
    case FUSED_SUBTRACT:
        return soft_multiply_add(s, f, x[1], x[2], x[0], what == FUSED_SUBTRACT);
    case ARITHMETIC_COUNT:
        break;
    }
    np_panic("no such operation");
}

static unsigned exact_now;

static void compare(const struct soft_format *f, enum arithmetic what, uint32_t fpc)
{
    static const struct instruction operands = {.r1 = 0, .r2 = 2, .r3 = 4};
    soft_bits x[3];
    for (unsigned i = 0; i < 3; i++)
        float_set(&cpu, f, 2 * i, x[i] = random_operand(f));
    if (what == QUOTIENT && random_bits() & 1) { // quotients and roots that are exact
        struct soft ignored = {0};
        x[0] = soft_multiply(&ignored, f, f, x[1], random_operand(f) >> 8 << 8);
        float_set(&cpu, f, 0, x[0]);
    }
    struct soft s = {.mode = SOFT_NEAREST};
    cpu.fpc = fpc;
    cpu.cc = 3;
    CU_ASSERT_EQUAL(execute(functions[f == &soft_long][what], &operands), 0);
    soft_bits wanted = exactly(&s, f, what, x);
    CU_ASSERT_TRUE(float_get(&cpu, f, 0) == wanted);
    CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)s.raised << FPC_FLAG_SHIFT);
    CU_ASSERT_EQUAL(cpu.cc, what <= DIFFERENCE ? float_code_of(f, wanted) : 3);
    exact_now += s.raised == 0;
}

// With the inexact flag clear the host's result is taken when it is exact, with the flag set always: both
// ways give what exact arithmetic gives.
static void test_host_is_exact(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned what = 0; what < ARITHMETIC_COUNT; what++)
            for (uint32_t fpc = 0; fpc <= FPC_INEXACT; fpc += FPC_INEXACT) {
                compare(&soft_short, (enum arithmetic)what, fpc);
                compare(&soft_long, (enum arithmetic)what, fpc);
            }
    CU_ASSERT(exact_now > ROUNDS);
}

static void convert(uint64_t a, uint32_t fpc, unsigned m3)
{
    static const uint8_t modes[8] = {[5] = SOFT_ZERO, [6] = SOFT_UP, [7] = SOFT_DOWN};
    const struct instruction operands = {.r1 = 0, .r2 = 2, .r3 = (uint8_t)m3};
    struct soft s = {.mode = modes[m3]}, t = s, u = s, v = s;
    uint8_t cc;
    cpu.fpr[2] = a;
    cpu.fpc = fpc;
    execute(isa_cgdbr, &operands);
    CU_ASSERT_EQUAL(cpu.gr[0], soft_to_integer(&s, &soft_long, a, 64, true, &cc));
    CU_ASSERT_EQUAL(cpu.cc, cc);
    CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)s.raised << FPC_FLAG_SHIFT);
    cpu.fpc = fpc;
    execute(isa_cfdbr, &operands);
    CU_ASSERT_EQUAL(low(&cpu, 0), (uint32_t)soft_to_integer(&t, &soft_long, a, 32, true, &cc));
    CU_ASSERT_EQUAL(cpu.cc, cc);
    CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)t.raised << FPC_FLAG_SHIFT);
    cpu.fpc = fpc;
    execute(isa_ledbr, &operands);
    CU_ASSERT_EQUAL(short_of(&cpu, 0), (uint32_t)soft_resize(&u, &soft_long, &soft_short, a));
    CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)u.raised << FPC_FLAG_SHIFT);
    cpu.fpc = fpc;
    execute(isa_fidbr, &operands);
    CU_ASSERT_EQUAL(cpu.fpr[0], (uint64_t)soft_integral(&v, &soft_long, a));
    CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)v.raised << FPC_FLAG_SHIFT);
}

static void test_conversions(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        for (uint32_t fpc = 0; fpc <= FPC_INEXACT; fpc += FPC_INEXACT) {
            convert((uint64_t)random_operand(&soft_long), fpc, 0);
            for (unsigned m3 = 4; m3 < 8; m3++)
                convert((uint64_t)random_operand(&soft_long), fpc, m3);
            const struct instruction operands = {.r1 = 0, .r2 = 2};
            uint64_t n = cpu.gr[2] = random_bits() >> (random_bits() & 63);
            struct soft s = {.mode = SOFT_NEAREST};
            bool negative = n >> 63;
            cpu.fpc = fpc;
            execute(isa_cdgbr, &operands);
            CU_ASSERT_EQUAL(cpu.fpr[0],
                            (uint64_t)soft_from_integer(&s, &soft_long, negative, negative ? 0 - n : n));
            CU_ASSERT_EQUAL(cpu.fpc, fpc | (uint32_t)s.raised << FPC_FLAG_SHIFT);
        }
}

#define ONE     UINT64_C(0x3ff0000000000000)
#define LEAST   UINT64_C(0x0010000000000000) // normal
#define MOST    UINT64_C(0x7fefffffffffffff)
#define INF     UINT64_C(0x7ff0000000000000)
#define QUIET   UINT64_C(0x7ff8000000000000) // the default one
#define SIGNALS UINT64_C(0xfff0000000001234)
#define OLD     9 // condition code that is kept

// f0 op f2 for long operands; f0 as a whole afterwards. Results worked out by hand from the Principles of
// Operation.
static const struct ending {
    isa_function *function;
    uint32_t fpc;
    uint8_t m3, m4;
    uint64_t a, b, result;
    uint8_t cc;
    uint16_t dxc;
    uint8_t flags; // of the FPC afterwards
} endings[] = {
    // Overflow: traps scaled by 2**-1536, exact or not; without a trap inexact may trap alone.
    {isa_adbr, 0x20000000, 0, 0, MOST, MOST, UINT64_C(0x1fffffffffffffff), 2, 0x20, 0},
    {isa_adbr, 0x28000000, 0, 0, MOST, UINT64_C(0x7fe0000000000000), UINT64_C(0x1ff8000000000000), 2, 0x2c,
     0},
    {isa_adbr, 0x08000000, 0, 0, MOST, MOST, INF, 2, 0x0c, 0x20},
    {isa_adbr, 0x08000001, 0, 0, MOST, MOST, MOST, 2, 0x08, 0x20},
    {isa_adbr, 0x00000000, 0, 0, MOST, MOST, INF, 2, 0, 0x28},
    {isa_adbr, 0x00000007, 0, 0, MOST, MOST, MOST, 2, 0, 0x28},
    // Underflow: what is tiny before rounding; exact is none unless it traps, scaled by 2**1536.
    {isa_mdbr, 0x10000000, 0, 0, LEAST, UINT64_C(0x3fe0000000000000), UINT64_C(0x6000000000000000), OLD, 0x10,
     0},
    {isa_mdbr, 0x00000000, 0, 0, LEAST, UINT64_C(0x3fe0000000000000), LEAST / 2, OLD, 0, 0},
    {isa_mdbr, 0x00000000, 0, 0, LEAST, UINT64_C(0x3fefffffffffffff), LEAST, OLD, 0, 0x18},
    {isa_mdbr, 0x10000000, 0, 0, LEAST, UINT64_C(0x3fefffffffffffff), UINT64_C(0x600fffffffffffff), OLD, 0x10,
     0},
    {isa_mdbr, 0x18000000, 0, 0, LEAST + 1, UINT64_C(0x3fe0000000000001), UINT64_C(0x6000000000000002), OLD,
     0x18, 0},
    // Inexact: complete, truncated or incremented.
    {isa_adbr, 0x08000000, 0, 0, ONE, 1, ONE, 2, 0x08, 0},
    {isa_adbr, 0x08000002, 0, 0, ONE, 1, ONE + 1, 2, 0x0c, 0},
    {isa_adbr, 0x00000002, 0, 0, ONE, 1, ONE + 1, 2, 0, 0x08},
    {isa_adbr, 0x00000007, 0, 0, ONE, 1, ONE + 1, 2, 0, 0x08},
    {isa_adbr, 0x00000003, 0, 0, ONE, ONE | UINT64_C(1) << 63, UINT64_C(1) << 63, 0, 0, 0},
    // The host's quotient by the divisor, its root by itself, give the operand back, but inexactly.
    {isa_ddbr, 0, 0, 0, LEAST, UINT64_C(0x0015555555555555), UINT64_C(0x3fe8000000000000), OLD, 0, 0x08},
    {isa_sqdbr, 0, 0, 0, 0, UINT64_C(0x434ffffff8000000), UINT64_C(0x419ffffffc000000), OLD, 0, 0x08},
    // Invalid and division: suppressed.
    {isa_adbr, 0x80000000, 0, 0, ONE, SIGNALS, ONE, OLD, 0x80, 0},
    {isa_ddbr, 0x40000000, 0, 0, ONE, 0, ONE, OLD, 0x40, 0},
    {isa_ddbr, 0, 0, 0, ONE, UINT64_C(1) << 63, INF | UINT64_C(1) << 63, OLD, 0, 0x40},
    {isa_ddbr, 0, 0, 0, 0, 0, QUIET, OLD, 0, 0x80},
    {isa_sdbr, 0, 0, 0, INF, INF, QUIET, 3, 0, 0x80},
    {isa_sqdbr, 0, 0, 0, 0, ONE | UINT64_C(1) << 63, QUIET, OLD, 0, 0x80},
    {isa_sqdbr, 0, 0, 0, 0, UINT64_C(1) << 63, UINT64_C(1) << 63, OLD, 0, 0},
    // NaNs: the first signaling one, else the first quiet one.
    {isa_adbr, 0, 0, 0, QUIET + 5, SIGNALS, SIGNALS | QUIET, 3, 0, 0x80},
    {isa_adbr, 0, 0, 0, QUIET + 5, QUIET + 6, QUIET + 5, 3, 0, 0},
    {isa_mdbr, 0, 0, 0, ONE, QUIET + 6, QUIET + 6, OLD, 0, 0},
    {isa_ltdbr, 0, 0, 0, ONE, SIGNALS, SIGNALS | QUIET, 3, 0, 0x80},
    {isa_ltdbr, 0xf8000000, 0, 0, ONE, 1, 1, 2, 0, 0},
    // Comparisons.
    {isa_cdbr, 0x80000000, 0, 0, ONE, QUIET, ONE, 3, 0, 0},
    {isa_kdbr, 0, 0, 0, ONE, QUIET, ONE, 3, 0, 0x80},
    {isa_kdbr, 0x80000000, 0, 0, ONE, QUIET, ONE, OLD, 0x80, 0},
    {isa_cdbr, 0, 0, 0, 0, UINT64_C(1) << 63, 0, 0, 0, 0},
    // LOAD ROUNDED: a trap leaves the source's format, scaled by 2**512. A short result keeps the right half.
    {isa_ledbr, 0x20000000, 0, 0, 7, UINT64_C(0x4c70000000000000), UINT64_C(0x2c70000000000000), OLD, 0x20,
     0},
    {isa_ledbr, 0x10000000, 0, 0, 7, UINT64_C(0x3730000000000000), UINT64_C(0x5730000000000000), OLD, 0x10,
     0},
    {isa_ledbr, 0, 0, 0, 7, UINT64_C(0x3730000000000000), UINT64_C(0x0000020000000007), OLD, 0, 0},
    {isa_ledbr, 0, 6, 4, 7, ONE + 1, UINT64_C(0x3f80000100000007), OLD, 0, 0},
    {isa_ledbr, 0, 3, 0, 7, ONE + 1, UINT64_C(0x3f80000100000007), OLD, 0, 0x08},
    // Whole numbers: every mode, and inexact suppressed.
    {isa_fidbr, 0, 1, 0, 0, UINT64_C(0x4004000000000000), UINT64_C(0x4008000000000000), OLD, 0, 0x08},
    {isa_fidbr, 0, 4, 0, 0, UINT64_C(0x4004000000000000), UINT64_C(0x4000000000000000), OLD, 0, 0x08},
    {isa_fidbr, 0, 3, 4, 0, UINT64_C(0x4004000000000000), UINT64_C(0x4008000000000000), OLD, 0, 0},
    {isa_fidbr, 0x08000000, 7, 0, 0, UINT64_C(0xbfd0000000000000), UINT64_C(0xbff0000000000000), OLD, 0x0c,
     0},
    {isa_fidbr, 0, 2, 0, 3, ONE, 3, OLD, SPECIFICATION, 0},
    {isa_fidbr, 0, 8, 0, 3, ONE, 3, OLD, SPECIFICATION, 0},
};

static void test_endings(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(endings); i++) {
        const struct ending *e = &endings[i];
        const struct instruction operands = {.r1 = 0, .r2 = 2, .m3 = e->m3, .m4 = e->m4};
        cpu.fpr[0] = e->a;
        cpu.fpr[2] = e->b;
        cpu.fpc = e->fpc;
        cpu.cc = OLD;
        unsigned dxc = execute(e->function, &operands), flags = cpu.fpc >> FPC_FLAG_SHIFT & 0xff;
        bool same = dxc == e->dxc && flags == e->flags && cpu.cc == e->cc && cpu.fpr[0] == e->result;
        if (!same)
            printf("\nending %zu: %016lx cc %u dxc %x flags %x", i, cpu.fpr[0], cpu.cc, dxc, flags);
        CU_ASSERT_TRUE(same);
        if (e->dxc && e->dxc != SPECIFICATION)
            CU_ASSERT_EQUAL((cpu.fpc & FPC_DXC) >> FPC_DXC_SHIFT, e->dxc);
    }
}

// CONVERT TO FIXED and LOGICAL at the limits: result, condition code, flags.
static void test_limits(void)
{
    static const struct {
        isa_function *function;
        uint64_t a, result;
        uint8_t m3, cc, flags;
    } rows[] = {
        {isa_cfdbr, UINT64_C(0x41dfffffffffffff), 0x7fffffff, 5, 2, 0x08}, // 2**31 - 2**-22
        {isa_cfdbr, UINT64_C(0x41dfffffffffffff), 0x7fffffff, 4, 3, 0x88},
        {isa_cfdbr, UINT64_C(0xc1e0000000000000), 0x80000000, 4, 1, 0},
        {isa_cfdbr, UINT64_C(0xc1e0000000200000), 0x80000000, 7, 3, 0x88},
        {isa_cfdbr, QUIET, 0x80000000, 5, 3, 0x80},
        {isa_cfdbr, INF, 0x7fffffff, 5, 3, 0x88},
        {isa_clfdbr, UINT64_C(0xbfe0000000000000), 0, 4, 1, 0x08},
        {isa_clfdbr, UINT64_C(0xbff0000000000000), 0, 4, 3, 0x88},
        {isa_clfdbr, UINT64_C(0x41efffffffe00000), 0xffffffff, 4, 2, 0},
        {isa_clfdbr, INF, 0xffffffff, 4, 3, 0x88},
        {isa_clfdbr, QUIET, 0, 4, 3, 0x80},
        {isa_cgdbr, UINT64_C(0x43e0000000000000), INT64_MAX, 5, 3, 0x88},
        {isa_clgdbr, UINT64_C(0x43e0000000000000), UINT64_C(1) << 63, 5, 2, 0},
        {isa_clgdbr, UINT64_C(0x43f0000000000000), UINT64_MAX, 5, 3, 0x88},
        {isa_cgdbr, 0, 0, 5, 0, 0},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        bool word = rows[i].function == isa_cfdbr || rows[i].function == isa_clfdbr;
        const struct instruction operands = {.r1 = 1, .r2 = 2, .m3 = rows[i].m3};
        cpu.fpr[2] = rows[i].a;
        cpu.fpc = 0;
        CU_ASSERT_EQUAL(execute(rows[i].function, &operands), 0);
        CU_ASSERT_EQUAL(word ? low(&cpu, 1) : cpu.gr[1], rows[i].result);
        CU_ASSERT_EQUAL(cpu.cc, rows[i].cc);
        CU_ASSERT_EQUAL(cpu.fpc, (uint32_t)rows[i].flags << FPC_FLAG_SHIFT);
    }
}

static unsigned set_fpc(isa_function *function, uint32_t old, uint32_t value)
{
    const struct instruction operands = {.r1 = 1, .b2 = GR_NONE, .d2 = (int32_t)(value & 0xfff)};
    cpu.fpc = old;
    cpu.gr[1] = value;
    return execute(function, &operands);
}

static void test_fpc(void)
{
    CU_ASSERT_EQUAL(set_fpc(isa_sfpc, 0, UINT32_C(0xf8f8ff73)), 0);
    CU_ASSERT_EQUAL(cpu.fpc, UINT32_C(0xf8f8ff73));
    static const uint32_t refused[] = {1u << 25, 1u << 24, 1u << 17, 1u << 16, 1u << 7, 1u << 3, 4, 5, 6};
    for (size_t i = 0; i < NP_ARRAY_LEN(refused); i++) {
        CU_ASSERT_EQUAL(set_fpc(isa_sfpc, 1, refused[i]), SPECIFICATION);
        CU_ASSERT_EQUAL(cpu.fpc, 1);
    }
    CU_ASSERT_EQUAL(set_fpc(isa_srnm, 7, 0xffe), 0);
    CU_ASSERT_EQUAL(cpu.fpc, 2);
    CU_ASSERT_EQUAL(set_fpc(isa_srnmb, 0, 7), 0);
    CU_ASSERT_EQUAL(cpu.fpc, 7);
    CU_ASSERT_EQUAL(set_fpc(isa_srnmb, 0, 4), SPECIFICATION);
    CU_ASSERT_EQUAL(set_fpc(isa_srnmb, 0, 8), SPECIFICATION);
    // Signals: the flags that stood there and the masks that come.
    CU_ASSERT_EQUAL(set_fpc(isa_sfasr, UINT32_C(0x00280000), UINT32_C(0xf8000001)), 0x2b);
    CU_ASSERT_EQUAL(cpu.fpc, UINT32_C(0xf8282b01));
    CU_ASSERT_EQUAL(set_fpc(isa_sfasr, UINT32_C(0x00f80000), UINT32_C(0x40800000)), 0x43);
    CU_ASSERT_EQUAL(cpu.fpc, UINT32_C(0x40f84300));
    CU_ASSERT_EQUAL(set_fpc(isa_sfasr, UINT32_C(0x00800000), UINT32_C(0x78080000)), 0);
    CU_ASSERT_EQUAL(cpu.fpc, UINT32_C(0x78880000));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("float", NULL, NULL);
    CU_add_test(suite, "the host's arithmetic", test_host_is_exact);
    CU_add_test(suite, "the host's conversions", test_conversions);
    CU_add_test(suite, "flags and traps", test_endings);
    CU_add_test(suite, "limits of integers", test_limits);
    CU_add_test(suite, "the FPC", test_fpc);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
