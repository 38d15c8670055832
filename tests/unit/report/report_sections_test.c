// SPDX-License-Identifier: Apache-2.0
// report.html from results that are whole, hostile, old, or nonsense.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/report/report_page.h"
#include "proto/base/assert.h"
#include "tests/lib/html_check.h"

// Results with something for every section; N stands for each name, so that it can be made hostile.
static const char sample[] =
    "{'format':'numaplex-results','version':1,'scenario':N,'seed':7,'parameters':{'cpus':N},'end':'until',"
    "'interrupted':true,'digest':N,'claims':[{'says':N,'value':'a_ps','relation':N,'actual':1500,'expected':"
    "2,"
    "'holds':true},{'says':N,'value':N,'why':N}],"
    "'partitions':[{'name':N,'system':N,'digest':N,'end_ps':1000000,'cpus':2,'cpus_running':1,'accesses':"
    "1000,"
    "'hits':900,'values_synthetic':true,'weakly_ordered':true,'store_buffer':8,"
    "'counters':{'late':1,'gate_refusals':2,'bus_errors':3,'poisoned':4,'checks':9,'checks_failed':1},"
    "'latency':{'l1':{'count':900,'sum_ps':1800000,'min_ps':2000,'max_ps':2000,'buckets':[[1792,900]]},"
    "'owner':{'count':100,'sum_ps':3000000,'min_ps':20000,'max_ps':50000,'buckets':[[20480,60],[49152,40]]}},"
    "'guest':{'image':N,'arguments':N,'architecture':'z196','timing':'full','end':N,'instructions':77,"
    "'instructions_per_s':5000000,'cpus':[{'name':N,'board':N,'cpu':1,'end':N,'instructions':77,'busy_ps':9,"
    "'cpi':1.5,'psw':{'mask':N,'address':N},'registers':[]}]},"
    "'pages':[{'address':4096,'home':N,'requests':50,'remote':40,'writes':10,'boards':2,'virtual':8192,"
    "'process':N,'symbol':N}],"
    "'boards':[{'name':N,'first_failure':N,'counters':{'home_busy_ps':500000,'egress_busy_ps':1,"
    "'messages_sent':30,'l2_hits':4,'misses_remote':6},'messages_sent':{'GetS':20,'Data':10},"
    "'sent_to':[{'board':N,'messages':30,'bytes':900}],"
    "'latency':{'l1':{'count':900},'owner':{'count':100}},"
    "'cpus':[{'cpu':0,'accesses':1000,'hits':900,'latency_sum_ps':4800000,'work':3,'done_at_ps':null}]}]}],"
    "'watch':[{'line':64,'partition':N,'dropped':3,'events':["
    "{'time_ps':10,'board':N,'unit':'cache','kind':'state','what':'I -> IS_D','peer':null},"
    "{'time_ps':10,'board':N,'unit':'cache','kind':'send','what':'GetS','peer':N,'peer_unit':'home','seq':5},"
    "{'time_ps':20,'board':N,'unit':'home','kind':'receive','what':'GetS','peer':N,'peer_unit':'cache','seq':"
    "5},"
    "{'time_ps':30,'board':N,'unit':'l1-3i','kind':'state','what':N},"
    "{'time_ps':30,'board':N,'unit':'gate','kind':'receive','what':N,'peer':N,'peer_unit':N,'seq':9}]}],"
    "'series':[{'name':N,'to_ps':[1000000,1100000,2000000],'accesses':[500,50,450],'cpus_online':[4,4,2]}],"
    "'operations':[{'name':N,'id':1,'command':N,'outcome':'done','code':null,'text':'','began_ps':1100000,"
    "'ended_ps':1900000,'duration_ps':800000,'pages_done':12,'drain_ps':400000,'drain_bytes_per_s':"
    "4400000000,"
    "'drain_port_share':0.5,'steps':[{'name':'drain','began_ps':1100000,'ended_ps':1200000},{'name':N,'began_"
    "ps':"
    "1200000,'ended_ps':null}],'partitions':[{'name':N,'cpus_before':4,'cpus_after':2,"
    "'accesses_per_s_before':2000000,'accesses_per_s_after':1500000}]},"
    "{'name':N,'id':2,'command':N,'outcome':N,'code':N,'text':N,'steps':[],'partitions':[]}],"
    "'events':[{'seq':1,'at_ps':1100000,'what':N,'board':N,'partition':N,'text':N}],'events_dropped':1,"
    "'host':{'seconds':1.5,'nodes':1,'threads':1,'link':N,'grants':5,"
    "'processes':[{'process':N,'simulating_ns':900,'exchanging_ns':50,'waiting_ns':50}]}}";

static const char *const section_ids[] = {"claims",  "moves", "throughput", "guests",   "served",
                                          "latency", "hits",  "busy",       "crossbar", "messages",
                                          "sharing", "watch", "host"};

