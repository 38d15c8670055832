// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/rules.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[RULE_KIND_COUNT] = {"known", "known31", "lacks", "raises", "never"};

// "-": none; "*": any; "7.80": data exception with that data-exception code; "6": any other.
static bool parse_end(const char *text, unsigned *end)
{
    unsigned code, dxc = 0;
    *end = *text == '*' ? RULE_ANY : 0;
    if (strcmp(text, "-") == 0 || strcmp(text, "*") == 0)
        return true;
    if (sscanf(text, "%x.%x", &code, &dxc) < 1 || code > 0xff || dxc > 0xff)
        return false;
    *end = code | dxc << 8;
    return true;
}

static bool parse_never(const char *text, struct rule *rule)
{
    if (strncmp(text, "cc", 2) != 0)
        return parse_end(text, &rule->code);
    for (text += 2; *text >= '0' && *text <= '3'; text++)
        rule->cc |= 8u >> (*text - '0');
    return *text == '\0';
}

static bool parse_rule(char *line, struct rule *rule)
{
    char kind[8], code[64], differences[64], ends[2][16];
    char *reason = strstr(line, " : ");
    if (!reason || sscanf(line, "%7s", kind) != 1)
        return false;
    *reason = '\0';
    while (rule->kind < RULE_KIND_COUNT && strcmp(kind, kinds[rule->kind]) != 0)
        rule->kind++;
    const char *rest = line + strlen(kind);
    switch (rule->kind) {
    case RULE_KNOWN:
    case RULE_KNOWN31:
        return sscanf(rest, "%399s %63s %15s %15s", rule->mnemonics, differences, ends[0], ends[1]) == 4 &&
               differences_parse(differences, &rule->differences) && parse_end(ends[0], &rule->qemu) &&
               parse_end(ends[1], &rule->numaplex);
    case RULE_LACKS:
        return sscanf(rest, "%399s", rule->mnemonics) == 1;
    case RULE_RAISES:
        return sscanf(rest, "%63s %399s", code, rule->mnemonics) == 2 && parse_end(code, &rule->code) &&
               rule->code != RULE_ANY;
    case RULE_NEVER:
        return sscanf(rest, "%63s %399s", code, rule->mnemonics) == 2 && parse_never(code, rule);
    default:
        return false;
    }
}

enum err_code rules_read(struct rules *rules, const char *path, struct err *err)
{
    FILE *file = fopen(path, "re");
    char line[600];
    if (!file)
        return err_errno(err, ERR_FILE, "%s", path);
    enum err_code code = ERR_OK;
    rules->n = 0;
    for (unsigned number = 1; !code && fgets(line, sizeof line, file); number++) {
        if (line[0] == '#' || line[strspn(line, " \n")] == '\0')
            continue;
        struct rule rule = {.line = number};
        if (rules->n == RULES_MAX || !parse_rule(line, &rule))
            code = err_set(err, ERR_SYNTAX, "%s:%u: no rule: see the head of the file", path, number);
        else
            rules->rules[rules->n++] = rule;
    }
    fclose(file);
    return code;
}

bool rule_names(const struct rule *rule, const char *mnemonic)
{
    char list[sizeof rule->mnemonics], *rest = list, *name;
    memcpy(list, rule->mnemonics, sizeof list);
    while ((name = strsep(&rest, ",")))
        if (fnmatch(name, mnemonic, 0) == 0)
            return true;
    return false;
}

static bool end_matches(unsigned rule, unsigned end)
{
    return rule == RULE_ANY || rule == end || (rule == 7 && (end & 0xff) == 7);
}

bool rules_excuse(struct rules *rules, const char *mnemonic, bool mode64, unsigned differences, unsigned qemu,
                  unsigned numaplex)
{
    for (unsigned i = 0; i < rules->n; i++) {
        struct rule *rule = &rules->rules[i];
        bool known = rule->kind == RULE_KNOWN || (rule->kind == RULE_KNOWN31 && !mode64);
        if (known && !(differences & ~rule->differences) && end_matches(rule->qemu, qemu) &&
            end_matches(rule->numaplex, numaplex) && rule_names(rule, mnemonic)) {
            rule->used++;
            return true;
        }
    }
    return false;
}

bool rules_lack(const struct rules *rules, const char *mnemonic)
{
    for (unsigned i = 0; i < rules->n; i++)
        if (rules->rules[i].kind == RULE_LACKS && rule_names(&rules->rules[i], mnemonic))
            return true;
    return false;
}
