/*
 * Rules of devices, as far as this machine can keep them.
 */
#ifndef CTL_DEVICES_H
#define CTL_DEVICES_H

#include "policy/policy.h"

/*
 * Complains of rules that ask for what only udevd knows, where none runs, and of there being
 * nothing that would hold a login to them.
 */
void devices_note(const struct policy_text *text);

#endif