static json_t *results_with(const char *name)
{
    char text[4 * sizeof sample];
    size_t n = 0;
    for (const char *c = sample; *c; c++) {
        if (*c == 'N' && (c[-1] == ':'))
            n += (size_t)snprintf(text + n, sizeof text - n, "\"@\"");
        else
            text[n++] = *c == '\'' ? '"' : *c;
    }
    text[n] = '\0';
    json_t *json = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    char *compact = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    // The name may hold anything, so it is put in as a value and not as text.
    json = json_loads(compact, 0, NULL);
    free(compact);
    json_t *stack[512], *value;
    unsigned depth = 0;
    const char *key;
    size_t i;
    stack[depth++] = json;
    while (depth) {
        json_t *at = stack[--depth];
        json_object_foreach(at, key, value)
        {
            if (json_is_string(value) && strcmp(json_string_value(value), "@") == 0)
                json_string_set(value, name);
            stack[depth++] = value;
        }
        json_array_foreach(at, i, value) stack[depth++] = value;
        NP_ASSERT(depth < NP_ARRAY_LEN(stack) - 32);
    }
    return json;
}

static char *page_from(const json_t *results, enum language language, const char *resolved)
{
    char *text = NULL;
    size_t size;
    struct err err;
    FILE *out = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(report_page_write(out, language, results, resolved, &err), ERR_OK);
    fclose(out);
    return text;
}

static char *page_of(const json_t *results, enum language language)
{
    return page_from(results, language, NULL);
}

static bool has_section(const char *page, const char *id)
{
    char open[64];
    snprintf(open, sizeof open, "<section id=\"%s\">", id);
    return strstr(page, open) != NULL;
}

static void expect_sound(const char *page)
{
    char reason[HTML_REASON_SIZE];
    bool sound = html_check(page, reason);
    CU_ASSERT_TRUE(sound);
    if (!sound)
        printf("\n  %s\n", reason);
}

static void test_whole(void)
{
    json_t *results = results_with("SMP1");
    for (unsigned language = 0; language < LANGUAGE_COUNT; language++) {
        char *page = page_of(results, (enum language)language);
        expect_sound(page);
        for (size_t i = 0; i < NP_ARRAY_LEN(section_ids); i++)
            CU_ASSERT_TRUE(has_section(page, section_ids[i]));
        CU_ASSERT_TRUE(html_charts(page) == 12);
        CU_ASSERT_PTR_NOT_NULL(strstr(page, language == LANG_EN ? "1.5 ns" : "1,5 ns")); // a claim's time
        CU_ASSERT_PTR_NOT_NULL(strstr(page, "\"spans\":[[1.1,1.9,\"SMP1\"],[1.1,1.2,\""));
        CU_ASSERT_PTR_NOT_NULL(strstr(page, language == LANG_EN ? "-25.0" : "-25,0")); // of throughput, in %
        CU_ASSERT_PTR_NOT_NULL(strstr(page, language == LANG_EN ? "4.40" : "4,40"));   // GB/s of a drain
        CU_ASSERT_EQUAL(html_occurrences(page, "class=\"warning\""),
                        8); // noscript, and all that is wrong here
        free(page);
    }
    json_decref(results);
}

// Consoles lie beside resolved.yaml; what guests wrote is text, and leads nowhere.
static void test_guests(void)
{
    static const char text[] = "</pre><script>a\n\0\n";
    char folder[] = "/tmp/np-report-XXXXXX", path[64], resolved[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/console-SMP1.txt", folder);
    snprintf(resolved, sizeof resolved, "%s/resolved.yaml", folder);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, sizeof text - 1, file);
    fclose(file);
    json_t *results = results_with("SMP1"), *elsewhere = results_with("../SMP1");
    json_t *partition = json_array_get(json_object_get(results, "partitions"), 0);
    json_t *guest = json_object_get(partition, "guest");
    json_object_set_new(guest, "times",
                        json_pack("[{s:s, s:[{s:i, s:f, s:f}, {s:i, s:f, s:f}]}]", "name", "<fft>", "on",
                                  "cpus", 1, "us", 8.0, "speedup", 1.0, "cpus", 4, "us", 2.5, "speedup",
                                  3.2));
    char *page = page_from(results, LANG_EN, resolved), *none = page_from(elsewhere, LANG_EN, resolved);
    expect_sound(page);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "<pre>&lt;/pre&gt;&lt;script&gt;a\n"));
    CU_ASSERT_EQUAL(html_charts(page), 13); // and the speed-up
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ">3.20<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ">&lt;fft&gt;<"));
    CU_ASSERT_PTR_NULL(strstr(none, "<pre>"));
    CU_ASSERT_PTR_NULL(strstr(page, "did not end clean"));
    json_object_set_new(guest, "end", json_string("failed"));
    free(page);
    page = page_from(results, LANG_EN, resolved);
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "The guest of SMP1 did not end clean: FAILED."));
    free(page);
    free(none);
    json_decref(results);
    json_decref(elsewhere);
    unlink(path);
    rmdir(folder);
}

