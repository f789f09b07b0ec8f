/*
 * The life of a container's cgroups: made from the plan or adopted, entered by init and by
 * each session's caller, removed bottom-up.  The supervisor's, as root on the host, outside
 * the user's limits.  Supervisors of several users work below the same parents at once.
 */
#include "container/cgroup.h"

#include "container/cgroup_file.h"
#include "container/cgroup_step.h"
#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

/* Each try fails only if another supervisor removed a shared parent in the middle of it. */
#define MAKE_TRIES 64
/* Each try of a leaf fails only if the user made another cgroup in the middle of it. */
#define LEAF_TRIES 16
/* Tries for what may be no directory on its way out, but a file that this kernel lacks. */
#define GONE_TRIES 16

static bool
is_host_step(const struct step *step)
{
	return step->phase == PHASE_HOST && (step->kind == STEP_CGROUP_MAKE ||
	    step->kind == STEP_CGROUP_ENABLE || step->kind == STEP_CGROUP_SET ||
	    step->kind == STEP_CGROUP_DELEGATE || step->kind == STEP_CGROUP_VACATE);
}

/* What a directory is; GONE is the same as nothing, not even as itself. */
#define GONE ((ino_t)-1)

static ino_t
directory_identity(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0 ? stat.st_ino : GONE;
}

/* identity: of each directory right after its step; 0 where a step made none. */
static int
run_steps(const struct plan *plan, ino_t *identity, struct error *err)
{
	memset(identity, 0, plan->count * sizeof(*identity));
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];

		if (!is_host_step(step))
			continue;
		if (cgroup_step_run(step, err) < 0)
			return -1;
		if (step->kind == STEP_CGROUP_MAKE)
			identity[i] = directory_identity(step->target);
	}
	return 0;
}

/*
 * Were all directories the same from their own step to now?  A shared parent that another
 * supervisor removed, and a third made again, has lost the limits that were written to it.
 * Once our own directory is below, it can't be removed any more: this answer is final.
 */
static bool
is_undisturbed(const struct plan *plan, const ino_t *identity)
{
	for (size_t i = 0; i < plan->count; i++)
		if (identity[i] && (identity[i] == GONE ||
			identity[i] != directory_identity(plan->step[i].target)))
			return false;
	return true;
}

static bool
has_suffix(const char *text, size_t length, const char *suffix)
{
	size_t n = strlen(suffix);

	return length >= n && memcmp(text + length - n, suffix, n) == 0;
}

/* Shared parents go when they are empty: <cgroup>, and above a slice's directory also that. */
static void
remove_parents(const char *directory)
{
	char path[512];
	bool again = true;

	if (text_format(path, sizeof(path), "%s", directory) < 0)
		return;
	while (again) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path)
			return;
		*slash = '\0';
		again = has_suffix(path, (size_t)(slash - path), ".slice");
		/* Others' containers are in it (EBUSY), or it is gone: both are as they should. */
		if (rmdir(path) < 0)
			return;
	}
}

static void
undo_steps(const struct plan *plan, const ino_t *identity)
{
	/* Each hierarchy's own directories come after the shared ones, for which EBUSY is fine. */
	for (size_t i = plan->count; i-- > 0;)
		if (identity[i])
			(void)rmdir(plan->step[i].target);
}

int
cgroups_open_place(struct cgroups *cgroups, const char *directory, struct error *err)
{
	autofd int fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct cgroup_place place = { .fd = -1, .login = -1 };
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "open the cgroup %s", directory);
	if (fs.f_type != CGROUP2_SUPER_MAGIC && fs.f_type != CGROUP_SUPER_MAGIC)
		return error_set(err, EINVAL, "%s is not a cgroup", directory);
	if (cgroups->count == CGROUP_PLACES_MAX ||
	    text_format(place.directory, sizeof(place.directory), "%s", directory) < 0)
		return error_set(err, ENAMETOOLONG, "cgroup %s", directory);
	place.unified = fs.f_type == CGROUP2_SUPER_MAGIC;
	place.fd = take_fd(&fd);
	cgroups->place[cgroups->count++] = place;
	return 0;
}

