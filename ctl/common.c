/*
 * What the subcommands share: complaints, arguments, users, records, numbers for people.
 */
#include "ctl/ctl.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>

int
ctl_complain(enum ctl_exit code, const char *format, ...)
{
	va_list list;

	(void)fputs("ctrctl: ", stderr);
	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputc('\n', stderr);
	return code;
}

int
ctl_fail(const struct error *err)
{
	char text[640];
	bool denied = geteuid() != 0 && (err->errnum == EACCES || err->errnum == EPERM);

	return ctl_complain(denied ? CTL_PERMISSION : CTL_FAILED, "%s%s",
	    error_render(err, text, sizeof(text)), denied ? " (this needs root)" : "");
}

static void
remove_arguments(int *argc, char **argv, int at, int count)
{
	memmove(argv + at, argv + at + count, (size_t)(*argc - at - count + 1) * sizeof(*argv));
	*argc -= count;
}

/* Options end where "--" is: what follows belongs to the command that enter runs. */
bool
ctl_flag(int *argc, char **argv, const char *name)
{
	for (int i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], name)) {
			remove_arguments(argc, argv, i, 1);
			return true;
		}
	return false;
}

const char *
ctl_option(int *argc, char **argv, const char *name, const char *otherwise)
{
	size_t length = strlen(name);

	for (int i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		const char *value = NULL;
		if (!strcmp(argv[i], name) && i + 1 < *argc)
			value = argv[i + 1];
		else if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			value = argv[i] + length + 1;
		if (!value)
			continue;
		remove_arguments(argc, argv, i, value == argv[i + 1] ? 2 : 1);
		return value;
	}
	return otherwise;
}

int
ctl_uid(const char *user, uid_t *uid)
{
	const struct passwd *entry = getpwnam(user);
	uint64_t number;

	if (entry) {
		*uid = entry->pw_uid;
		return 0;
	}
	if (text_to_number(user, UINT32_MAX - 1, &number)) {
		*uid = (uid_t)number;
		return 0;
	}
	(void)ctl_complain(CTL_NO, "user %s: no passwd entry, and no number", user);
	return -1;
}

static const struct passwd *
find_user(const char *user)
{
	const struct passwd *entry = getpwnam(user);
	uint64_t number;

	if (!entry && text_to_number(user, UINT32_MAX - 1, &number))
		entry = getpwuid((uid_t)number);
	return entry;
}

static int
add_groups(struct subject *subject)
{
	gid_t gids[SUBJECT_GROUPS_MAX];
	int count = SUBJECT_GROUPS_MAX;

	if (getgrouplist(subject->user, subject->gid, gids, &count) < 0)
		return -1;
	subject->groups = calloc((size_t)count + 1, sizeof(*subject->groups));
	for (int i = 0; subject->groups && i < count; i++) {
		const struct group *entry = getgrgid(gids[i]);
		struct subject_group *group = &subject->groups[subject->groups_count++];
		group->gid = gids[i];
		if (!entry || text_format(group->name, sizeof(group->name), "%s", entry->gr_name) < 0)
			group->name[0] = '\0';
	}
	return subject->groups ? 0 : -1;
}

int
ctl_subject(const char *user, const char *service, struct subject *subject)
{
	const struct passwd *entry = find_user(user);

	if (!entry)
		return ctl_complain(CTL_NO, "user %s: no passwd entry", user), -1;
	subject->uid = entry->pw_uid;
	subject->gid = entry->pw_gid;
	if (text_format(subject->user, sizeof(subject->user), "%s", entry->pw_name) < 0 ||
	    text_format(subject->home, sizeof(subject->home), "%s", entry->pw_dir) < 0 ||
	    text_format(subject->shell, sizeof(subject->shell), "%s", entry->pw_shell) < 0 ||
	    text_format(subject->service, sizeof(subject->service), "%s", service) < 0)
		return ctl_complain(CTL_FAILED, "user %s: a field of the passwd entry is too long", user), -1;
	if (add_groups(subject) < 0)
		return ctl_complain(CTL_FAILED, "user %s: its groups can't be listed", user), -1;
	return 0;
}

static int
print_faults(struct policy_faults *faults, const struct error *err)
{
	char text[640];

	for (size_t i = 0; i < faults->count; i++)
		(void)fprintf(stderr, "%s\n", faults->item[i]);
	if (faults->count == 0)
		(void)fprintf(stderr, "%s\n", error_render(err, text, sizeof(text)));
	policy_faults_free(faults);
	return CTL_NO;
}

