/*
 * A home with every kind of file in it, changed in every way through a real overlay, and a tree
 * as text, so that two of them can be compared file by file.  In a sandbox (test_sandbox.h):
 *
 *	/mnt/l        the real home
 *	/mnt/s        the store: upper, work
 *	/mnt/m        where the overlay is mounted
 */
#ifndef TEST_HOME_TREE_H
#define TEST_HOME_TREE_H

#include "home/apply.h"
#include "lib/names.h"
#include "lib/path.h"
#include "tests/unit/test_sandbox.h"

#include <ctype.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define HOME_USER 1234
#define HOME_GROUP 1234
#define HOME_OTHER_GROUP 1300 /* one of the user's */
#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

static const gid_t home_groups[] = { HOME_GROUP, HOME_OTHER_GROUP };
static const struct rights_user home_user = {
	.uid = HOME_USER, .gid = HOME_GROUP, .groups = home_groups, .groups_count = 2,
};

/* --- a tree as text -------------------------------------------------------------------------- */

struct tree_text {
	char *text; /* owned */
	size_t length;
	FILE *out;
	bool is_loose; /* see tree_text() */
};

static inline uint64_t
tree_hash(int fd)
{
	uint64_t hash = 14695981039346656037U;
	char text[65536];
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ (unsigned char)text[i]) * 1099511628211U;
	cr_assert_eq(n, 0, "%m");
	return hash;
}

static inline int
tree_compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline void
tree_xattrs(struct tree_text *tree, const char *path)
{
	char names[4096], value[4096];
	const char *list[64] = { NULL };
	size_t count = 0;
	ssize_t length = listxattr(path, names, sizeof(names));

	for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1)
		if (!strncmp(name, "user.", 5) || !strncmp(name, "system.", 7))
			list[count++] = name;
	qsort(list, count, sizeof(list[0]), tree_compare_names);
	for (size_t i = 0; i < count; i++) {
		ssize_t n = getxattr(path, list[i], value, sizeof(value));
		(void)fprintf(tree->out, " %s=", list[i]);
		for (ssize_t k = 0; k < n; k++)
			(void)fprintf(tree->out, "%02x", (unsigned char)value[k]);
	}
}

static inline void
tree_one(struct tree_text *tree, int directory, const char *name, const char *shown)
{
	char path[64], target[PATH_MAX];
	struct stat st;
	autofd int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %m", shown);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (const char *at = shown; *at; at++)
		(void)fprintf(tree->out, isgraph((unsigned char)*at) ? "%c" : "\\x%02x", (unsigned char)*at);
	(void)fprintf(tree->out, " %06o %u:%u", st.st_mode, st.st_uid, st.st_gid);
	if (!S_ISDIR(st.st_mode) || !tree->is_loose)
		(void)fprintf(tree->out, " %lld.%09ld", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (!S_ISDIR(st.st_mode) && (!tree->is_loose || strncmp(shown, "/moved/", 7) != 0))
		(void)fprintf(tree->out, " links=%u", (unsigned)st.st_nlink);
	if (!S_ISDIR(st.st_mode))
		(void)fprintf(tree->out, " size=%lld", (long long)st.st_size);
	if (S_ISREG(st.st_mode)) {
		autofd int file = open(path, O_RDONLY | O_CLOEXEC);
		cr_assert(file >= 0, "%s: %m", shown);
		(void)fprintf(tree->out, " hash=%016llx holes=%d", (unsigned long long)tree_hash(file),
		    (long long)st.st_blocks * 512 < (long long)st.st_size);
	}
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
		(void)fprintf(tree->out, " -> %.*s", (int)n, target);
	} else {
		tree_xattrs(tree, path);
	}
	(void)fputc('\n', tree->out);
}

static inline void
tree_below(struct tree_text *tree, int directory, const char *prefix)
{
	struct names names = NAMES_INIT;
	struct error err = ERROR_INIT;
	char shown[8192];

	cr_assert_eq(names_read(directory, &names, &err), 0, "%s", err.text);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.item[i]->d_name;
		if (!strcmp(name, APPLY_STAGING) && !prefix[0])
			continue;
		(void)snprintf(shown, sizeof(shown), "%s/%s", prefix, name);
		tree_one(tree, directory, name, shown);
		autofd int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0)
			tree_below(tree, below, shown);
	}
	names_free(&names);
}

/*
 * The caller's to free().  is_loose: without what a kill may leave different, the times of
 * directories, and whether names in renamed ones are one file.
 */
static inline char *
tree_text(const char *path, bool is_loose)
{
	struct tree_text tree = { .is_loose = is_loose };
	autofd int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	tree.out = open_memstream(&tree.text, &tree.length);
	cr_assert(top >= 0 && tree.out, "%s: %m", path);
	tree_one(&tree, top, ".", ".");
	tree_below(&tree, top, "");
	(void)fclose(tree.out);
	return tree.text;
}

