/*
 * A plan's steps that are the caller's to take -> the part of the kit that says so.  Pure.
 */
#ifndef CONTAINER_KIT_PROCESS_H
#define CONTAINER_KIT_PROCESS_H

#include "lib/wire.h"
#include "policy/plan.h"

/* Leaves the kit alone where the step is no such step. */
void kit_take_process(const struct step *step, struct wire_kit *kit);

#endif
