/*
 * What fuzz targets share; see fuzz.h.
 */
#include "fuzz.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* mount(2)'s, see lib/sys.h. */
#define RECURSIVE (1UL << 14)
#define PRIVATE (1UL << 18)
#define DESCRIPTORS 128

void
fuzz_tell(const char *file, int line, const char *claim, const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}

char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

unsigned
fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

uint32_t
fuzz_number(struct fuzz_input *input)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < 4; i++)
		number |= fuzz_byte(input) << (8 * i);
	return number;
}

char *
fuzz_until(struct fuzz_input *input, char end)
{
	const uint8_t *found = input->left ? memchr(input->at, end, input->left) : NULL;
	size_t length = found ? (size_t)(found - input->at) : input->left;
	char *text = fuzz_text(input->at, length);

	input->left -= length + (found ? 1 : 0);
	input->at += length + (found ? 1 : 0);
	return text;
}

char *
fuzz_rest(struct fuzz_input *input)
{
	char *text = fuzz_text(input->at, input->left);

	input->at += input->left;
	input->left = 0;
	return text;
}

bool
fuzz_is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > 126)
			return false;
	return true;
}

static _Noreturn void
tell_descriptor(int fd, bool is_open)
{
	char path[32], leads_to[256] = "";

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)!readlink(path, leads_to, sizeof(leads_to) - 1);
	fuzz_tell(__FILE__, __LINE__, "the same descriptors are open", "%d is %s %s", fd,
	    is_open ? "left open:" : "closed, and was not ours", leads_to);
	abort();
}

/* poll(2) says of each that is not open POLLNVAL: one system call for all of them. */
void
fuzz_same_descriptors(void)
{
	static bool known, open_before[DESCRIPTORS];
	struct pollfd look[DESCRIPTORS];

	for (int i = 0; i < DESCRIPTORS; i++)
		look[i] = (struct pollfd) { .fd = i };
	fuzz_check(poll(look, DESCRIPTORS, 0) >= 0);
	for (int i = 0; i < DESCRIPTORS; i++) {
		bool is_open = !(look[i].revents & POLLNVAL);
		if (known && is_open != open_before[i])
			tell_descriptor(i, is_open);
		open_before[i] = is_open;
	}
	known = true;
}

static void
become_root(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	fuzz_check(unshare(CLONE_NEWUSER) == 0, "a user namespace: %m");
	fuzz_write("/proc/self/setgroups", "deny", 4);
	fuzz_write("/proc/self/uid_map", map, (size_t)snprintf(map, sizeof(map), "0 %u 1", uid));
	fuzz_write("/proc/self/gid_map", map, (size_t)snprintf(map, sizeof(map), "0 %u 1", gid));
}

/* Detached: it covers nothing, and goes with the process. */
static void
enter_tmpfs(void)
{
	autofd int fs = sys_fsopen("tmpfs");

	fuzz_check(fs >= 0 && sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0, "a tmpfs: %m");
	autofd int mount = sys_fsmount(fs, 0);
	fuzz_check(mount >= 0 && fchdir(mount) == 0, "a tmpfs: %m");
}

void
fuzz_sandbox(const char *cover)
{
	if (geteuid() != 0)
		become_root();
	fuzz_check(unshare(CLONE_NEWNS) == 0, "a mount namespace: %m");
	fuzz_check(sys_mount(NULL, "/", NULL, PRIVATE | RECURSIVE, NULL) == 0, "%m");
	if (cover)
		fuzz_check(sys_mount("fuzz", cover, "tmpfs", 0, "mode=0755") == 0, "tmpfs on %s: %m", cover);
	enter_tmpfs();
}

void
fuzz_write(const char *path, const void *data, size_t size)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_check(fd >= 0, "write %s: %m", path);
	fuzz_check(write(fd, data, size) == (ssize_t)size, "write %s: %m", path);
}
