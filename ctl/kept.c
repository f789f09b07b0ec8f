/*
 * As root, on the host.
 */
#include "ctl/kept.h"

#include "ctl/command.h"
#include "ctl/view.h"
#include "lib/client.h"
#include "lib/own.h"

#include <stdio.h>

static const struct {
	char letter;
	const char *name;
} changes[] = {
	[UPPER_ADDED] = { 'A', "added" },
	[UPPER_CHANGED] = { 'M', "changed" },
	[UPPER_DELETED] = { 'D', "deleted" },
};

char
kept_letter(enum upper_change change)
{
	return changes[change].letter;
}

const char *
kept_word(enum upper_change change)
{
	return changes[change].name;
}

void
kept_print_path(const char *path)
{
	for (; *path; path++) {
		unsigned char byte = (unsigned char)*path;
		if (byte < ' ' || byte > '~' || byte == '\\')
			(void)printf("\\x%02x", byte);
		else
			(void)putchar(byte);
	}
}

int
kept_lock(const char *command, const char *user, uid_t uid, int *lock)
{
	struct error err = ERROR_INIT;
	struct view view = VIEW_INIT;

	*lock = client_lock(uid, &err);
	if (*lock < 0)
		return err.errnum == EBUSY ? complain(CTL_NO, "%s: %s has a container: ctrctl kill %s "
		    "ends it", command, user, user) : complain_error(command, &err);
	int state = view_read(uid, &view, &err);
	bool is_free = state == 1 || (state == 0 && view.state == VIEW_NO_RECORD);
	view_free(&view);
	if (is_free)
		return CTL_OK;
	client_unlock(uid, lock);
	return state < 0 ? complain_error(command, &err) : complain(CTL_NO, "%s: %s has a container "
	    "without a supervisor: ctrctl gc mends that", command, user);
}
