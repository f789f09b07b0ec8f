/*
 * The policy's files -> text.  The only file of policy/ that opens anything.  Runs as root
 * in the supervisor on files that grant rights: they are read once, as a whole, and only
 * if nobody but root could have written them.
 */
#include "policy/parse.h"

#include "lib/own.h"
#include "lib/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* More drop-ins than this are not somebody's policy. */
#define DROP_INS_MAX 256

/* What policy_load() and policy_parse() have in common. */
struct load {
	struct policy_text *text;
	struct fault_list faults;
	bool trusted;
	const char *draft;         /* the name of a drop-in that is yet to be written; NULL: none */
	const char *draft_content;
};

static int
load_begin(struct load *load, struct policy_faults *faults, struct error *err)
{
	*load = (struct load){ .faults = FAULT_LIST_INIT };
	if (faults != NULL)
		*faults = (struct policy_faults)POLICY_FAULTS_INIT;
	load->text = calloc(1, sizeof(*load->text));
	return load->text == NULL ? error_set(err, errno, "read the policy") : 0;
}

static struct policy_text *
load_end(struct load *load, struct policy_faults *faults, struct error *err)
{
	/* Even where something did not parse: all faults at once. */
	check_text(load->text, &load->faults);
	if (load->faults.total == 0)
		return load->text;
	fault_report(&load->faults, faults, err);
	policy_text_free(load->text);
	return NULL;
}

struct policy_text *
policy_parse(const char *name, const char *text, size_t length, struct policy_faults *faults,
    struct error *err)
{
	struct load load;

	if (load_begin(&load, faults, err) < 0)
		return NULL;
	parse_file(load.text, name, text, length, &load.faults);
	return load_end(&load, faults, err);
}

/* At most limit bytes and one more: the caller sees that there would have been more. */
static char *
read_all(int fd, size_t limit, size_t *length)
{
	autofree char *content = malloc(limit + 1);
	ssize_t got = 1;

	for (*length = 0; content != NULL && *length <= limit; *length += (size_t)got) {
		got = read(fd, content + *length, limit + 1 - *length);
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return NULL;
		else if (got == 0)
			break;
	}
	return take_ptr(&content);
}

/* Anybody's file, for "ctrctl check COPY": a fifo must not block, a device not be read. */
static char *
read_untrusted(const char *path, size_t *length, struct error *err)
{
	struct stat st;
	char *content = NULL;
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		(void)error_set(err, errno, "open %s", path);
	else if (!S_ISREG(st.st_mode))
		(void)error_set(err, 0, "%s is not a regular file", path);
	else if ((content = read_all(fd, POLICY_FILE_MAX, length)) == NULL)
		(void)error_set(err, errno, "read %s", path);
	return content;
}

/* What could not be read at all. */
static void
fault_error(struct load *load, const char *path, const struct error *err)
{
	char rendered[sizeof(err->text) + 64];

	fault_add(&load->faults, (struct origin){ path, 0 }, NULL, "%s",
	    error_render(err, rendered, sizeof(rendered)));
}

static void
load_file(struct load *load, const char *path)
{
	struct error err = ERROR_INIT;
	size_t length = 0;
	autofree char *content = load->trusted ?
	    path_read_trusted(path, POLICY_FILE_MAX, &length, &err) :
	    read_untrusted(path, &length, &err);

	if (content != NULL)
		parse_file(load->text, path, content, length, &load->faults);
	else if (err.errnum == ENOENT)
		fault_add(&load->faults, (struct origin){ path, 0 }, NULL,
		    "no such file; install the sample (\"make install\", or etc/pam_ctr.conf) or "
		    "give the policy's path as config=PATH");
	else
		fault_error(load, path, &err);
}

