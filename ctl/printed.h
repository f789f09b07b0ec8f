/*
 * What policy/ prints for people, as JSON: the same words, taken apart.  Pure; text is cut up on
 * the way.
 */
#ifndef CTL_PRINTED_H
#define CTL_PRINTED_H

#include "ctl/json.h"

/* policy_explain()'s: objects of section, key, value, from. */
void printed_policy_json(char *text, struct json *json);

/* plan_print()'s: objects of phase, kind, step, because. */
void printed_plan_json(char *text, struct json *json);

#endif
