/*
 * Looked for with the user's rights, made as host root in a tmpfs of the container's first
 * process.  The host's files are read, never written, and none of their secrets is copied.
 */
#include "container/seed.h"

#include "container/reader.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SEED_NAME "seed"
#define OPAQUE "trusted.overlay.opaque"
/* Of the container's ids, between those of its system and nobody's. */
#define SUBID_FIRST 10000
#define SUBID_END 65000
/* Of a host with very many local users; a larger file is refused. */
#define FILE_MAX (16 * 1024 * 1024)

enum seed_kind {
	SEED_EMPTY_FILE,
	SEED_EMPTY_DIRECTORY,
	SEED_SHADOW,
	SEED_SUDOERS,
	SEED_PASSWD, /* with a line for the user, who has none in a base */
	SEED_GROUP,
	SEED_SUBUID, /* what user namespaces in the container may have of its ids */
	SEED_SUBGID
};

enum seed_when {
	WHEN_SECRET, /* the host's is there, and the user may not read it */
	WHEN_SUDO,   /* it is there */
	WHEN_BASE,   /* the root is an unpacked tree's */
	WHEN_NESTING /* user namespaces may be nested, and it is there */
};

/* What dpkg, apt, rpm, useradd, sudo and su open as root; all else that is secret stays so. */
static const struct {
	const char *path;
	enum seed_kind kind;
	enum seed_when when;
} seeds[SEED_ROWS] = {
	{ "/etc/shadow", SEED_SHADOW, WHEN_SECRET },
	{ "/etc/gshadow", SEED_SHADOW, WHEN_SECRET },
	{ "/etc/sudoers", SEED_SUDOERS, WHEN_SUDO },
	{ "/etc/sudoers.d", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/etc/shadow-", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/gshadow-", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/passwd-", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/group-", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/.pwd.lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/security/opasswd", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/etc/ssl/private", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/root", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/var/lib/dpkg/lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/lib/dpkg/lock-frontend", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/lib/dpkg/triggers/Lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/lib/apt/lists/lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/lib/apt/lists/partial", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/var/lib/rpm/.rpm.lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/cache/apt/archives/lock", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/cache/apt/archives/partial", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/var/cache/debconf/passwords.dat", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/cache/ldconfig", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/var/log/apt/term.log", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/log/btmp", SEED_EMPTY_FILE, WHEN_SECRET },
	{ "/var/spool/cron/crontabs", SEED_EMPTY_DIRECTORY, WHEN_SECRET },
	{ "/etc/passwd", SEED_PASSWD, WHEN_BASE },
	{ "/etc/group", SEED_GROUP, WHEN_BASE },
	{ "/etc/subuid", SEED_SUBUID, WHEN_NESTING },
	{ "/etc/subgid", SEED_SUBGID, WHEN_NESTING },
};

static int
host_path(const struct seed_facts *facts, const char *path, char *name, size_t size)
{
	return text_format(name, size, "%s%s", facts->base ? facts->base : "", path);
}


static bool
is_wanted(const struct seed_facts *facts, size_t row)
{
	char name[PATH_MAX];
	struct stat st;

	/* Not there, or in a directory that is secret as a whole: nothing to stand for it. */
	if (host_path(facts, seeds[row].path, name, sizeof(name)) < 0 ||
	    fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	switch (seeds[row].when) {
	case WHEN_SECRET: return !facts->base && !reader_may(name, R_OK);
	case WHEN_BASE: return facts->base;
	case WHEN_NESTING: return facts->nesting;
	case WHEN_SUDO: break;
	}
	return true;
}

void
seed_look(const struct seed_facts *facts, struct seed *seed)
{
	for (size_t i = 0; i < SEED_ROWS; i++)
		seed->wanted[i] = is_wanted(facts, i);
}

static uid_t
outside_uid(const struct seed_facts *facts, uid_t uid)
{
	if (uid == facts->uid)
		return uid;
	return uid < 65536 ? facts->root_uid + uid : facts->root_uid;
}

static gid_t
outside_gid(const struct seed_facts *facts, gid_t gid)
{
	for (size_t i = 0; i < facts->groups_count; i++)
		if (gid == facts->groups[i] && gid != 0)
			return gid;
	return gid < 65536 ? facts->root_gid + gid : facts->root_gid;
}

/* The owner and mode that the host's has, with the container's numbers. */
static int
give(const struct seed_facts *facts, int at, const char *path, const struct stat *st,
    struct error *err)
{
	if (fchownat(at, path, outside_uid(facts, st->st_uid), outside_gid(facts, st->st_gid),
	        AT_SYMLINK_NOFOLLOW) < 0 || fchmodat(at, path, st->st_mode & 07777, 0) < 0)
		return error_set(err, errno, "set up %s", path);
	return 0;
}

/* The names are the system's own, in directories that nobody but root can write to. */
static int
look_at_host(const struct seed_facts *facts, const char *path, struct stat *st, struct error *err)
{
	char name[PATH_MAX];

	if (host_path(facts, path, name, sizeof(name)) < 0 ||
	    fstatat(AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "stat %s", path);
	return 0;
}

/* The directories above path, which must look as the host's: the topmost layer's do. */
static int
make_parents(const struct seed_facts *facts, int root, const char *path, struct error *err)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;
		if (text_format(parent, sizeof(parent), "%.*s", (int)(slash - path), path) < 0)
			return error_set(err, errno, "name the directory of %s", path);
		if (mkdirat(root, parent + 1, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return error_set(err, errno, "mkdir %s", parent);
		}
		if (look_at_host(facts, parent, &st, err) < 0 || give(facts, root, parent + 1, &st, err) < 0)
			return -1;
	}
	return 0;
}

/* The first field stays, the second becomes "*"; a line without fields is copied. */
static char *
hide_password(char *out, const char *line, size_t length)
{
	const char *end = line + length;
	const char *colon = memchr(line, ':', length);
	const char *rest = colon ? memchr(colon + 1, ':', (size_t)(end - colon - 1)) : NULL;

	if (!colon)
		return out; /* no record: nothing of it is needed, and it might be a secret */
	memcpy(out, line, (size_t)(colon + 1 - line));
	out += colon + 1 - line;
	*out++ = '*';
	if (rest) {
		memcpy(out, rest, (size_t)(end - rest));
		out += end - rest;
	}
	*out++ = '\n';
	return out;
}

char *
seed_shadow(const char *text)
{
	size_t lines = 1;

	for (const char *byte = text; *byte; byte++)
		lines += *byte == '\n';
	/* An empty password grows by a byte, a missing last newline, too. */
	char *result = malloc(strlen(text) + 2 * lines + 1);
	char *out = result;
	while (result && *text) {
		size_t length = strcspn(text, "\n");
		out = hide_password(out, text, length);
		text += length + (text[length] == '\n');
	}
	if (result)
		*out = '\0';
	return result;
}

char *
seed_sudoers(uid_t uid, bool sudo)
{
	char rule[64] = "", *text = NULL;
	int length;

	/* By number: a name may have any byte. */
	if (sudo)
		(void)snprintf(rule, sizeof(rule), "#%u ALL=(ALL:ALL) NOPASSWD: ALL\n", (unsigned)uid);
	length = asprintf(&text, "# Made by pam_ctr; what root in here changes is kept.\n"
	    "Defaults env_reset\n"
	    "Defaults secure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n"
	    "root ALL=(ALL:ALL) ALL\n%s@includedir /etc/sudoers.d\n", rule);
	return length < 0 ? NULL : text;
}

char *
seed_subid(uid_t uid, id_t own)
{
	id_t first = SUBID_FIRST, end = SUBID_END;
	char *text = NULL;

	/* Its own id is the first of a nested user namespace, and can't be mapped twice. */
	if (own >= first && own < end && own - first < end - own)
		first = own + 1;
	else if (own >= first && own < end)
		end = own;
	return asprintf(&text, "%u:%u:%u\n", (unsigned)uid, (unsigned)first,
	    (unsigned)(end - first)) < 0 ? NULL : text;
}

static char *
read_host(const struct seed_facts *facts, const char *path, struct error *err)
{
	char name[PATH_MAX];
	size_t length;

	if (host_path(facts, path, name, sizeof(name)) < 0) {
		(void)error_set(err, errno, "name %s", path);
		return NULL;
	}
	return path_read_trusted(name, FILE_MAX, &length, err);
}

/* The base's lines, and the user's where it has none of that name. */
static char *
append_lines(const char *text, const char *lines)
{
	size_t length = strlen(text);
	char *result = malloc(length + strlen(lines) + 2);

	if (!result)
		return NULL;
	memcpy(result, text, length);
	if (length > 0 && result[length - 1] != '\n')
		result[length++] = '\n';
	memcpy(result + length, lines, strlen(lines) + 1);
	return result;
}

/* NULL: err is filled. */
static char *
make_text(const struct seed_facts *facts, size_t row, struct error *err)
{
	bool is_changed = seeds[row].kind == SEED_SHADOW || seeds[row].kind == SEED_PASSWD ||
	    seeds[row].kind == SEED_GROUP;
	autofree char *host = is_changed ? read_host(facts, seeds[row].path, err) : strdup("");
	char *text = NULL;

	if (!host && !is_changed)
		(void)error_set(err, ENOMEM, "make %s", seeds[row].path);
	if (!host)
		return NULL;
	switch (seeds[row].kind) {
	case SEED_SHADOW: text = host ? seed_shadow(host) : NULL; break;
	case SEED_SUDOERS: text = seed_sudoers(facts->uid, facts->sudo); break;
	case SEED_PASSWD: text = host ? append_lines(host, facts->passwd) : NULL; break;
	case SEED_GROUP: text = host ? append_lines(host, facts->group) : NULL; break;
	case SEED_SUBUID: text = seed_subid(facts->uid, facts->uid); break;
	case SEED_SUBGID: text = seed_subid(facts->uid, facts->gid); break;
	case SEED_EMPTY_FILE: case SEED_EMPTY_DIRECTORY: text = strdup(""); break;
	}
	if (!text)
		(void)error_set(err, ENOMEM, "make %s", seeds[row].path);
	return text;
}

static int
write_file(int root, const char *name, const char *text, struct error *err)
{
	autofd int fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t length = strlen(text);

	if (fd < 0)
		return error_set(err, errno, "make %s", name);
	return write(fd, text, length) == (ssize_t)length ? 0 : error_set(err, errno, "write %s", name);
}

/* overlayfs.rst: what the layers below have in a directory of that name does not show. */
static int
make_opaque(const struct seed_facts *facts, int root, const char *name, const struct stat *st,
    struct error *err)
{
	if (mkdirat(root, name, 0700) < 0)
		return error_set(err, errno, "mkdir %s", name);
	autofd int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsetxattr(fd, OPAQUE, "y", 1, 0) < 0)
		return error_set(err, errno, "set " OPAQUE " on %s", name);
	return give(facts, root, name, st, err);
}

static int
make_row(int root, const struct seed_facts *facts, size_t row, struct error *err)
{
	const char *path = seeds[row].path;
	struct stat st;

	if (look_at_host(facts, path, &st, err) < 0 || make_parents(facts, root, path, err) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) != (seeds[row].kind == SEED_EMPTY_DIRECTORY))
		return 0; /* not what the row is about */
	if (S_ISDIR(st.st_mode)) {
		return make_opaque(facts, root, path + 1, &st, err);
	}
	autofree char *text = make_text(facts, row, err);
	if (!text || write_file(root, path + 1, text, err) < 0)
		return -1;
	return give(facts, root, path + 1, &st, err);
}