/* The first line that differs, or NULL. */
static inline const char *
tree_difference(const char *a, const char *b, char *buffer, size_t size)
{
	size_t at = 0, line = 0;

	if (!strcmp(a, b))
		return NULL;
	for (; a[at] && a[at] == b[at]; at++)
		if (a[at] == '\n')
			line = at + 1;
	(void)snprintf(buffer, size, "\n  %.*s\n  %.*s", (int)strcspn(a + line, "\n"), a + line,
	    (int)strcspn(b + line, "\n"), b + line);
	return buffer;
}

/* --- the home -------------------------------------------------------------------------------- */

static inline void
home_mount(void)
{
	cr_assert_eq(sys_mount("home", "/mnt/m", "overlay", 0, "lowerdir=/mnt/l,upperdir=/mnt/s/upper,"
	    "workdir=/mnt/s/work,index=off,metacopy=off,redirect_dir=on"), 0, "mount: %m");
}

static inline void
home_unmount(void)
{
	cr_assert_eq(sys_umount2("/mnt/m", 0), 0, "unmount: %m");
}

/* As a login shows it. */
static inline char *
home_text(bool is_loose)
{
	home_mount();
	char *text = tree_text("/mnt/m", is_loose);
	home_unmount();
	return text;
}

#define DO(call)                                                                  \
	do {                                                                      \
		if ((call) < 0) {                                                 \
			(void)fprintf(stderr, "%s:%d: %m\n", __FILE__, __LINE__); \
			_exit(1);                                                 \
		}                                                                 \
	} while (0)

static inline void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	DO(fd);
	DO(write(fd, text, strlen(text)));
	(void)close(fd);
}

/* An ACL of the kernel's form: owner, one other user, group, mask, others. */
static inline void
put_acl(const char *path, const char *name, uint32_t other, uint16_t permissions)
{
	struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entry[5];
	} acl = { 2, { { 1, 7, ~0U }, { 2, permissions, other }, { 4, 5, ~0U }, { 16, 7, ~0U }, { 32, 5, ~0U } } };

	DO(setxattr(path, name, &acl, sizeof(acl), 0));
}

static inline bool
has_user_xattrs(void)
{
	return setxattr(".", "user.try", "x", 1, 0) == 0 && removexattr(".", "user.try") == 0;
}

static inline void
put_xattr(const char *path, const char *value)
{
	if (has_user_xattrs())
		DO(setxattr(path, "user.note", value, strlen(value), 0));
}

static inline void
put_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	DO(fd);
	DO(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	(void)close(fd);
}

static inline void
put_sparse(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	DO(fd);
	DO(pwrite(fd, "begin", 5, 65536));
	DO(pwrite(fd, "middle", 6, 1 << 17));
	DO(ftruncate(fd, 3 << 16));
	(void)close(fd);
}

/* Runs as the user, in directory. */
static inline void
as_user(const char *directory, void (*function)(void))
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		DO(chdir(directory));
		DO(setgroups(2, home_groups));
		DO(setresgid(HOME_GROUP, HOME_GROUP, HOME_GROUP));
		DO(setresuid(HOME_USER, HOME_USER, HOME_USER));
		function();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "%s was not set up", directory);
}

static inline void
make_directories(const char *const *names)
{
	for (; *names; names++)
		DO(mkdir(*names, 0755));
}

static inline void
fill_lower(void)
{
	static const char *const directories[] = {
		"kept", "gone-dir", "gone-dir/sub", "anew", "anew/sub", "to-file", "old", "old/sub", "old/inner",
		"swap-a", "swap-b", "closed", "gone-closed", "attributes", "merged", "merged/deep", "old-empty", NULL,
	};
	static const char *const files[] = {
		"text", "same", "mode", "gone", "kept/k", "gone-dir/x", "gone-dir/sub/y", "anew/lost", "anew/sub/z",
		"to-directory", "old/changed", "old/deleted", "old/left", "old/sub/s1", "old/sub/s2", "old/inner/i",
		"swap-a/a", "swap-b/b", "closed/c", "gone-closed/c", "acl", "xattr", "merged/deep/m", "merged/n",
		"a\nb\x1b[31m", " -rf *", "time", NULL,
	};

	make_directories(directories);
	for (size_t i = 0; files[i]; i++)
		put(files[i], files[i]);
	DO(link("old/left", "old/sub/link"));
	DO(symlink("text", "symlink"));
	DO(mkfifo("old/fifo", 0600));
	put_sparse("old/sparse");
	put_acl("old/left", ACL_ACCESS, 77, 4);
	put_acl("attributes", ACL_DEFAULT, 77, 5);
	put_xattr("xattr", "before");
	put_xattr("old/sub", "of a directory");
	DO(chmod("closed", 0500));
	DO(chmod("gone-closed", 0500));
}