/*
 * Where the user may nest, sessions are in a cgroup of their own.  The directory around it is
 * the user's, but what is root's in there the user did not make.
 */
static int
place_open_login(struct cgroup_place *place, struct error *err)
{
	autofd int fd = openat(place->fd, CGROUP_LOGIN, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &stat) < 0)
		return error_set(err, errno, "open the cgroup %s/" CGROUP_LOGIN, place->directory);
	if (stat.st_uid != 0)
		return error_set(err, EACCES, "the cgroup %s/" CGROUP_LOGIN " is uid %u's, not root's",
		    place->directory, (unsigned)stat.st_uid);
	place->login = take_fd(&fd);
	return 0;
}

int
cgroup_place_leaves(const struct cgroup_place *place)
{
	return place->login >= 0 ? place->login : place->fd;
}

/* The rest of path below directory, without the slash; NULL if it is not below. */
static const char *
path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strncmp(path, directory, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

/* The leaf's template tells which place tracks, and what a leaf is limited to. */
static int
learn_leaf(struct cgroups *cgroups, const struct step *step, struct error *err)
{
	const char *file = strrchr(step->target, '/');

	for (size_t i = 0; i < cgroups->count; i++)
		if (step->kind == STEP_CGROUP_MAKE &&
		    path_below(step->target, cgroups->place[i].directory))
			cgroups->place[i].tracks = true;
	if (step->kind == STEP_CGROUP_SET && file && strcmp(file, "/pids.max") == 0 &&
	    text_format(cgroups->leaf_pids, sizeof(cgroups->leaf_pids), "%s", step->value) < 0)
		return error_set(err, errno, "%s %s", step->target, step->value);
	return 0;
}

static int
open_places(struct cgroups *cgroups, const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];

		if (step->kind == STEP_CGROUP_MAKE && (step->flags & STEP_F_FRESH) &&
		    cgroups_open_place(cgroups, step->target, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].phase == PHASE_SESSION && plan->step[i].target &&
		    learn_leaf(cgroups, &plan->step[i], err) < 0)
			return -1;
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->place[i].tracks && place_open_login(&cgroups->place[i], err) < 0)
			return -1;
	return 0;
}

/*
 * A cgroup that is being removed can still be seen: its files are gone (ENOENT) or dead
 * (ENODEV) before it is.  A millisecond later it is told from a file that never was.
 */
static bool
is_vanishing(int errnum)
{
	const struct timespec time = { .tv_nsec = 1000000 };

	if (errnum != ENOENT && errnum != ENODEV)
		return false;
	(void)nanosleep(&time, NULL);
	return true;
}

int
cgroups_make(struct cgroups *cgroups, const struct plan *plan, struct error *err)
{
	autofree ino_t *identity = calloc(plan->count + 1, sizeof(*identity));
	struct error own = ERROR_INIT;
	bool again = true;
	int rc = -1;

	if (!identity)
		return error_set(err, ENOMEM, "make the cgroups");
	err = err ? err : &own;
	for (int i = 0; i < MAKE_TRIES && again; i++) {
		rc = run_steps(plan, identity, err);
		again = !is_undisturbed(plan, identity) ||
		    (rc < 0 && i < GONE_TRIES && is_vanishing(err->errnum));
	}
	if (rc == 0 && again)
		rc = error_set(err, EBUSY, "make the cgroups: their parent keeps going away");
	if (rc == 0)
		rc = open_places(cgroups, plan, err);
	if (rc < 0) {
		undo_steps(plan, identity);
		cgroups_free(cgroups);
	}
	return rc;
}

/* The container's pids.max is the leaf's and the reserve; see PIDS_RESERVE. */
static int
learn_leaf_pids(struct cgroups *cgroups, const struct cgroup_place *place, struct error *err)
{
	char text[32];
	uint64_t pids;

	if (cgroup_file_read(place->fd, "pids.max", text, sizeof(text)) < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "read pids.max of %s", place->directory);
	text[strcspn(text, "\n")] = '\0';
	if (text_to_number(text, UINT64_MAX, &pids) && pids > PIDS_RESERVE)
		(void)text_format(cgroups->leaf_pids, sizeof(cgroups->leaf_pids), "%ju",
		    (uintmax_t)(pids - PIDS_RESERVE));
	return 0;
}