int
ctl_resolve(const char *user, const char *service, const char *path, struct resolved *resolved)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;

	*resolved = (struct resolved) { .policy = POLICY_INIT };
	resolved->subject = calloc(1, sizeof(*resolved->subject));
	if (!resolved->subject)
		return ctl_complain(CTL_FAILED, "out of memory");
	*resolved->subject = (struct subject)SUBJECT_INIT;
	if (ctl_subject(user, service, resolved->subject) < 0)
		return CTL_NO;
	if (machine_read(&resolved->machine, &err) < 0)
		return ctl_fail(&err);
	resolved->text = policy_load(path, geteuid() == 0, &faults, &err);
	if (!resolved->text)
		return print_faults(&faults, &err);
	if (policy_resolve(resolved->text, resolved->subject, &resolved->machine, &resolved->policy,
	        &err) < 0)
		return ctl_complain(CTL_NO, "user %s: %s", user, err.text);
	return CTL_OK;
}

void
ctl_resolved_free(struct resolved *resolved)
{
	policy_free(&resolved->policy);
	policy_text_free(resolved->text);
	if (resolved->subject)
		subject_free(resolved->subject);
	free(resolved->subject);
	*resolved = (struct resolved) { .policy = POLICY_INIT };
}

static int
compare_entries(const struct dirent **left, const struct dirent **right)
{
	uint64_t a = 0, b = 0;

	(void)text_to_number((*left)->d_name, UINT32_MAX, &a);
	(void)text_to_number((*right)->d_name, UINT32_MAX, &b);
	return a < b ? -1 : a > b;
}

static int
is_uid(const struct dirent *entry)
{
	uint64_t number;

	return text_to_number(entry->d_name, UINT32_MAX - 1, &number);
}

static int
visit(int all, const char *name, int (*each)(const struct record *, void *), void *context)
{
	struct record record = RECORD_INIT;
	struct error err = ERROR_INIT;
	autofd int directory = openat(all, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	/* A directory that goes while we look is a container that ended. */
	if (directory < 0 || record_read(directory, &record, &err) < 0)
		return err.errnum == ENOENT || directory < 0 ? 0 : ctl_fail(&err);
	int rc = each(&record, context);
	record_free(&record);
	return rc;
}

int
ctl_each_record(int (*each)(const struct record *record, void *context), void *context)
{
	struct dirent **entries = NULL;
	int rc = CTL_OK;
	autofd int all = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (all < 0 && errno == ENOENT)
		return CTL_OK;
	if (all < 0) {
		struct error err = ERROR_INIT;
		(void)error_set(&err, errno, "open %s", PLACE_RUN);
		return ctl_fail(&err);
	}
	int count = scandirat(all, ".", &entries, is_uid, compare_entries);
	for (int i = 0; i < count; i++) {
		int failed = visit(all, entries[i]->d_name, each, context);
		rc = failed ? failed : rc;
		free(entries[i]);
	}
	free(entries);
	return rc;
}

enum liveness
ctl_liveness(const struct record *record)
{
	autofd int init = process_open(&record->init);
	autofd int supervisor = process_open(&record->supervisor);

	if (init < 0)
		return DEAD;
	return supervisor < 0 ? ORPHANED : LIVES;
}

const char *
ctl_liveness_name(enum liveness liveness)
{
	static const char *const name[] = { [LIVES] = "alive", [ORPHANED] = "orphaned", [DEAD] = "dead" };

	return name[liveness];
}

const char *
ctl_bytes(uint64_t bytes, char *buffer, unsigned long size)
{
	static const char unit[] = "BKMGTPE";
	double number = (double)bytes;
	int i = 0;

	if (bytes >= USAGE_UNLIMITED)
		return ctl_count(bytes, buffer, size);
	for (; number >= 1024 && unit[i + 1]; i++)
		number /= 1024;
	(void)snprintf(buffer, size, i && number < 10 ? "%.1f%c" : "%.0f%c", number, unit[i]);
	return buffer;
}

const char *
ctl_count(uint64_t count, char *buffer, unsigned long size)
{
	if (count >= USAGE_UNLIMITED)
		return count == USAGE_UNLIMITED ? "max" : "-";
	(void)snprintf(buffer, size, "%llu", (unsigned long long)count);
	return buffer;
}

void
ctl_json_text(const char *name, const char *text, const char *after)
{
	(void)printf("\"%s\": \"", name);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte < ' ' || byte == '"' || byte == '\\' || byte >= 127)
			(void)printf("\\u%04x", byte);
		else
			(void)putchar(byte);
	}
	(void)printf("\"%s", after);
}

void
ctl_json_number(const char *name, uint64_t number, const char *after)
{
	if (number >= USAGE_UNLIMITED)
		(void)printf("\"%s\": null%s", name, after);
	else
		(void)printf("\"%s\": %llu%s", name, (unsigned long long)number, after);
}