static inline void
change_files(void)
{
	put("text", "changed");
	DO(chmod("mode", 0600));
	DO(unlink("gone"));
	DO(utimensat(AT_FDCWD, "time", (struct timespec[]) { { 1, 2 }, { 3, 4 } }, 0));
	put_acl("acl", ACL_ACCESS, 99, 6);
	put_xattr("xattr", "after");
	put("a\nb\x1b[31m", "odd");
	DO(unlink(" -rf *"));
	DO(unlink("symlink"));
	DO(symlink("/etc/shadow", "symlink"));
	DO(mkfifo("fifo", 0620));
	put_socket("socket");
	put_sparse("sparse");
	put("setuid", "x");
	DO(chmod("setuid", 06755));
	put("group", "x");
	DO(chown("group", (uid_t)-1, HOME_OTHER_GROUP));
	put("link1", "linked");
	DO(link("link1", "kept/link2"));
	DO(link("link1", "link3"));
}

static inline void
change_directories(void)
{
	static const char *const remove[] = { "gone-dir/x", "gone-dir/sub/y", "anew/lost", "anew/sub/z", NULL };
	static const char *const remove_directory[] = { "gone-dir/sub", "gone-dir", "anew/sub", "anew", "to-file", NULL };

	for (size_t i = 0; remove[i]; i++)
		DO(unlink(remove[i]));
	for (size_t i = 0; remove_directory[i]; i++)
		DO(rmdir(remove_directory[i]));
	DO(mkdir("anew", 0700));
	put("anew/found", "new");
	put("to-file", "a file");
	DO(unlink("to-directory"));
	DO(mkdir("to-directory", 02750));
	put("to-directory/in", "in");
	DO(chmod("closed", 0700));
	put("closed/d", "new");
	DO(unlink("closed/c"));
	DO(chmod("closed", 0500));
	DO(chmod("gone-closed", 0700));
	DO(unlink("gone-closed/c"));
	DO(rmdir("gone-closed"));
	DO(chmod("attributes", 01777));
	DO(removexattr("attributes", ACL_DEFAULT));
	DO(mkdir("empty", 0711));
	put_acl("empty", ACL_DEFAULT, 99, 5);
	put("empty/inherits", "x");
	put("merged/deep/new", "x");
	DO(mkdir("locked", 0700));
	put("locked/in", "x");
	DO(chmod("locked", 0));
}

/* Renamed directories, changed, with renamed ones inside; two that changed places. */
static inline void
change_renamed(void)
{
	DO(rename("old", "moved"));
	put("moved/changed", "changed");
	DO(unlink("moved/deleted"));
	put("moved/added", "added");
	put("moved/sub/s1", "changed");
	DO(rename("moved/inner", "moved/inner2"));
	put("moved/inner2/j", "new");
	DO(rename("swap-a", "swap"));
	DO(rename("swap-b", "swap-a"));
	DO(rename("swap", "swap-b"));
	put("swap-a/new", "x");
	DO(rename("old-empty", "merged/renamed"));
	DO(rename("kept", "away"));
	DO(rename("away", "kept"));
}

static inline void
change_home(void)
{
	change_files();
	change_directories();
	change_renamed();
	for (int i = 0; i < 12; i++) {
		DO(mkdir("deep", 0750));
		DO(chdir("deep"));
	}
	put("bottom", "x");
}

static inline void
home_make_empty(void)
{
	sandbox_directory("/mnt/l", 0750, HOME_USER);
	sandbox_directory("/mnt/s", 0700, 0);
	sandbox_directory("/mnt/s/upper", 0750, HOME_USER);
	sandbox_directory("/mnt/s/work", 0700, 0);
	if (access("/mnt/m", F_OK) < 0)
		sandbox_directory("/mnt/m", 0755, 0);
}

/* The user's changes, through the overlay. */
static inline void
home_change(void (*function)(void))
{
	home_mount();
	as_user("/mnt/m", function);
	home_unmount();
}

static inline void
home_make(void)
{
	home_make_empty();
	as_user("/mnt/l", fill_lower);
	home_change(change_home);
}

static inline void
home_remove(void)
{
	struct error err = ERROR_INIT;
	autofd int here = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert_eq(path_remove_tree(here, "l", &err), 0, "%s", err.text);
	cr_assert_eq(path_remove_tree(here, "s", &err), 0, "%s", err.text);
}

#endif
