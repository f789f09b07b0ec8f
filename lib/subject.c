/*
 * Who logs in: the container of its strings and groups.  Runs in the module and in the
 * supervisor; looks nothing up (NSS is the caller's, before it joins).
 */
#include "lib/subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
subject_free(struct subject *subject)
{
	int saved = errno;

	if (subject == NULL)
		return;
	free(subject->groups);
	memset(subject, 0, sizeof(*subject));
	subject->uid = (uid_t)-1;
	subject->gid = (gid_t)-1;
	errno = saved;
}

int
subject_in_group(const struct subject *subject, const char *name)
{
	size_t i;

	/* "" is the mark of a nameless gid, not a name that a policy could mean. */
	if (name[0] == '\0')
		return 0;
	for (i = 0; i < subject->groups_count; i++) {
		if (strcmp(subject->groups[i].name, name) == 0)
			return 1;
	}
	return 0;
}
