/*
 * What a supervisor has changed, as it reports it (container/live.h), in words and as JSON.
 */
#ifndef CTL_CHANGES_H
#define CTL_CHANGES_H

#include "ctl/json.h"
#include "ctl/order.h"

/* Lines of "USER: ..."; nothing: "USER: " and what is said instead. */
void changes_print(const struct order *order, const char *report, bool dry_run,
    const char *nothing);

/* An object of user, uid, and the lists changes, set and notes; kept, where it is not NULL. */
void changes_json(const struct order *order, const char *report, bool dry_run, const char *kept,
    struct json *json);

#endif
