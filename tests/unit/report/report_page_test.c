// SPDX-License-Identifier: Apache-2.0
// Pages and charts: figures of both languages, and text that tries to be more than text.
#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "coordinator/report/chart.h"
#include "coordinator/report/html.h"
#include "proto/base/assert.h"

static void test_numbers(void)
{
    char text[NUMBER_TEXT_SIZE];
    static const struct {
        uint64_t value;
        const char *en, *de;
    } counts[] = {
        {0, "0", "0"},
        {999, "999", "999"},
        {1000, "1,000", "1.000"},
        {1234567, "1,234,567", "1.234.567"},
        {UINT64_MAX, "18,446,744,073,709,551,615", "18.446.744.073.709.551.615"},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(counts); i++) {
        CU_ASSERT_STRING_EQUAL(number_count(LANG_EN, counts[i].value, text), counts[i].en);
        CU_ASSERT_STRING_EQUAL(number_count(LANG_DE, counts[i].value, text), counts[i].de);
    }
    CU_ASSERT_STRING_EQUAL(number_fixed(LANG_DE, -1234.56, 1, text), "-1.234,6");
    CU_ASSERT_STRING_EQUAL(number_fixed(LANG_EN, -0.04, 1, text), "0.0");
    CU_ASSERT_STRING_EQUAL(number_fixed(LANG_EN, NAN, 1, text), "nan");
    CU_ASSERT_STRING_EQUAL(number_fixed(LANG_DE, 1e300, 9, text), "1,000e+300");
    CU_ASSERT_STRING_EQUAL(number_short(LANG_DE, 1234567, 3, text), "1.234.567");
    CU_ASSERT_STRING_EQUAL(number_short(LANG_EN, 0.000012, 3, text), "1.2e-05");
    CU_ASSERT_STRING_EQUAL(number_short(LANG_EN, 2.50, 3, text), "2.5");
    CU_ASSERT_STRING_EQUAL(number_time(LANG_DE, 212000, text), "212,0 ns");
    CU_ASSERT_STRING_EQUAL(number_time(LANG_EN, 7, text), "7 ps");
    CU_ASSERT_STRING_EQUAL(number_bytes(LANG_EN, 1536, text), "1.5 KiB");
    CU_ASSERT_STRING_EQUAL(number_share(LANG_DE, 1, 8, text), "12,5 %");
    CU_ASSERT_STRING_EQUAL(number_share(LANG_EN, 0, 0, text), "–");
}

static void test_fill(void)
{
    char text[16];
    CU_ASSERT_STRING_EQUAL(text_fill(text, sizeof text, "{1}-{0}", ARGS("a", "b")), "b-a");
    CU_ASSERT_STRING_EQUAL(text_fill(text, sizeof text, "{2} {x} {", ARGS("a", "b")), "{2} {x} {");
    CU_ASSERT_STRING_EQUAL(text_fill(text, sizeof text, "{0}", NULL), "{0}");
    CU_ASSERT_STRING_EQUAL(text_fill(text, sizeof text, "{0}{0}", ARGS("{1}567890")), "{1}567890{1}567");
}

// Placeholders of a text in one language are those in the other, and nothing is left untranslated.
static void test_texts(void)
{
    for (unsigned id = 0; id < TEXT_COUNT; id++) {
        const char *en = text_of(LANG_EN, id), *de = text_of(LANG_DE, id);
        CU_ASSERT_TRUE(en[0] && de[0]);
        for (int n = '0'; n <= '9'; n++) {
            const char placeholder[] = {'{', (char)n, '}', '\0'};
            CU_ASSERT_EQUAL(!strstr(en, placeholder), !strstr(de, placeholder));
        }
    }
}

static const char *written(void (*write)(FILE *, const char *), const char *text)
{
    static char buffer[512];
    FILE *out = fmemopen(buffer, sizeof buffer, "w");
    write(out, text);
    fclose(out);
    return buffer;
}

