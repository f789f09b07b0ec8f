/*
 * Reads the log of the world, and compares what state.c printed.
 */
#include "tests/faults/evidence.h"

#include "lib/text.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LOG_MS 1000
#define LOOK_MS 5
#define LINE_LENGTH 4096

off_t
evidence_log_size(void)
{
	const char *path = getenv("WORLD_LOG");
	struct stat st;

	return path && stat(path, &st) == 0 ? st.st_size : 0;
}

bool
evidence_is_refusal(const struct worker *worker, const char *line)
{
	char module[64], libpam[64];

	(void)text_format(module, sizeof(module), " %s: pam_ctr(", worker->ident);
	/* libpam itself refuses what it has no memory for or can't tell the audit system, and says so. */
	(void)text_format(libpam, sizeof(libpam), " %s: PAM ", worker->ident);
	return (strstr(line, module) && strstr(line, "login refused: ")) || strstr(line, libpam);
}

/* Of a container that was built without something. */
bool
evidence_is_notice(const struct worker *worker, const char *line)
{
	char uid[32];

	(void)text_format(uid, sizeof(uid), " uid=%u ", (unsigned)worker->uid);
	return strstr(line, uid) && (strstr(line, "container notice: ") || strstr(line, "supervisor failed: ") ||
	    strstr(line, "device notice: ") || strstr(line, "device failed: "));
}

static bool
log_has(const struct worker *worker, evidence_line *is_it, off_t from)
{
	char line[LINE_LENGTH];
	const char *path = getenv("WORLD_LOG");
	FILE *in = path ? fopen(path, "re") : NULL;
	bool found = false;

	if (in && fseeko(in, from, SEEK_SET) == 0)
		while (!found && fgets(line, sizeof(line), in))
			found = is_it(worker, line);
	if (in)
		(void)fclose(in);
	return found;
}

/* The log is written by somebody else: a moment later. */
bool
evidence_log_tells(const struct worker *worker, evidence_line *is_it, off_t from)
{
	for (int waited = 0; !log_has(worker, is_it, from); waited += LOOK_MS) {
		if (waited > LOG_MS)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

/*
 * What may be missing if the log says so: a mount of the host's own, read-only as all of its tree, and
 * a device.
 */
static bool
may_miss(const char *line)
{
	char own[LINE_LENGTH];

	(void)snprintf(own, sizeof(own), "%.*s", (int)strcspn(line, "\n"), line);
	if (!strncmp(own, "cgroup devices ", 15))
		return strstr(own, " devices.list c ") != NULL;
	/* Over it, what root inside changes: of each mount of the host's one, but for the root and the home. */
	if (!strncmp(own, "mount / /", 9) && strstr(own, " - overlay pam_ctr "))
		return strncmp(own, "mount / / ", 10) != 0 && strncmp(own, "mount / /home/", 14) != 0;
	return !strncmp(own, "mount ", 6) && (strstr(own, ",idmapped ") || strstr(own, "/.ssh ") || strstr(own, " /run/utmp ") ||
	    strstr(own, " /var/log/wtmp "));
}

/* Where the host's core_pattern can't be read, cores are forbidden: more than the policy asked for. */
static bool
is_stricter(const char *before, const char *after)
{
	static const char name[] = "limits Max core file size";
	unsigned soft, hard;

	return !strncmp(before, name, strlen(name)) && !strncmp(after, name, strlen(name)) &&
	    sscanf(after + strlen(name), "%u %u", &soft, &hard) == 2 && soft == 1 && hard == 1;
}

/* Line by line: nothing of what keeps it in is missing, nothing is more.  wrong: the first that is not so. */
bool
evidence_is_contained(const char *before, const char *after, size_t *missing, char *wrong, size_t size)
{
	*missing = 0;
	while (*before || *after) {
		size_t length = strcspn(before, "\n") + (*before != '\0');
		size_t length_after = strcspn(after, "\n") + (*after != '\0');
		bool is_same = length == length_after && !strncmp(before, after, length);
		if (!is_same && !is_stricter(before, after)) {
			if (!may_miss(before)) {
				(void)snprintf(wrong, size, "\"%.*s\" is \"%.*s\"", (int)strcspn(before, "\n"),
				    before, (int)strcspn(after, "\n"), after);
				return false;
			}
			++*missing;
			length_after = 0;
		}
		before += length;
		after += length_after;
	}
	return true;
}