static bool
is_drop_in(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > strlen(".conf") &&
	    strcmp(name + length - strlen(".conf"), ".conf") == 0;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

struct names {
	char *name[DROP_INS_MAX]; /* owned */
	size_t count;
};

/* The directory's drop-ins, sorted; -1 with errno (E2BIG: too many). */
static int
list_drop_ins(DIR *directory, struct names *names)
{
	const struct dirent *entry;

	while ((entry = path_next_entry(directory)) != NULL) {
		if (!is_drop_in(entry->d_name))
			continue;
		if (names->count == DROP_INS_MAX) {
			errno = E2BIG;
			return -1;
		}
		names->name[names->count] = strdup(entry->d_name);
		if (names->name[names->count] == NULL)
			return -1;
		names->count++;
	}
	if (errno != 0)
		return -1;
	qsort(names->name, names->count, sizeof(names->name[0]), compare_names);
	return 0;
}

static int
open_directory(const char *path, bool trusted, struct error *err)
{
	int fd;

	if (trusted) {
		autofd int name = path_open_trusted(path, err);
		return name < 0 ? -1 : path_reopen(name, O_RDONLY | O_DIRECTORY, err);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

/* The names, all of them or none. */
static int
read_directory(const char *path, bool trusted, struct names *names, struct error *err)
{
	autofd int fd = open_directory(path, trusted, err);
	DIR *directory;
	int rc;

	if (fd < 0)
		return -1;
	directory = fdopendir(fd);
	if (directory == NULL)
		return error_set(err, errno, "read %s", path);
	(void)take_fd(&fd);
	rc = list_drop_ins(directory, names);
	if (rc < 0)
		(void)error_set(err, errno, "read %s", path);
	(void)closedir(directory);
	return rc;
}

/* The draft is read as if it were there; -1 with errno. */
static int
add_draft(const struct load *load, struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], load->draft) == 0)
			return 0;
	if (names->count == DROP_INS_MAX) {
		errno = E2BIG;
		return -1;
	}
	names->name[names->count] = strdup(load->draft);
	if (names->name[names->count] == NULL)
		return -1;
	names->count++;
	qsort(names->name, names->count, sizeof(names->name[0]), compare_names);
	return 0;
}

static void
load_drop_in(struct load *load, const char *directory, const char *name)
{
	char file[PATH_MAX + NAME_MAX + 2];

	(void)snprintf(file, sizeof(file), "%s/%s", directory, name);
	if (load->draft != NULL && strcmp(name, load->draft) == 0)
		parse_file(load->text, file, load->draft_content, strlen(load->draft_content),
		    &load->faults);
	else
		load_file(load, file);
}

/* A missing directory is no fault. */
static void
load_drop_ins(struct load *load, const char *path)
{
	struct error err = ERROR_INIT;
	struct names names = { .count = 0 };
	int rc = read_directory(path, load->trusted, &names, &err);
	size_t i;

	if (rc < 0 && err.errnum == ENOENT)
		rc = 0;
	if (rc == 0 && load->draft != NULL && (rc = add_draft(load, &names)) < 0)
		(void)error_set(&err, errno, "read %s", path);
	if (rc < 0)
		fault_error(load, path, &err);
	for (i = 0; i < names.count; i++) {
		if (rc == 0)
			load_drop_in(load, path, names.name[i]);
		free(names.name[i]);
	}
}

static void
load_files(struct load *load, const char *path)
{
	char directory[PATH_MAX];

	if ((size_t)snprintf(directory, sizeof(directory), "%s.d", path) < sizeof(directory)) {
		load_file(load, path);
		load_drop_ins(load, directory);
	} else {
		fault_add(&load->faults, (struct origin){ "policy", 0 }, NULL,
		    "its path is too long");
	}
}

struct policy_text *
policy_load_with(const char *path, bool trusted, const char *name, const char *content,
    struct policy_faults *faults, struct error *err)
{
	struct load load;

	if (load_begin(&load, faults, err) < 0)
		return NULL;
	load.trusted = trusted;
	load.draft = name;
	load.draft_content = content;
	load_files(&load, path);
	return load_end(&load, faults, err);
}

struct policy_text *
policy_load(const char *path, bool trusted, struct policy_faults *faults, struct error *err)
{
	return policy_load_with(path, trusted, NULL, NULL, faults, err);
}

/*
 * What parsed of the faulty files is kept only to read exempt from it; a line of exempt that
 * is itself at fault is not among it, and exempts nobody.
 */
bool
policy_exempts(const char *path, const struct subject *subject, const struct machine *machine)
{
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	struct load load;
	bool exempt = false;

	if (load_begin(&load, NULL, &err) < 0)
		return false;
	load.trusted = true;
	load_files(&load, path);
	if (policy_resolve(load.text, subject, machine, &policy, &err) == 0)
		exempt = policy.exempt;
	policy_free(&policy);
	fault_report(&load.faults, NULL, NULL);
	policy_text_free(load.text);
	return exempt;
}
