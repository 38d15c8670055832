// SPDX-License-Identifier: Apache-2.0
// What the plugin sees in the bytes of instructions. The bytes are what gas makes of the text beside them.
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "coordinator/record/plugin/insns.h"
#include "proto/base/assert.h"

struct sample {
    const char *text;
    enum insn_kind kind;
    uint8_t size, bytes[10];
};

static const struct sample x86[] = {
    {"lock cmpxchg %edx,(%rdi)", INSN_ATOMIC, 4, {0xf0, 0x0f, 0xb1, 0x17}},
    {"lock addw $1,(%rdi)", INSN_ATOMIC, 5, {0x66, 0xf0, 0x83, 0x07, 0x01}},
    {"lock xadd %rax,(%rdi)", INSN_ATOMIC, 5, {0xf0, 0x48, 0x0f, 0xc1, 0x07}},
    {"xchg %eax,(%rdi)", INSN_ATOMIC, 2, {0x87, 0x07}},
    {"xchg %r8,8(%rdi)", INSN_ATOMIC, 4, {0x4c, 0x87, 0x47, 0x08}},
    {"xchg %eax,%ecx", INSN_OTHER, 2, {0x87, 0xc1}},
    {"xchg %al,(%rdi)", INSN_ATOMIC, 2, {0x86, 0x07}},
    {"cmpxchg %edx,(%rdi)", INSN_OTHER, 3, {0x0f, 0xb1, 0x17}},
    {"mov %eax,(%rdi)", INSN_STORE, 2, {0x89, 0x07}},
    {"movl $0,(%rdi)", INSN_STORE, 6, {0xc7, 0x07, 0, 0, 0, 0}},
    {"movb $1,%fs:(%rax)", INSN_STORE, 4, {0x64, 0xc6, 0x00, 0x01}},
    {"mov %eax,%ecx", INSN_OTHER, 2, {0x89, 0xc1}},
    {"mov (%rdi),%eax", INSN_OTHER, 2, {0x8b, 0x07}},
    {"pause", INSN_OTHER, 2, {0xf3, 0x90}},
    {"mfence", INSN_OTHER, 3, {0x0f, 0xae, 0xf0}},
    {"ret", INSN_OTHER, 1, {0xc3}},
    {"prefixes alone, cut", INSN_OTHER, 2, {0x66, 0x48}},
};

static const struct sample s390x[] = {
    {"cs %r0,%r1,0(%r2)", INSN_ATOMIC, 4, {0xba, 0x01, 0x20, 0x00}},
    {"csg %r0,%r1,0(%r2)", INSN_ATOMIC, 6, {0xeb, 0x01, 0x20, 0x00, 0x00, 0x30}},
    {"cdsg %r0,%r2,0(%r4)", INSN_ATOMIC, 6, {0xeb, 0x02, 0x40, 0x00, 0x00, 0x3e}},
    {"laa %r1,%r2,0(%r3)", INSN_ATOMIC, 6, {0xeb, 0x12, 0x30, 0x00, 0x00, 0xf8}},
    {"lang %r1,%r2,0(%r3)", INSN_ATOMIC, 6, {0xeb, 0x12, 0x30, 0x00, 0x00, 0xe4}},
    {"ts 0(%r1)", INSN_ATOMIC, 4, {0x93, 0x00, 0x10, 0x00}},
    {"csst 0(%r1),0(%r2),%r3", INSN_ATOMIC, 6, {0xc8, 0x32, 0x10, 0x00, 0x20, 0x00}},
    {"ectg 0(%r1),0(%r2),%r3", INSN_OTHER, 6, {0xc8, 0x31, 0x10, 0x00, 0x20, 0x00}},
    {"stmg %r6,%r15,48(%r15)", INSN_OTHER, 6, {0xeb, 0x6f, 0xf0, 0x30, 0x00, 0x24}},
    {"st %r1,0(%r2)", INSN_STORE, 4, {0x50, 0x10, 0x20, 0x00}},
    {"stg %r1,0(%r2)", INSN_STORE, 6, {0xe3, 0x10, 0x20, 0x00, 0x00, 0x24}},
    {"lg %r1,0(%r2)", INSN_OTHER, 6, {0xe3, 0x10, 0x20, 0x00, 0x00, 0x04}},
    {"mvhi 0(%r1),0", INSN_STORE, 6, {0xe5, 0x4c, 0x10, 0x00, 0x00, 0x00}},
    {"strl %r1,.", INSN_STORE, 6, {0xc4, 0x1f, 0, 0, 0, 0}},
    {"asi 0(%r1),1", INSN_UPDATE, 6, {0xeb, 0x01, 0x10, 0x00, 0x00, 0x6a}},
    {"oi 0(%r1),1", INSN_UPDATE, 4, {0x96, 0x01, 0x10, 0x00}},
    {"mvc 0(200,%r2),0(%r3)", INSN_OPERANDS, 6, {0xd2, 0xc7, 0x20, 0x00, 0x30, 0x00}},
    {"br %r14", INSN_OTHER, 2, {0x07, 0xfe}},
};

static void check_samples(const struct sample *samples, size_t n,
                          enum insn_kind (*kind)(const uint8_t *, size_t))
{
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(kind(samples[i].bytes, samples[i].size), samples[i].kind);
        if (kind(samples[i].bytes, samples[i].size) != samples[i].kind)
            printf("\n  %s\n", samples[i].text);
    }
}

static void test_x86(void)
{
    check_samples(x86, NP_ARRAY_LEN(x86), insn_kind_x86);
}

static void test_s390x(void)
{
    check_samples(s390x, NP_ARRAY_LEN(s390x), insn_kind_s390x);
}

static void test_operands(void)
{
    struct insn_operands operands;
    insn_operands_s390x((const uint8_t[6]){0xd2, 0xc7, 0x20, 0x08, 0xf1, 0x23}, &operands); // MVC
    CU_ASSERT_EQUAL(operands.first.base, 2);
    CU_ASSERT_EQUAL(operands.first.displacement, 8);
    CU_ASSERT_EQUAL(operands.first.size, 200);
    CU_ASSERT_EQUAL(operands.second.base, 15);
    CU_ASSERT_EQUAL(operands.second.displacement, 0x123);
    CU_ASSERT_TRUE(!operands.first_read && operands.first_written && operands.second_read);
    insn_operands_s390x((const uint8_t[6]){0xd5, 0x00, 0x10, 0x00, 0x20, 0x00}, &operands); // CLC
    CU_ASSERT_TRUE(operands.first_read && !operands.first_written);
    CU_ASSERT_EQUAL(operands.first.size, 1);
    insn_operands_s390x((const uint8_t[6]){0xdc, 0x07, 0x10, 0x00, 0x20, 0x00}, &operands); // TR
    CU_ASSERT_EQUAL(operands.second.size, 256);
    insn_operands_s390x((const uint8_t[6]){0xe8, 0x07, 0x10, 0x00, 0x20, 0x10}, &operands); // MVCIN
    CU_ASSERT_EQUAL(operands.second.displacement, 9);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("instructions", NULL, NULL);
    CU_add_test(suite, "x86", test_x86);
    CU_add_test(suite, "s390x", test_s390x);
    CU_add_test(suite, "operands", test_operands);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