int
seed_make(int directory, const struct seed_facts *facts, const struct seed *seed,
    struct error *err)
{
	struct stat st;

	if (mkdirat(directory, SEED_NAME, 0700) < 0)
		return error_set(err, errno, "mkdir " SEED_NAME);
	if (look_at_host(facts, "/", &st, err) < 0 || give(facts, directory, SEED_NAME, &st, err) < 0)
		return -1;
	autofd int root = openat(directory, SEED_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return error_set(err, errno, "open " SEED_NAME);
	for (size_t i = 0; i < SEED_ROWS; i++)
		if (seed->wanted[i] && make_row(root, facts, i, err) < 0)
			return error_prefix(err, "what root inside needs of its own");
	return 0;
}

int
seed_is_whole(int seed, struct error *err)
{
	char value;
	ssize_t length = fgetxattr(seed, OPAQUE, &value, 1);

	if (length < 0 && errno != ENODATA)
		return error_set(err, errno, "look at what root inside needs of its own");
	return length == 1 && value == 'y';
}

int
seed_open(int directory, const char *point, int *seed, struct error *err)
{
	struct error missing = ERROR_INIT;
	char name[PATH_MAX];

	*seed = -1;
	if (text_format(name, sizeof(name), SEED_NAME "%s", point) < 0)
		return error_set(err, errno, "name the seed of %s", point);
	*seed = path_open_beneath(directory, name, O_RDONLY | O_DIRECTORY, &missing);
	if (*seed >= 0 || missing.errnum == ENOENT || missing.errnum == ENOTDIR)
		return 0;
	*err = missing;
	return -1;
}
