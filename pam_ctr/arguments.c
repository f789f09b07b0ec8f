/*
 * Text of the PAM service file -> struct arguments.  Pure.
 */
#include "pam_ctr/arguments.h"

#include "lib/places.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool
is_policy_path(const char *path)
{
	return path[0] == '/' && strlen(path) < PATH_MAX;
}

int
arguments_parse(struct arguments *arguments, int argc, const char **argv, struct error *err)
{
	char unknown[256] = "";

	*arguments = (struct arguments) { .policy_path = PLACE_POLICY };
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "config=", 7) && is_policy_path(argv[i] + 7)) {
			arguments->policy_path = argv[i] + 7;
		} else if (!strcmp(argv[i], "debug")) {
			arguments->debug = true;
		} else {
			size_t length = strlen(unknown);
			(void)snprintf(unknown + length, sizeof(unknown) - length, "%s\"%s\"",
			    length ? ", " : "", argv[i]);
		}
	}
	if (unknown[0])
		return error_set(err, 0, "unknown module argument %s: config=/ABSOLUTE/PATH and debug "
		    "are all there are", unknown);
	return 0;
}