// The gate's message was sent before anything that is shown: its arrow comes from above.
static void test_story(void)
{
    json_t *results = results_with("SB0");
    char *page = page_of(results, LANG_EN);
    CU_ASSERT_EQUAL(html_occurrences(page, "<g class=\"req\"><path class=\"a\" d=\"M"),
                    2);                           // legend's is M0 too
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ">I →")); // "I -> IS_D"
    CU_ASSERT_PTR_NOT_NULL(strstr(page, ">3i: SB0<"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "The first 5 of 8 events are shown"));
    free(page);
    json_decref(results);
}

static void test_hostile(void)
{
    json_t *good = results_with("name"),
           *bad = results_with("</title></style></script><script>alert(\"1\")</script>"
                               "<img src=x onerror='a'>\\\" --> ]]>");
    char *plain = page_of(good, LANG_DE), *page = page_of(bad, LANG_DE);
    static const char *const same[] = {"<script", "</script", "<img",     "</style",
                                       "</title", "<td",      "alert(\"", "-->"};
    for (size_t i = 0; i < NP_ARRAY_LEN(same); i++)
        CU_ASSERT_EQUAL(html_occurrences(page, same[i]), html_occurrences(plain, same[i]));
    CU_ASSERT_TRUE(html_occurrences(page, "&lt;img src=x onerror=&#39;a&#39;&gt;") > 20);
    free(plain);
    free(page);
    json_decref(good);
    json_decref(bad);
}

// Equal results, equal bytes; other host times change nothing before their section.
static void test_deterministic(void)
{
    json_t *a = results_with("x"), *b = results_with("x");
    char *one = page_of(a, LANG_EN), *two = page_of(b, LANG_EN);
    CU_ASSERT_STRING_EQUAL(one, two);
    free(two);
    json_object_set_new(json_object_get(b, "host"), "seconds", json_real(99));
    two = page_of(b, LANG_EN);
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
    size_t same = (size_t)(strstr(one, "<section id=\"host\">") - one);
    CU_ASSERT_EQUAL(strncmp(one, two, same), 0);
    free(one);
    free(two);
    json_decref(a);
    json_decref(b);
}

static void test_refused(void)
{
    static const char *const texts[] = {"{}", "[]", "{\"format\":\"numaplex-results\"}",
                                        "{\"format\":\"numaplex-results\",\"version\":2}",
                                        "{\"format\":\"other\",\"version\":1}"};
    FILE *out = tmpfile();
    struct err err;
    for (size_t i = 0; i < NP_ARRAY_LEN(texts); i++) {
        json_t *json = json_loads(texts[i], 0, NULL);
        CU_ASSERT_EQUAL(report_page_write(out, LANG_EN, json, NULL, &err), ERR_BAD_VALUE);
        json_decref(json);
    }
    CU_ASSERT_EQUAL(ftell(out), 0);
    fclose(out);
}

// The least that is called results has no sections, and is a sound page.
static void test_least(void)
{
    json_t *json = json_loads("{\"format\":\"numaplex-results\",\"version\":1}", 0, NULL);
    char *page = page_of(json, LANG_EN);
    expect_sound(page);
    CU_ASSERT_EQUAL(html_occurrences(page, "<section"), 0);
    free(page);
    json_decref(json);
}

static void expect_sound_without(json_t *results)
{
    char *page = page_of(results, LANG_EN), reason[HTML_REASON_SIZE];
    CU_ASSERT_PTR_NULL(strstr(page, "18,446,744,0")); // a negative number read as a count
    if (!html_check(page, reason)) {
        CU_FAIL("unsound");
        printf("\n  %s\n", reason);
    }
    free(page);
}

// Takes each member below `at` away, and puts nonsense in its place.
static unsigned disturb(json_t *results, json_t *at)
{
    static const char *const nonsense[] = {"null", "-5", "9e300",         "\"\"",
                                           "[]",   "{}", "[[1],2,\"x\"]", "9223372036854775807"};
    unsigned n = 0;
    const char *key;
    json_t *value;
    size_t i;
    void *next;
    json_array_foreach(at, i, value) n += disturb(results, value);
    json_object_foreach_safe(at, next, key, value)
    {
        json_t *kept = json_incref(value);
        n += disturb(results, value) + 1;
        if (at == results && (strcmp(key, "format") == 0 || strcmp(key, "version") == 0)) {
            json_decref(kept);
            continue;
        }
        json_object_set_new(at, key, json_loads(nonsense[n % NP_ARRAY_LEN(nonsense)], JSON_DECODE_ANY, NULL));
        expect_sound_without(results);
        json_object_set_new(at, key, kept);
    }
    return n;
}

static void test_nonsense(void)
{
    json_t *results = results_with("SMP1");
    CU_ASSERT_TRUE(disturb(results, results) > 100);
    json_decref(results);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("report sections", NULL, NULL);
    CU_add_test(suite, "every section, both languages", test_whole);
    CU_add_test(suite, "guests", test_guests);
    CU_add_test(suite, "message chart", test_story);
    CU_add_test(suite, "hostile names stay text", test_hostile);
    CU_add_test(suite, "equal results, equal bytes", test_deterministic);
    CU_add_test(suite, "what are no results", test_refused);
    CU_add_test(suite, "results with nothing in them", test_least);
    CU_add_test(suite, "results with nonsense in them", test_nonsense);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