/* As plan_cgroups() chooses: where pids is, else cgroup2. */
static struct cgroup_place *
find_tracking(struct cgroups *cgroups, struct error *err)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (faccessat(cgroups->place[i].fd, "pids.max", F_OK, 0) == 0)
			return &cgroups->place[i];
		else if (errno != ENOENT) {
			(void)error_set(err, errno, "look for pids.max in %s", cgroups->place[i].directory);
			return NULL;
		}
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->place[i].unified)
			return &cgroups->place[i];
	(void)error_set(err, ENOENT, "the container's cgroups");
	return NULL;
}

/* A container's directory is named by a uid: nothing else is adopted, and later removed. */
static bool
is_container_name(const char *directory)
{
	const char *name = strrchr(directory, '/');

	return directory[0] == '/' && name && name[1] &&
	    strspn(name + 1, "0123456789") == strlen(name + 1);
}

int
cgroups_adopt(struct cgroups *cgroups, const char (*directory)[512], size_t count,
    struct error *err)
{
	struct error wrong = ERROR_INIT;
	struct cgroup_place *tracking;

	for (size_t i = 0; i < count && directory[i][0]; i++) {
		if (!is_container_name(directory[i]))
			(void)error_set(&wrong, EINVAL, "%s is no container's cgroup", directory[i]);
		else if (cgroups_open_place(cgroups, directory[i], &wrong) == 0 || wrong.errnum == ENOENT)
			continue;
		cgroups_free(cgroups);
		return error_set(err, wrong.errnum, "%s", wrong.text);
	}
	tracking = find_tracking(cgroups, err);
	if (tracking)
		tracking->tracks = true;
	if (tracking && learn_leaf_pids(cgroups, tracking, err) == 0 && place_open_login(tracking, err) == 0)
		return 0;
	cgroups_free(cgroups);
	return -1;
}

int
cgroups_clone_fd(const struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->place[i].unified)
			return cgroups->place[i].fd;
	return -1;
}

int
cgroups_enter(const struct cgroups *cgroups, struct error *err)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		const struct cgroup_place *place = &cgroups->place[i];

		if (!place->unified && cgroup_file_write(place->fd, "tasks", "0") < 0)
			return error_set(err, errno, "enter the cgroup %s", place->directory);
	}
	return 0;
}

const struct cgroup_place *
cgroups_tracking(const struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (cgroups->place[i].tracks)
			return &cgroups->place[i];
	return NULL;
}

