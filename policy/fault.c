/*
 * The collection of faults.  Whatever can't be kept is still counted: a policy with a fault
 * is refused even when there is no memory left to say why.
 */
#include "policy/fault.h"

#include "policy/array.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_LENGTH_MAX 1024

/* Without memory for the text the fault still counts. */
static void
keep(struct fault_list *list, const char *text)
{
	(void)array_add_text(&list->kept.item, &list->kept.count, text, strlen(text));
}

void
fault_add(struct fault_list *list, struct origin origin, const char *what,
    const char *format, ...)
{
	char reason[512];
	char text[FAULT_LENGTH_MAX];
	char line[16] = "";
	va_list args;

	list->total++;
	if (list->total > FAULTS_MAX) {
		if (list->total == FAULTS_MAX + 1)
			keep(list, "more faults than these were found; mend these first");
		return;
	}
	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	if (origin.line > 0)
		(void)snprintf(line, sizeof(line), ":%u", origin.line);
	/* A name as long as the buffer is cut with all that follows: still a fault. */
	(void)snprintf(text, sizeof(text), "%s%s: %s%s%s", origin.file, line,
	    what != NULL ? what : "", what != NULL ? ": " : "", reason);
	keep(list, text);
}

void
fault_report(struct fault_list *list, struct policy_faults *faults, struct error *err)
{
	if (list->kept.count == 0)
		(void)error_set(err, ENOMEM, "list what is wrong with the policy");
	else if (list->total == 1)
		(void)error_set(err, 0, "%s", list->kept.item[0]);
	else
		(void)error_set(err, 0, "%s (and %zu more)", list->kept.item[0], list->total - 1);
	if (faults != NULL)
		*faults = list->kept;
	else
		policy_faults_free(&list->kept);
}

void
policy_faults_free(struct policy_faults *faults)
{
	int saved = errno;
	size_t i;

	if (faults == NULL)
		return;
	for (i = 0; i < faults->count; i++)
		free(faults->item[i]);
	free(faults->item);
	*faults = (struct policy_faults)POLICY_FAULTS_INIT;
	errno = saved;
}
