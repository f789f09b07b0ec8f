/*
 * The parts of ctrctl doctor: each looks at one side of the host and adds what it finds.  None
 * changes anything; what only root can see is left out without, and said so.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "ctl/finding.h"

void doctor_kernel(struct findings *findings);  /* what it has, and which profiles thus work */
void doctor_install(struct findings *findings); /* files, policy, containers */
void doctor_pam(struct findings *findings);     /* stacks, and services that escape */
void doctor_around(struct findings *findings);  /* ways out that no PAM stack closes */

#endif
