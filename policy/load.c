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
/* An administrator writes a file or two; who writes without end keeps nobody waiting. */
#define TRIES_MAX 100

/* What policy_load() and policy_parse() have in common. */
struct load {
	struct policy_text *text;
	struct fault_list faults;
	bool trusted;
	const char *draft;         /* the name of a drop-in that is yet to be written; NULL: none */
	const char *draft_content;
	bool changed;              /* while it was read: it is neither what was there before, nor after */
};

static int
load_begin(struct load *load, struct error *err)
{
	load->faults = (struct fault_list)FAULT_LIST_INIT;
	load->text = calloc(1, sizeof(*load->text));
	return load->text == NULL ? error_set(err, errno, "read the policy") : 0;
}

static void
load_discard(struct load *load)
{
	fault_report(&load->faults, NULL, NULL);
	policy_text_free(load->text);
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
	struct load load = { .trusted = false };

	if (faults != NULL)
		*faults = (struct policy_faults)POLICY_FAULTS_INIT;
	if (load_begin(&load, err) < 0)
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

/* What it means if there is no such file. */
enum absence {
	ABSENT_POLICY, /* nobody has installed one */
	ABSENT_TARGET, /* a link that leads nowhere */
	ABSENT_BY_NOW  /* it was listed */
};

static void
load_file(struct load *load, const char *path, enum absence absence)
{
	struct error err = ERROR_INIT;
	size_t length = 0;
	autofree char *content = load->trusted ?
	    path_read_trusted(path, POLICY_FILE_MAX, &length, &err) :
	    read_untrusted(path, &length, &err);

	if (content != NULL)
		parse_file(load->text, path, content, length, &load->faults);
	else if (err.errnum == ENOENT && absence == ABSENT_BY_NOW)
		load->changed = true;
	else if (err.errnum == ENOENT && absence == ABSENT_POLICY)
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

/* A drop-in; who writes it anew makes another inode. */
struct entry {
	char *name; /* owned */
	ino_t inode;
	bool is_link;
};

struct listing {
	struct entry entry[DROP_INS_MAX];
	size_t count;
};

static int
compare_entries(const void *left, const void *right)
{
	return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

static void
listing_free(struct listing *listing)
{
	while (listing->count > 0)
		free(listing->entry[--listing->count].name);
}

/* Takes a copy of the name; -1 with errno (E2BIG: too many). */
static int
listing_add(struct listing *listing, struct entry found)
{
	struct entry *entry = &listing->entry[listing->count];

	if (listing->count == DROP_INS_MAX) {
		errno = E2BIG;
		return -1;
	}
	found.name = strdup(found.name);
	if (found.name == NULL)
		return -1;
	*entry = found;
	listing->count++;
	return 0;
}

static bool
listing_has(const struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strcmp(listing->entry[i].name, name) == 0)
			return true;
	return false;
}

/* What is there of the directory, if there is one, and the draft as if it were there; sorted.  -1 with errno. */
static int
list_drop_ins(const struct load *load, DIR *directory, struct listing *listing)
{
	const struct dirent *entry;

	while (directory != NULL && (entry = path_next_entry(directory)) != NULL)
		if (is_drop_in(entry->d_name) && listing_add(listing, (struct entry){ .name = (char *)(uintptr_t)entry->d_name,
		        .inode = entry->d_ino, .is_link = entry->d_type == DT_LNK }) < 0)
			return -1;
	if (directory != NULL && errno != 0)
		return -1;
	if (load->draft != NULL && !listing_has(listing, load->draft) &&
	    listing_add(listing, (struct entry){ .name = (char *)(uintptr_t)load->draft }) < 0)
		return -1;
	qsort(listing->entry, listing->count, sizeof(listing->entry[0]), compare_entries);
	return 0;
}

static bool
is_same_listing(const struct listing *left, const struct listing *right)
{
	bool same = left->count == right->count;

	for (size_t i = 0; same && i < left->count; i++)
		same = left->entry[i].inode == right->entry[i].inode &&
		    strcmp(left->entry[i].name, right->entry[i].name) == 0;
	return same;
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

/* NULL with err. */
static DIR *
open_drop_ins(const char *path, bool trusted, struct error *err)
{
	autofd int fd = open_directory(path, trusted, err);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (directory != NULL)
		(void)take_fd(&fd);
	else if (fd >= 0)
		(void)error_set(err, errno, "read %s", path);
	return directory;
}

static void
load_drop_in(struct load *load, const char *directory, const struct entry *entry)
{
	char file[PATH_MAX + NAME_MAX + 2];

	(void)snprintf(file, sizeof(file), "%s/%s", directory, entry->name);
	if (load->draft != NULL && strcmp(entry->name, load->draft) == 0)
		parse_file(load->text, file, load->draft_content, strlen(load->draft_content),
		    &load->faults);
	else
		load_file(load, file, entry->is_link ? ABSENT_TARGET : ABSENT_BY_NOW);
}

/*
 * Each file is whole, but of those that are renamed and replaced meanwhile one may be missed, or be
 * gone when its turn comes: so the directory is listed before and after.
 */
static int
load_listed(struct load *load, const char *path, DIR *directory)
{
	struct listing before = { .count = 0 }, after = { .count = 0 };
	int rc = list_drop_ins(load, directory, &before);

	for (size_t i = 0; rc == 0 && i < before.count; i++)
		load_drop_in(load, path, &before.entry[i]);
	if (rc == 0 && directory != NULL) {
		rewinddir(directory);
		rc = list_drop_ins(load, directory, &after);
		load->changed = load->changed || (rc == 0 && !is_same_listing(&before, &after));
	}
	int errnum = errno;
	listing_free(&before);
	listing_free(&after);
	errno = errnum;
	return rc;
}

/* A missing directory is no fault. */
static void
load_drop_ins(struct load *load, const char *path)
{
	struct error err = ERROR_INIT;
	DIR *directory = open_drop_ins(path, load->trusted, &err);

	if (directory == NULL && err.errnum != ENOENT) {
		fault_error(load, path, &err);
		return;
	}
	if (load_listed(load, path, directory) < 0) {
		(void)error_set(&err, errno, "read %s", path);
		fault_error(load, path, &err);
	}
	if (directory != NULL)
		(void)closedir(directory);
}

static void
load_files(struct load *load, const char *path)
{
	char directory[PATH_MAX];

	if ((size_t)snprintf(directory, sizeof(directory), "%s.d", path) < sizeof(directory)) {
		load_file(load, path, ABSENT_POLICY);
		load_drop_ins(load, directory);
	} else {
		fault_add(&load->faults, (struct origin){ "policy", 0 }, NULL,
		    "its path is too long");
	}
}

/* Fills load, of which trusted and the draft are set; -1 with err. */
static int
load_whole(struct load *load, const char *path, struct error *err)
{
	const struct load wanted = *load;

	for (int i = 0; i < TRIES_MAX; i++) {
		*load = wanted;
		if (load_begin(load, err) < 0)
			return -1;
		load_files(load, path);
		if (!load->changed)
			return 0;
		load_discard(load);
	}
	return error_set(err, 0, "%s.d is being changed all the time: try again when that is over", path);
}

struct policy_text *
policy_load_with(const char *path, bool trusted, const char *name, const char *content,
    struct policy_faults *faults, struct error *err)
{
	struct load load = { .trusted = trusted, .draft = name, .draft_content = content };

	if (faults != NULL)
		*faults = (struct policy_faults)POLICY_FAULTS_INIT;
	return load_whole(&load, path, err) < 0 ? NULL : load_end(&load, faults, err);
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
	struct load load = { .trusted = true };
	bool exempt = false;

	if (load_whole(&load, path, &err) < 0)
		return false;
	if (policy_resolve(load.text, subject, machine, &policy, &err) == 0)
		exempt = policy.exempt;
	policy_free(&policy);
	load_discard(&load);
	return exempt;
}