static bool
is_session_name(const char *id)
{
	for (const char *c = id; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_')
			return false;
	return *id != '\0';
}

/*
 * mkdirat(2), which the kernel refuses (EAGAIN) where the user has made as many cgroups as
 * there may be: that must not keep anybody from logging in, so the limit grows by the leaf.
 */
static int
leaf_mkdir(const struct cgroup_place *place, const char *id)
{
	int leaves = cgroup_place_leaves(place);
	char text[512], more[24];

	for (int i = 0; i < LEAF_TRIES; i++) {
		if (mkdirat(leaves, id, 0755) == 0 || errno == EEXIST)
			return 0;
		if (errno != EAGAIN || place->login < 0)
			return -1;
		/* A user who makes another one in between has won one cgroup, and loses the next race. */
		if (cgroup_file_read(place->fd, "cgroup.stat", text, sizeof(text)) < 0 ||
		    text_format(more, sizeof(more), "%ju",
			(uintmax_t)cgroup_file_count(text, "nr_descendants") + 1) < 0 ||
		    cgroup_file_write(place->fd, "cgroup.max.descendants", more) < 0)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

/* The PHASE_SESSION steps of the plan, with the session's id for the template's name. */
static int
leaf_make(const struct cgroups *cgroups, const struct cgroup_place *place, const char *id,
    struct error *err)
{
	char name[600];
	autofd int leaf = -1;

	if (text_format(name, sizeof(name), "%s%s/%s/", place->directory,
		place->login >= 0 ? "/" CGROUP_LOGIN : "", id) < 0)
		return error_set(err, errno, "session %s", id);
	if (leaf_mkdir(place, id) < 0)
		return error_set(err, errno, "make the cgroup %s", name);
	leaf = openat(cgroup_place_leaves(place), id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (leaf < 0)
		return error_set(err, errno, "open the cgroup %s", name);
	if (place->unified && cgroup_step_set(leaf, "cgroup.type", "threaded", name, err) < 0)
		return -1;
	if (cgroups->leaf_pids[0] &&
	    cgroup_step_set(leaf, "pids.max", cgroups->leaf_pids, name, err) < 0)
		return -1;
	return take_fd(&leaf);
}

static int
open_entry(const struct cgroup_place *place, int directory, struct error *err)
{
	const char *file = place->unified ? "cgroup.procs" : "tasks";
	int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? error_set(err, errno, "open %s of %s", file, place->directory) : fd;
}

static void
close_all(int *fds, size_t *count)
{
	while (*count)
		own_close(&fds[--*count]);
}

int
cgroups_session_make(const struct cgroups *cgroups, const char *id, int *fds, size_t *count,
    struct error *err)
{
	const struct cgroup_place *tracking = cgroups_tracking(cgroups);
	autofd int leaf = -1;

	*count = 0;
	if (!tracking || !is_session_name(id))
		return error_set(err, EINVAL, "session \"%s\"", id);
	leaf = leaf_make(cgroups, tracking, id, err);
	if (leaf < 0)
		goto undo_leaf;
	for (size_t i = 0; i < cgroups->count; i++) {
		const struct cgroup_place *place = &cgroups->place[i];

		fds[*count] = open_entry(place, place->tracks ? leaf : place->fd, err);
		if (fds[*count] < 0)
			goto undo_leaf;
		++*count;
	}
	return 0;

undo_leaf:
	close_all(fds, count);
	(void)unlinkat(cgroup_place_leaves(tracking), id, AT_REMOVEDIR);
	return -1;
}

bool
cgroups_session_exists(const struct cgroups *cgroups, const char *id)
{
	const struct cgroup_place *tracking = cgroups_tracking(cgroups);

	return tracking && is_session_name(id) &&
	    faccessat(cgroup_place_leaves(tracking), id, F_OK, 0) == 0;
}

int
cgroups_session_remove(const struct cgroups *cgroups, const char *id, struct error *err)
{
	const struct cgroup_place *tracking = cgroups_tracking(cgroups);

	if (!tracking || !is_session_name(id))
		return error_set(err, EINVAL, "session \"%s\"", id);
	if (unlinkat(cgroup_place_leaves(tracking), id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == EBUSY || errno == ENOTEMPTY)
		return 1;
	return error_set(err, errno, "remove the cgroup %s/%s", tracking->directory, id);
}

/* The name leads to a successor's where our directory in /run was lost, and it has made the cgroup anew. */
static bool
is_anothers(const struct cgroup_place *place)
{
	struct stat own;

	return fstat(place->fd, &own) == 0 && own.st_ino != directory_identity(place->directory);
}

static int
place_remove(const struct cgroup_place *place, struct error *err)
{
	/* Somebody outside may have been handed a descriptor of a user's cgroup: no new ones. */
	if (place->login >= 0)
		(void)cgroup_file_write(place->fd, "cgroup.max.descendants", "0");
	if (place->tracks)
		(void)cgroup_tree_remove(place->fd); /* rmdir has the last word */
	if (is_anothers(place))
		return 0;
	if (rmdir(place->directory) == 0) {
		remove_parents(place->directory);
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	if (errno == EBUSY || errno == ENOTEMPTY)
		return 1;
	return error_set(err, errno, "remove the cgroup %s", place->directory);
}

int
cgroups_remove(struct cgroups *cgroups, struct error *err)
{
	int busy = 0;

	for (size_t i = 0; i < cgroups->count; i++) {
		int rc = place_remove(&cgroups->place[i], err);

		if (rc < 0)
			return -1;
		busy |= rc;
	}
	return busy;
}

void
cgroups_free(struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		own_close(&cgroups->place[i].fd);
		own_close(&cgroups->place[i].login);
	}
	*cgroups = (struct cgroups)CGROUPS_INIT;
}
