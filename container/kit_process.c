/*
 * Copies what the plan says; decides nothing.
 */
#include "container/kit_process.h"

static void
take_limit(const struct step *step, struct wire_process *process)
{
	unsigned resource = (unsigned)step->number;

	if (resource >= WIRE_RLIMITS)
		return;
	process->rlimits |= 1U << resource;
	process->rlimit[resource][0] = step->limit[0];
	process->rlimit[resource][1] = step->limit[1];
}

static void
take_number(const struct step *step, struct wire_process *process)
{
	if (step->kind == STEP_UMASK) {
		process->flags |= WIRE_PROCESS_UMASK;
		process->umask = step->mode;
	} else if (step->kind == STEP_NICE) {
		process->flags |= WIRE_PROCESS_NICE;
		process->nice = step->number;
	} else if (step->kind == STEP_SCHEDULER) {
		process->flags |= WIRE_PROCESS_SCHEDULER;
		process->scheduler = (uint32_t)step->number;
	} else if (step->kind == STEP_TIMER_SLACK) {
		process->flags |= WIRE_PROCESS_TIMER_SLACK;
		process->timer_slack = step->limit[0];
	}
}

void
kit_take_process(const struct step *step, struct wire_kit *kit)
{
	struct wire_process *process = &kit->process;

	if (step->kind == STEP_RLIMIT)
		take_limit(step, process);
	else if (step->kind == STEP_BOUNDING)
		kit->bounding &= step->capabilities;
	else if (step->kind == STEP_SECUREBITS)
		process->securebits |= (uint32_t)step->number;
	else if (step->kind == STEP_INHERITABLE)
		process->inheritable |= step->capabilities;
	else if (step->kind == STEP_NO_NEW_PRIVS)
		process->flags |= WIRE_PROCESS_NO_NEW_PRIVS;
	else if (step->kind == STEP_AMBIENT) {
		process->ambient |= step->capabilities;
		process->uid = (uint32_t)step->uid;
	} else if (step->kind == STEP_KEYRING) {
		process->flags |= WIRE_PROCESS_KEYRING;
		process->uid = (uint32_t)step->uid;
	} else {
		take_number(step, process);
	}
}
