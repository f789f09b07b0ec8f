/*
 * The one place where ctrctl writes to the policy.  As root, in a directory of root's.
 */
#include "ctl/drop_in.h"

#include "ctl/command.h"
#include "ctl/lock.h"
#include "ctl/login.h"
#include "lib/machine.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/live.h"
#include "policy/policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* No drop-in's name begins with a dot: what a kill leaves is read by nobody, and written over. */
static const char new_name[] = ".ctrctl-set.new";

#define CONTENT_MAX (1 << 20) /* as much as a policy's file may have */

/* A name that needs no thought in a file's name and in a section's. */
static bool
is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return name[0] && name[strspn(name, plain)] == '\0';
}

static int
open_directory(struct drop_in *drop_in, struct error *err)
{
	char path[PATH_MAX];

	if (text_format(path, sizeof(path), "%s.d", drop_in->policy) < 0 ||
	    text_format(drop_in->path, sizeof(drop_in->path), "%s/%s", path, drop_in->name) < 0)
		return error_set(err, errno, "name the drop-in");
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set(err, errno, "make %s", path);
	autofd int name = path_open_trusted(path, err);
	if (name < 0)
		return -1;
	drop_in->directory = path_reopen(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, err);
	if (drop_in->directory < 0)
		return -1;
	return lock_in_time(drop_in->directory, path, err);
}

/* The key of "key = value" with what surrounds it; length 0: the line is something else. */
static const char *
line_key(const char *line, size_t *length)
{
	line += strspn(line, " \t");
	*length = strcspn(line, " \t=");
	if (line[0] == '#' || line[0] == ';' || line[0] == '[' || !strchr(line, '='))
		*length = 0;
	return line;
}

static bool
is_set(const char *line, const char *const *setting, size_t count)
{
	size_t length;
	const char *key = line_key(line, &length);

	for (size_t i = 0; i < count && length > 0; i++)
		if (!strncmp(setting[i], key, length) && setting[i][length] == '=')
			return true;
	return false;
}

/* What is there, without the keys that are set; -1: an admin made something else of it. */
static int
copy_lines(FILE *out, char *old, const char *header, const char *path, const char *const *setting,
    size_t count, struct error *err)
{
	const char *line;
	size_t sections = 0;

	while ((line = text_next_line(&old))) {
		if (line[strspn(line, " \t")] == '[' && (strcmp(line, header) != 0 || sections++ > 0))
			return error_set(err, 0, "%s has sections of other things: set it there, or move these "
			    "to another file", path);
		if (!is_set(line, setting, count))
			(void)fprintf(out, "%s\n", line);
	}
	if (sections == 0)
		return error_set(err, 0, "%s has no %s: remove it, or put that in", path, header);
	return 0;
}

static int
write_content(FILE *out, struct drop_in *drop_in, const char *user, const char *const *setting,
    size_t count, struct error *err)
{
	char header[320];
	size_t length;
	struct error missing = ERROR_INIT;
	autofree char *old = path_read_trusted(drop_in->path, CONTENT_MAX, &length, &missing);

	if (!old && missing.errnum != ENOENT) {
		*err = missing;
		return -1;
	}
	(void)text_format(header, sizeof(header), "[user %s]", user);
	if (!old)
		(void)fprintf(out, "# Written by \"ctrctl set %s ... --keep\"; may be edited.\n%s\n", user,
		    header);
	else if (copy_lines(out, old, header, drop_in->path, setting, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *equals = strchr(setting[i], '=');
		(void)fprintf(out, "%.*s = %s\n", (int)(equals - setting[i]), setting[i], equals + 1);
	}
	return 0;
}

static int
make_content(struct drop_in *drop_in, const char *user, const char *const *setting, size_t count,
    struct error *err)
{
	size_t size;
	FILE *out = open_memstream(&drop_in->content, &size);

	if (!out)
		return error_set(err, errno, "write a drop-in");
	int rc = write_content(out, drop_in, user, setting, count, err);
	return fclose(out) != 0 && rc == 0 ? error_set(err, errno, "write a drop-in") : rc;
}

/* [service], or a file that is read later, may have the last word. */
static int
check_winners(const struct drop_in *drop_in, const struct policy *policy, const char *service,
    const char *const *setting, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char key[64];
		(void)text_format(key, sizeof(key), "%.*s", (int)strcspn(setting[i], "="), setting[i]);
		const struct origin *origin = live_origin(policy, key);
		if (!origin || strcmp(origin->file, drop_in->path) != 0)
			return complain(CTL_NO, "set: --keep: %s:%u sets %s for logins through %s and would win: "
			    "change it there", origin ? origin->file : "?", origin ? origin->line : 0, key, service);
	}
	return CTL_OK;
}

