/*
 * The container's utmp and wtmp: made when it is, taken over with it, gone with it.  Runs as
 * root in the supervisor, in the directory that is root's alone; the host's files are found
 * by trusted names, and where they can't be trusted there is nothing to be private.
 */
#include "container/accounting.h"

#include "container/accounting_owner.h"
#include "container/log.h"
#include "container/mount.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <syslog.h>
#include <time.h>

/* Ten thousand records: logins on as many terminals, in one container's life. */
#define FILES_SIZE (4 * 1024 * 1024)

static const struct {
	const char *name;
	const char *host;
	int flags;
} files[] = {
	[ACCOUNTING_UTMP] = { PLACE_UTMP_NAME, PLACE_UTMP, O_RDWR },
	[ACCOUNTING_WTMP] = { PLACE_WTMP_NAME, PLACE_WTMP, O_RDWR | O_APPEND },
	[ACCOUNTING_LASTLOG] = { NULL, PLACE_LASTLOG, O_RDWR },
};

int
accounting_open_host(enum accounting_file file, struct error *err)
{
	struct stat st;
	autofd int name = path_open_trusted(files[file].host, err);

	if (name < 0)
		return -1;
	if (fstat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s is not a regular file", files[file].host);
	return path_reopen(name, files[file].flags, err);
}

/*
 * inotify has 128 instances for all of root's processes, sysctl fs.inotify: the one container
 * too many is looked at once a second.
 */
static void
watch_files(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	char path[64];

	if (accounting->watch < 0)
		accounting->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (int i = ACCOUNTING_UTMP; i <= ACCOUNTING_WTMP; i++) {
		int fd = i == ACCOUNTING_UTMP ? accounting->utmp : accounting->wtmp;
		(void)text_format(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (accounting->watch >= 0 && fd >= 0 &&
		    inotify_add_watch(accounting->watch, path, IN_MODIFY) < 0)
			own_close(&accounting->watch);
	}
	accounting->quiet_until = 0;
	accounting->again = server_now(); /* once in any case: something may be there already */
}

static int
make_file(int directory, enum accounting_file file, uid_t root_uid, gid_t root_gid,
    struct error *err)
{
	struct error why = ERROR_INIT;
	struct stat st;
	autofd int host = accounting_open_host(file, &why);

	if (host < 0 && why.errnum == ENOENT)
		return -1;
	if (host < 0) {
		*err = why;
		return -1;
	}
	if (fstat(host, &st) < 0)
		return error_set(err, errno, "stat %s", files[file].host);
	autofd int fd = openat(directory, files[file].name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* Owned as the host's, in the container's numbers: there root is sshd's monitor. */
	if (fd < 0 || fchown(fd, root_uid + st.st_uid, root_gid + st.st_gid) < 0 ||
	    fchmod(fd, st.st_mode & 0664) < 0)
		return error_set(err, errno, "make a %s of the container's", files[file].name);
	return take_fd(&fd);
}

/* Logins in the host's utmp that a container of this user had, and that nobody ended. */
static void
end_strangers(struct server *server)
{
	struct error err = ERROR_INIT;
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;
	autofd int fd = accounting_open_host(ACCOUNTING_UTMP, &err);

	if (fd < 0 || utmp_read(fd, 0, UTMP_RECORDS_MAX, &records, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		bool is_known = false;
		utmp_line(&records[i], line);
		if (records[i].type != UTMP_USER_PROCESS || !utmp_is_renamed(line, server->uid))
			continue;
		for (size_t n = 0; n < server->accounting.logins && !is_known; n++)
			is_known = server->accounting.login[n].in_utmp &&
			    !strncmp(server->accounting.login[n].record.line, line, UTMP_LINE);
		if (!is_known && utmp_put_end(fd, &records[i], utmp_now(), &err) < 0)
			return; /* a ghost without a process, which who(1) does not show */
	}
}

static void
make_files(struct server *server, uid_t root_uid, gid_t root_gid)
{
	struct accounting *accounting = &server->accounting;
	int *const fd[] = { [ACCOUNTING_UTMP] = &accounting->utmp, [ACCOUNTING_WTMP] = &accounting->wtmp };
	char text[640];

	for (int i = ACCOUNTING_UTMP; i <= ACCOUNTING_WTMP; i++) {
		struct error err = ERROR_INIT;
		own_close(fd[i]);
		if (accounting->mount < 0)
			accounting->mount = mount_new_tmpfs(FILES_SIZE, 0755, 0, 0, MOUNT_ATTR_NOSUID |
			    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &err);
		if (accounting->mount >= 0)
			*fd[i] = make_file(accounting->mount, (enum accounting_file)i, root_uid, root_gid, &err);
		if (err.text[0])
			log_line(LOG_NOTICE, "container notice: user=%s uid=%u text=\"who and last on the host "
			    "show the container's terminals: %s\"", server->record.user, (unsigned)server->uid,
			    error_render(&err, text, sizeof(text)));
		if (*fd[i] < 0 && accounting->mount >= 0)
			(void)unlinkat(accounting->mount, files[i].name, 0); /* half made, or none */
	}
}

void
accounting_prepare(struct server *server, const struct plan *plan)
{
	uid_t root_uid = 0;
	gid_t root_gid = 0;

	plan_root_ids(plan, &root_uid, &root_gid);
	own_close(&server->accounting.mount);
	make_files(server, root_uid, root_gid);
	end_strangers(server);
	if (server->accounting.utmp >= 0 || server->accounting.wtmp >= 0)
		watch_files(server);
}

/* The host's record of a login that a predecessor had told it, if it has one. */
static const struct utmp_record *
find_told(const struct server *server, const struct utmp_record *told, size_t count,
    const struct utmp_record *record, const char *line)
{
	char host_line[UTMP_LINE + 1], renamed[UTMP_LINE + 1];

	if (utmp_rename(renamed, server->uid, line) < 0)
		renamed[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		utmp_line(&told[i], host_line);
		if (told[i].type == UTMP_USER_PROCESS && utmp_is_of(&told[i], server->record.user) &&
		    utmp_same_time(&told[i].time, &record->time) &&
		    (!strcmp(host_line, line) || !strcmp(host_line, renamed)))
			return &told[i];
	}
	return NULL;
}

/* Told, marked, and no logout after it. */
static void
adopt_wtmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;

	if (accounting->wtmp < 0 ||
	    utmp_read(accounting->wtmp, 0, UTMP_RECORDS_MAX, &records, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!utmp_is_marked(&records[i]))
			continue;
		accounting->mirrored = i + 1;
		utmp_line(&records[i], line);
		struct accounting_login *login = accounting_find(accounting, line);
		if (login)
			login->in_wtmp = records[i].type == UTMP_USER_PROCESS &&
			    utmp_same_time(&records[i].time, &login->record.time);
	}
}

/*
 * The table anew, from what the container's utmp says and the host's has.  A login whose
 * session ended while there was no supervisor is ended now.
 */
static void
adopt_utmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL, *told = NULL;
	struct error err = ERROR_INIT;
	struct owner_table owners = { .server = server };
	char line[UTMP_LINE + 1];
	struct owner owner;
	size_t count = 0, told_count = 0;
	autofd int host = accounting_open_host(ACCOUNTING_UTMP, &err);

	if (host < 0 || accounting->utmp < 0 ||
	    utmp_read(host, 0, UTMP_RECORDS_MAX, &told, &told_count, &err) < 0 ||
	    utmp_read(accounting->utmp, 0, ACCOUNTING_LOGINS_MAX, &records, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		utmp_line(&records[i], line);
		const struct utmp_record *is = records[i].type != UTMP_USER_PROCESS ? NULL :
		    find_told(server, told, told_count, &records[i], line);
		struct accounting_login *login = is ? accounting_add(accounting, line) : NULL;
		if (!login)
			continue;
		login->record = *is;
		login->in_utmp = true;
		bool found = owner_find(&owners, &records[i], line, &owner);
		(void)text_format(login->session, sizeof(login->session), "%s", !found ? "gone" :
		    owner.session == SIZE_MAX ? "" : server->record.session[owner.session].id);
	}
	owner_table_free(&owners);
}

/*
 * Where they were bound.  Root inside can't take the mount away, but may have put anything in
 * the place of one that never was: neither a device nor what is elsewhere is opened to write.
 */
static int
find_file(int root, enum accounting_file file)
{
	struct error missing = ERROR_INIT;
	struct statfs fs;
	struct stat st;
	autofd int name = path_open_beneath(root, files[file].host + 1, O_PATH | O_NOFOLLOW, &missing);

	if (name < 0 || fstat(name, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
	    fstatfs(name, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		return -1;
	return path_reopen(name, O_RDWR, &missing);
}

void
accounting_adopt(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	char path[32];

	(void)text_format(path, sizeof(path), "/proc/%d/root", (int)server->record.init.pid);
	autofd int root = server->init < 0 ? -1 : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0) {
		accounting->utmp = find_file(root, ACCOUNTING_UTMP);
		accounting->wtmp = find_file(root, ACCOUNTING_WTMP);
	}
	if (accounting->utmp < 0 && accounting->wtmp < 0)
		return;
	watch_files(server);
	adopt_utmp(server);
	adopt_wtmp(server);
	end_strangers(server);
	accounting_session_ended(server, "gone");
}

void
accounting_close(struct server *server)
{
	struct accounting *accounting = &server->accounting;

	accounting_look(server);
	for (size_t i = 0; i < accounting->logins; i++)
		if (accounting_end(server, &accounting->login[i]) < 0)
			break; /* who(1) does not show whose process is gone, either */
	free(accounting->login);
	own_close(&accounting->utmp);
	own_close(&accounting->wtmp);
	own_close(&accounting->mount);
	/*
	 * The watch stays for the next container, or the end of this process: closing it waits for
	 * a grace period of the kernel's, 12 ms, and so would the user's next login.
	 */
	int watch = accounting->watch;
	*accounting = (struct accounting)ACCOUNTING_INIT;
	accounting->watch = watch;
}
