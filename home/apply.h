/*
 * Puts what an upper changes into what lies below it.
 */
#ifndef HOME_APPLY_H
#define HOME_APPLY_H

#include "home/copy.h"

/* The one name that is in the home meanwhile, and that can't be the user's. */
#define APPLY_STAGING ".pam_ctr-commit"

/*
 * Names, one by one: copied, removed, directories made, emptied where they were made anew, and
 * given what the upper's are.  The upper is left as it is, and hides all of it: what the two show
 * together is the same at any moment, and a second call after a kill begins anew and ends the
 * same.  Renamed directories must have been flattened.  only: this name of the two directories
 * alone; NULL: all, and the directories themselves.
 * With the rights of copy->user; copy is COPY_TO_HOME.
 */
int apply_upper(struct copy *copy, int upper, int lower, const char *only, struct error *err);

/* Makes the staging directory, empty, in the home's top, opened: copy's scratch.  And removes it. */
int apply_begin(int lower, struct error *err);
int apply_end(int lower, struct error *err);

/*
 * Whether all of it can be put into a home, and how much it is: the totals are added.  There is
 * no place there for devices, nor for a file whose content lies below.  As root.
 */
int apply_check(int upper, const char *only, struct progress *progress, struct error *err);

#endif