static void test_escaping(void)
{
    CU_ASSERT_STRING_EQUAL(written(html_text, "<a href=\"x\">'&\t"),
                           "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\t");
    CU_ASSERT_STRING_EQUAL(written(html_text, "ü–\xf0\x9f\x98\x80"), "ü–\xf0\x9f\x98\x80");
    // What is not UTF-8: alone, cut, overlong, a surrogate, too high, and controls.
    static const char *const broken[] = {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                         "\x01", "\x7f", "\xc2\x85"};
    for (size_t i = 0; i < NP_ARRAY_LEN(broken); i++) {
        CU_ASSERT_PTR_EQUAL(strstr(written(html_text, broken[i]), broken[i]), NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(written(html_text, broken[i]), "\xef\xbf\xbd"));
        CU_ASSERT_PTR_EQUAL(strstr(written(html_json_string, broken[i]), broken[i]), NULL);
    }
    CU_ASSERT_STRING_EQUAL(written(html_json_string, "</script>\"\\\n"),
                           "\"\\u003c/script\\u003e\\\"\\\\\\n\"");
}

// A page whose every text is hostile.
static char *hostile_page(enum language language, const char *hostile)
{
    static const struct chart_point points[] = {{1, 2, 1, 3}, {2, NAN, 0, 0}, {3, INFINITY, 3, 9}};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct page page;
    const struct chart_series series = {hostile, points, 3, MARKS_BOTH, SPREAD_BARS};
    const char *const categories[] = {hostile, hostile, hostile};
    struct chart chart = {.title = hostile,
                          .x = {hostile, hostile, false},
                          .y = {hostile, hostile, true},
                          .categories = categories,
                          .n_categories = 3,
                          .series = &series,
                          .n_series = 1};
    const struct page_column column = {hostile, hostile, true, true};
    page_begin(&page, out, language, hostile, hostile);
    page_facts_begin(&page);
    page_fact(&page, hostile, hostile);
    page_facts_end(&page);
    page_section_begin(&page, "one", hostile);
    page_warning(&page, "{0}", ARGS(hostile));
    for (chart.kind = CHART_LINES; chart.kind <= CHART_HISTOGRAM; chart.kind++)
        chart_write(&page, &chart);
    page_table_begin(&page, hostile, &column, 1);
    page_row_begin(&page);
    page_cell(&page, &column, hostile);
    page_row_end(&page);
    page_table_end(&page);
    page_section_end(&page);
    page_end(&page);
    fclose(out);
    return text;
}

static size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;
    for (text = strstr(text, what); text; text = strstr(text + 1, what))
        n++;
    return n;
}

static void test_hostile(void)
{
    static const char hostile[] =
        "</title></style></script><script>alert(\"1\")</script><img src=x onerror='a'>";
    char *bad = hostile_page(LANG_EN, hostile), *good = hostile_page(LANG_EN, "good");
    static const char *const same[] = {"<script", "</script", "<img", "</title",
                                       "</style", "alert(\"", "<td"};
    for (size_t i = 0; i < NP_ARRAY_LEN(same); i++)
        CU_ASSERT_EQUAL(occurrences(bad, same[i]), occurrences(good, same[i]));
    CU_ASSERT_TRUE(occurrences(good, "good") > 30);
    free(bad);
    free(good);
}

// The data of each chart are JSON, and say what was given.
static void test_chart_data(void)
{
    char *page = hostile_page(LANG_DE, "\"x\\</script>\x02");
    const char *data = page;
    unsigned charts = 0;
    for (; (data = strstr(data, "<script type=\"application/json\">")); charts++) {
        data = strchr(data, '>') + 1;
        json_t *json = json_loadb(data, (size_t)(strstr(data, "</script>") - data), 0, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(json);
        json_t *series = json_array_get(json_object_get(json, "series"), 0);
        CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(series, "name")),
                               "\"x\\</script>\xef\xbf\xbd");
        CU_ASSERT_EQUAL(json_array_size(json_object_get(series, "points")), 3);
        json_decref(json);
    }
    CU_ASSERT_EQUAL(charts, 4);
    free(page);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("report page", NULL, NULL);
    CU_add_test(suite, "numbers in both languages", test_numbers);
    CU_add_test(suite, "arguments in texts", test_fill);
    CU_add_test(suite, "every text in both languages", test_texts);
    CU_add_test(suite, "escaping", test_escaping);
    CU_add_test(suite, "hostile texts stay text", test_hostile);
    CU_add_test(suite, "data of charts are JSON", test_chart_data);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
