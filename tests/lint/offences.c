/*
 * Not compiled: what tests/lint/rules must find, each line that says so, and what it must not.
 */

/* by a path that may be anybody's */
	int a = open(path, O_RDONLY | O_CLOEXEC); /* offence: path */
	int b = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC); /* offence: path */
	if (mkdir(home, 0700) < 0) /* offence: path */
	(void)unlink(path); /* offence: path */
	if (rename("/run/pam_ctr/a", to) < 0 || chown(path, uid, gid) < 0) /* offence: path */
	DIR *all = opendir(directory[i]); /* offence: path */
	int b2 = open("/tmp/lock", O_RDONLY | O_CLOEXEC); /* offence: path */
	if (fstatat(AT_FDCWD, name, &st, 0) < 0) /* offence: path */
	if (open(PLACE_RUN, O_PATH | O_CLOEXEC) < 0 || open(PLACE_RUN "/x", O_PATH | O_CLOEXEC) < 0)
	if (unlinkat(directory, name, 0) < 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
	int c = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC); /* open(path) */
	const char *text = "open(path, O_RDONLY)";
	log->open(path); state.stat(path);

/* a descriptor that lives through an exec */
	int d = open("/dev/null", O_RDWR); /* offence: cloexec */
	int e = openat(directory, name, /* offence: cloexec */
	    O_RDONLY | O_NOFOLLOW);
	int f = socket(AF_UNIX, SOCK_SEQPACKET, 0); /* offence: cloexec */
	FILE *g = fopen("/proc/mounts", "r"); /* offence: cloexec */
	int h = dup(0); /* offence: banned */
	int i = fcntl(0, F_DUPFD, 3); /* offence: banned */
	int j = accept4(listener, NULL, NULL, SOCK_CLOEXEC), k = fcntl(0, F_DUPFD_CLOEXEC, 3);
	FILE *l = fopen("/proc/mounts", "re");

/* what nobody is to call */
	(void)system("rm -rf /"); /* offence: banned */
	FILE *m = popen("ls", "r"); /* offence: banned */
	char *n = alloca(size); /* offence: banned */
	(void)strcpy(to, from); /* offence: banned */
	(void)sprintf(to, "%s", from); /* offence: banned */
	char *o = strtok_r(line, " ", &at); /* strtok(line, " ") */

/* what a call says is lost */
static void
close_all(void)
{
	close(fd); /* offence: result */
	if (fd >= 0)
		close(fd); /* offence: result */
	else
		ioctl(fd, TIOCNOTTY); /* offence: result */
	(void)close(fd);
	int rc = close(fd);
	return close(fd) < 0 ? -1 :
	    openat(directory, "x", O_RDONLY | O_CLOEXEC);
	switch (rc) {
	case 1:
		unlinkat(directory, name, 0); /* offence: result */
		break;
	}
	rc = first &&
	    fclose(file) == 0;
}