static int
check_content(const struct drop_in *drop_in, const struct subject *subject,
    const char *const *setting, size_t count)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	struct machine machine;
	struct policy policy = POLICY_INIT;
	int code;
	struct policy_text *text = policy_load_with(drop_in->policy, true, drop_in->name,
	    drop_in->content, &faults, &err);

	if (!text) {
		login_print_faults(&faults, &err);
		policy_faults_free(&faults);
		return complain(CTL_NO, "set: --keep: with this in %s the policy would be at fault: nothing "
		    "was changed", drop_in->path);
	}
	if (machine_read(&machine, &err) < 0)
		code = complain_error("set", &err);
	else if (policy_resolve(text, subject, &machine, &policy, &err) < 0)
		code = complain(CTL_NO, "set: --keep: %s", err.text);
	else if (policy.exempt)
		code = complain(CTL_NO, "set: %s is exempt and has no container", subject->user);
	else
		code = check_winners(drop_in, &policy, subject->service, setting, count);
	policy_free(&policy);
	policy_text_free(text);
	return code;
}

static int
write_all(int fd, const char *text, struct error *err)
{
	for (size_t left = strlen(text); left > 0;) {
		ssize_t n = write(fd, text, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "write a drop-in");
		text += n;
		left -= (size_t)n;
	}
	return fsync(fd) < 0 ? error_set(err, errno, "write a drop-in to the disk") : 0;
}

/* All but the rename: what can't be written is told before anything is changed. */
static int
write_new(struct drop_in *drop_in, struct error *err)
{
	autofd int fd = openat(drop_in->directory, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0644);

	if (fd < 0)
		return error_set(err, errno, "make %s.d/%s", drop_in->policy, new_name);
	drop_in->is_written = true;
	if (fchmod(fd, 0644) < 0)
		return error_set(err, errno, "make %s.d/%s", drop_in->policy, new_name);
	return write_all(fd, drop_in->content, err);
}

int
drop_in_prepare(struct drop_in *drop_in, const char *policy, const struct subject *subject,
    const char *const *setting, size_t count)
{
	struct error err = ERROR_INIT;

	if (!is_plain(subject->user))
		return complain(CTL_NO, "set: --keep: no section can have the name \"%s\"", subject->user);
	if (text_format(drop_in->policy, sizeof(drop_in->policy), "%s", policy) < 0 ||
	    text_format(drop_in->name, sizeof(drop_in->name), "set-%s.conf", subject->user) < 0)
		return complain(CTL_FAILED, "set: --keep: the path is too long");
	if (open_directory(drop_in, &err) < 0)
		return complain_error("set: --keep", &err);
	if (make_content(drop_in, subject->user, setting, count, &err) < 0)
		return err.errnum ? complain_error("set: --keep", &err) :
		    complain(CTL_NO, "set: --keep: %s", err.text);
	int code = check_content(drop_in, subject, setting, count);
	if (code == CTL_OK && write_new(drop_in, &err) < 0)
		code = complain_error("set: --keep", &err);
	return code;
}

int
drop_in_install(struct drop_in *drop_in, struct error *err)
{
	if (renameat(drop_in->directory, new_name, drop_in->directory, drop_in->name) < 0)
		return error_set(err, errno, "rename %s to %s", new_name, drop_in->path);
	drop_in->is_written = false;
	return fsync(drop_in->directory) < 0 ?
	    error_set(err, errno, "write %s to the disk", drop_in->path) : 0;
}

void
drop_in_free(struct drop_in *drop_in)
{
	if (drop_in->is_written)
		(void)unlinkat(drop_in->directory, new_name, 0);
	own_close(&drop_in->directory);
	own_free(&drop_in->content);
}
