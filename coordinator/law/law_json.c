// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "coordinator/law/answer.h"
#include "proto/base/assert.h"

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void put(json_t *object, const char *key, json_t *value)
{
    NP_ASSERT(value && json_object_set_new(object, key, value) == 0);
}

static enum err_code print(json_t *json, FILE *out, struct err *err)
{
    char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (!text)
        return err_set(err, ERR_MEMORY, "out of memory for JSON");
    fprintf(out, "%s\n", text);
    free(text);
    return ERR_OK;
}

static json_t *one_curve(const struct law_command *c, enum curve curve, uint32_t loss)
{
    json_t *object = json_object(), *speedup = json_array();
    double n = law_loss(c, loss), rule = law_rule_of(c, curve);
    put(object, "curve", json_string(curve_name(curve)));
    put(object, "formula", json_string(curve_formula(curve)));
    put(object, "loss", json_real(c->losses[loss]));
    put(object, "loss_each", json_real(n));
    put(object, "rule", json_real(rule));
    put(object, "useful_cpus", json_integer(law_useful(curve, n, rule, LAW_CPUS_MAX)));
    put(object, "peak_cpus", real(law_peak(curve, n)));
    put(object, "limit", real(law_limit(curve, n)));
    for (uint32_t cpus = 1; cpus <= c->max_cpus; cpus++)
        json_array_append_new(speedup, json_real(law_speedup(curve, n, cpus)));
    put(object, "speedup", speedup); // of 1, 2, 3 ... CPUs
    return object;
}

enum err_code law_json(const struct law_command *command, FILE *out, struct err *err)
{
    json_t *json = json_object(), *curves = json_array();
    put(json, "format", json_string("numaplex-law"));
    put(json, "version", json_integer(1));
    put(json, "definition", json_string(command->total ? "total" : "each"));
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        for (uint32_t l = 0; command->curves[i] && l < command->n_losses; l++)
            json_array_append_new(curves, one_curve(command, (enum curve)i, l));
    put(json, "curves", curves);
    return print(json, out, err);
}

static void put_parameter(json_t *object, const char *key, const struct fit *fit, unsigned i)
{
    json_t *parameter = json_object();
    put(parameter, "value", real(fit->value[i]));
    put(parameter, "low", real(fit->value[i] - fit->half[i]));
    put(parameter, "high", real(fit->value[i] + fit->half[i]));
    put(object, key, parameter);
}

static json_t *one_fit(const struct fit *fit)
{
    json_t *object = json_object();
    put(object, "curve", json_string(curve_name(fit->curve)));
    put(object, "found", json_boolean(fit->found));
    if (!fit->found)
        return object;
    put_parameter(object, "one_cpu", fit, FIT_SCALE);
    put_parameter(object, fit->curve == CURVE_USL ? "sigma" : "loss", fit, FIT_FIRST);
    if (fit->curve == CURVE_USL) {
        put_parameter(object, "kappa", fit, FIT_KAPPA);
        put(object, "peak_cpus", real(fit_peak(fit)));
    }
    put(object, "deviation", real(fit->deviation));
    put(object, "relative_deviation", real(fit->relative));
    return object;
}

enum err_code fits_json(const struct law_command *command, const struct fit *fits, enum curve best, size_t n,
                        FILE *out, struct err *err)
{
    json_t *json = json_object(), *list = json_array();
    put(json, "format", json_string("numaplex-law-fit"));
    put(json, "version", json_integer(1));
    put(json, "file", json_string(command->fit));
    put(json, "points", json_integer((json_int_t)n));
    put(json, "confidence", json_real(0.95));
    put(json, "best", json_string(curve_name(best)));
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        json_array_append_new(list, one_fit(&fits[i]));
    put(json, "fits", list);
    return print(json, out, err);
}
