/*
 * A machine for the built pam_ctr.so to be called on through libpam: its own /run, users,
 * log and PAM service, all gone with the test's process.  Needs root, as sandbox_enter().
 * Around each call of login() the caller's whole state is compared with what it was.
 */
#ifndef TEST_MODULE_H
#define TEST_MODULE_H

#include "lib/places.h"
#include "tests/pam/test_caller_state.h"
#include "tests/pam/test_report.h"
#include "tests/system/test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#ifdef __SANITIZE_ADDRESS__
/* Of AddressSanitizer's library; gcc ships no header with it. */
size_t __sanitizer_get_current_allocated_bytes(void);
#define MODULE "san/pam_ctr.so"
#define module_memory() __sanitizer_get_current_allocated_bytes()
#define MODULE_MEMORY_NOISE 0
#else
#include <malloc.h>
#define MODULE "pam_ctr.so"
#define module_memory() mallinfo2().uordblks
#define MODULE_MEMORY_NOISE 2048 /* malloc counts what it caches */
#endif

#define MODULE_UID 54321
#define MODULE_OWN PLACE_RUN "/54321"
#define MODULE_CONFIG "/mnt/pam"

static struct {
	char path[PATH_MAX];
	int log;             /* what a syslogd would get */
	char messages[1024]; /* what the user was told */
} module = { .log = -1 };

/* --- the machine ----------------------------------------------------------------------- */

static inline void
module_bind_file(const char *target, const char *text)
{
	char own[64];

	(void)snprintf(own, sizeof(own), "/mnt/%s", strrchr(target, '/') + 1);
	sandbox_file(own, text, 0644, 0);
	cr_assert_eq(sys_mount(own, target, NULL, SANDBOX_MS_BIND, NULL), 0, "%s: %m", target);
}

static inline int
module_bind_socket(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		own_close(&fd);
	return fd;
}

static inline void
module_set_up(void)
{
	sandbox_enter();
	namespace_program(module.path, sizeof(module.path), MODULE);
	sandbox_tmpfs("/run");
	/* No supervisor is installed on this machine. */
	sandbox_tmpfs("/usr/libexec");
	module_bind_file("/etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n"
	    "alice:x:54321:54321::/mnt:/bin/sh\nodd name:x:54322:54321::/mnt:/bin/sh\n"
	    "slash/ed:x:54323:54321::/mnt:/bin/sh\n");
	module_bind_file("/etc/group", "root:x:0:\nalice:x:54321:\n");
	/* Neither a name service of the machine's nor its daemons have a say. */
	module_bind_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\ninitgroups: files\n");
	sandbox_tmpfs("/dev");
	cr_assert_eq(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0, "%m");
	module.log = module_bind_socket("/dev/log", SOCK_DGRAM);
	cr_assert_geq(module.log, 0, "%m");
	sandbox_directory(MODULE_CONFIG, 0755, 0);
	/* Without it libpam logs of its own. */
	sandbox_file(MODULE_CONFIG "/other", "session required pam_deny.so\n", 0644, 0);
}

/* The next line of the log; "" for none: who logs is this process itself, and has done so. */
static inline const char *
module_logged(void)
{
	static char line[2048];
	ssize_t n = recv(module.log, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

/* The next line has part in it, and there is no other one. */
static inline void
module_expect_logged(const char *part)
{
	const char *line = module_logged();

	EXPECT_IN(strstr(line, part), "%s is not in: %s", part, line);
	line = module_logged();
	EXPECT_IN(!line[0], "a second line: %s", line);
}

static inline int
module_converse(int count, const struct pam_message **message, struct pam_response **response,
    void *data)
{
	(void)data;
	for (int i = 0; i < count; i++) {
		size_t length = strlen(module.messages);
		(void)snprintf(module.messages + length, sizeof(module.messages) - length, "%s\n",
		    message[i]->msg);
	}
	*response = calloc((size_t)count, sizeof(**response));
	return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

static inline pam_handle_t *
module_begin(const char *user, const char *arguments)
{
	static const struct pam_conv conversation = { .conv = module_converse };
	char line[PATH_MAX + 512];
	pam_handle_t *pamh = NULL;

	(void)snprintf(line, sizeof(line), "session required %s %s\n", module.path, arguments);
	int fd = open(MODULE_CONFIG "/test", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	NEED(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	own_close(&fd);
	NEED(pam_start_confdir("test", user, &conversation, MODULE_CONFIG, &pamh) == PAM_SUCCESS);
	module.messages[0] = '\0';
	return pamh;
}

/* Open and close, as a program would. */
static inline int
login(const char *user, const char *arguments)
{
	static char before[STATE_MAX], after[STATE_MAX];
	pam_handle_t *pamh = module_begin(user, arguments);

	state_read(before);
	int code = pam_open_session(pamh, 0);
	if (code == PAM_SUCCESS)
		EXPECT(pam_close_session(pamh, 0) == PAM_SUCCESS);
	state_read(after);
	state_compare(before, after);
	EXPECT(pam_end(pamh, code) == PAM_SUCCESS);
	return code;
}

/* The C library opens the log at the first use, and keeps it. */
static inline void
module_open_log(void)
{
	pam_handle_t *pamh = module_begin("nosuchuser", "");

	EXPECT(pam_open_session(pamh, PAM_SILENT) == PAM_SESSION_ERR);
	EXPECT(pam_end(pamh, 0) == PAM_SUCCESS);
	module_expect_logged("nosuchuser");
}

#define TEST_ALONE(suite, name)        \
	static void name(void);        \
	static void name##_alone(void) \
	{                              \
		module_open_log();     \
		name();                \
	}                              \
	Test(suite, name)              \
	{                              \
		report_run(name##_alone); \
	}                              \
	static void name(void)

#endif
