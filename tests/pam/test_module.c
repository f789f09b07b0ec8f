/*
 * The built pam_ctr.so through libpam, on a machine where no supervisor is installed, or one
 * that lies: what it answers, what it logs, and that the program that called it is as it was.
 * Everything is the sandbox's own: users, /run, /dev/log, the PAM service.  Needs root.
 */
#include "lib/mark.h"
#include "lib/places.h"
#include "lib/wire.h"
#include "tests/system/test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <dlfcn.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/un.h>

#ifdef __SANITIZE_ADDRESS__
#define MODULE "san/pam_ctr.so"
#else
#define MODULE "pam_ctr.so"
#endif

#define UID 54321
#define OWN PLACE_RUN "/54321"
#define CONFIG "/mnt/pam"

static struct {
	char module[PATH_MAX];
	int log;             /* what a syslogd would get */
	char messages[1024]; /* what the user was told */
} world = { .log = -1 };

/* --- a machine ------------------------------------------------------------------------- */

static void
bind_file(const char *target, const char *text)
{
	char own[64];

	(void)snprintf(own, sizeof(own), "/mnt/%s", strrchr(target, '/') + 1);
	sandbox_file(own, text, 0644, 0);
	cr_assert_eq(sys_mount(own, target, NULL, SANDBOX_MS_BIND, NULL), 0, "%s: %m", target);
}

static int
listen_at(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s: %m", path);
	return fd;
}

static void
set_up(void)
{
	static const struct timeval soon = { .tv_usec = 50000 };

	sandbox_enter();
	namespace_program(world.module, sizeof(world.module), MODULE);
	sandbox_tmpfs("/run");
	sandbox_tmpfs("/usr/libexec");
	bind_file("/etc/passwd", "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n"
	    "alice:x:54321:54321::/mnt:/bin/sh\nodd name:x:54322:54321::/mnt:/bin/sh\n");
	bind_file("/etc/group", "root:x:0:\nalice:x:54321:\n");
	sandbox_tmpfs("/dev");
	cr_assert_eq(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	world.log = listen_at("/dev/log", SOCK_DGRAM);
	cr_assert_eq(setsockopt(world.log, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)), 0);
	sandbox_directory(CONFIG, 0755, 0);
}

TestSuite(module, .init = set_up, .timeout = 60);

/* The next line of the log, without the time before it; "" for none. */
static const char *
logged(void)
{
	static char line[2048];
	ssize_t n = recv(world.log, line, sizeof(line) - 1, 0);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static int
converse(int count, const struct pam_message **message, struct pam_response **response, void *data)
{
	(void)data;
	for (int i = 0; i < count; i++) {
		size_t length = strlen(world.messages);
		(void)snprintf(world.messages + length, sizeof(world.messages) - length, "%s\n",
		    message[i]->msg);
	}
	*response = calloc((size_t)count, sizeof(**response));
	return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

static pam_handle_t *
pam_begin(const char *user, const char *arguments)
{
	static const struct pam_conv conversation = { .conv = converse };
	char line[PATH_MAX + 512];
	pam_handle_t *pamh = NULL;

	(void)unlink(CONFIG "/test");
	cr_assert_lt(snprintf(line, sizeof(line), "session required %s %s\n", world.module, arguments),
	    (int)sizeof(line));
	sandbox_file(CONFIG "/test", line, 0644, 0);
	cr_assert_eq(pam_start_confdir("test", user, &conversation, CONFIG, &pamh), PAM_SUCCESS);
	world.messages[0] = '\0';
	return pamh;
}

/* Open and close, as a program would. */
static int
login(const char *user, const char *arguments)
{
	pam_handle_t *pamh = pam_begin(user, arguments);
	int code = pam_open_session(pamh, 0);

	if (code == PAM_SUCCESS)
		cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	cr_expect_eq(pam_end(pamh, code), PAM_SUCCESS);
	return code;
}

static bool
is_empty(const char *directory)
{
	return rmdir(directory) == 0 && mkdir(directory, 0700) == 0;
}

/* --- answers ----------------------------------------------------------------------------- */

Test(module, answers_and_log)
{
	static const struct {
		const char *user, *arguments;
		int code;
		const char *log[3]; /* parts of the one line; none: nothing is logged */
	} rows[] = {
		{ "root", "", PAM_SUCCESS, { NULL } },
		{ "toor", "", PAM_SUCCESS, { NULL } },
		/* Whatever is wrong with the line: root gets in and mends it. */
		{ "root", "confg=/x", PAM_SUCCESS, { NULL } },
		{ "alice", "confg=/x debug verbose", PAM_SESSION_ERR, { "\"confg=/x\"", "\"verbose\"" } },
		{ "alice", "config=relative", PAM_SESSION_ERR, { "\"config=relative\"" } },
		{ "nosuchuser", "", PAM_SESSION_ERR, { "user nosuchuser has no passwd entry" } },
		{ "odd name", "", PAM_SESSION_ERR, { "user name \"odd name\" has blanks" } },
		{ "x\ny", "", PAM_SESSION_ERR, { "\"x\\x0ay\"" } },
		{ "\x1b[2J", "", PAM_SESSION_ERR, { "\\x1b[2J" } },
		{ "\xc3\xa4", "", PAM_SESSION_ERR, { "\\xc3\\xa4 has no passwd entry" } },
		{ "%s%n", "", PAM_SESSION_ERR, { "user %s%n has no passwd entry" } },
		{ "", "", PAM_SESSION_ERR, { "PAM names no user" } },
		{ NULL, "", PAM_SESSION_ERR, { "PAM names no user" } },
		{ "alice", "", PAM_SESSION_ERR, { "login of user alice (uid 54321) refused",
		    "run " PLACE_SUPERVISOR ": is pam_ctr installed whole?" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(login(rows[i].user, rows[i].arguments), rows[i].code, "row %zu", i);
		bool told = strstr(world.messages, "pam_ctr: your container could not be opened") != NULL;
		cr_expect_eq(told, rows[i].code != PAM_SUCCESS, "row %zu: %s", i, world.messages);
		cr_expect(!strstr(world.messages, PLACE_SUPERVISOR), "row %zu tells users of the host", i);
		const char *line = logged();
		cr_expect_eq(line[0] == '\0', rows[i].log[0] == NULL, "row %zu: %s", i, line);
		for (int part = 0; part < 3 && rows[i].log[part]; part++)
			cr_expect(strstr(line, rows[i].log[part]), "row %zu: no %s in %s", i, rows[i].log[part], line);
		cr_expect(!strpbrk(line, "\n\r\x1b"), "row %zu: %s", i, line);
		cr_expect_str_eq(logged(), "", "row %zu is logged twice", i);
	}
	cr_expect(is_empty(PLACE_RUN), "something was left in " PLACE_RUN);
}

Test(module, silence_and_calls_out_of_order)
{
	pam_handle_t *pamh = pam_begin("alice", "");

	cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	cr_expect_eq(pam_open_session(pamh, PAM_SILENT), PAM_SESSION_ERR);
	cr_expect_str_eq(world.messages, "");
	cr_expect_eq(pam_open_session(pamh, PAM_SILENT), PAM_SESSION_ERR);
	cr_expect_eq(pam_close_session(pamh, 0), PAM_SUCCESS);
	cr_assert_eq(pam_set_item(pamh, PAM_USER, "root"), PAM_SUCCESS);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_eq(pam_open_session(pamh, 0), PAM_SUCCESS);
	cr_expect_eq(pam_end(pamh, 0), PAM_SUCCESS);
}

Test(module, long_items_are_refused_not_cut)
{
	static char name[5000];
	static const struct {
		int item;
		size_t length;
		const char *why;
	} rows[] = {
		{ PAM_TTY, 64, "PAM_TTY is longer than 63 bytes" },
		{ PAM_RHOST, 256, "PAM_RHOST is longer than 255 bytes" },
		{ PAM_USER, 4000, "the user's name is longer than 255 bytes" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pam_handle_t *pamh = pam_begin("alice", "");
		memset(name, 'n', rows[i].length);
		name[rows[i].length] = '\0';
		cr_assert_eq(pam_set_item(pamh, rows[i].item, name), PAM_SUCCESS);
		cr_expect_eq(pam_open_session(pamh, 0), PAM_SESSION_ERR, "row %zu", i);
		const char *line = logged();
		cr_expect(strstr(line, rows[i].why), "row %zu: %s", i, line);
		cr_expect_eq(pam_end(pamh, 0), PAM_SUCCESS);
	}
}

Test(module, inside_it_steps_aside_and_a_forged_mark_does_not_count)
{
	struct error err = ERROR_INIT;

	sandbox_directory(PLACE_RUN, 0700, 0);
	autofd int directory = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mark_write(directory, &err), 0, "%s", err.text);
	cr_expect_eq(login("alice", ""), PAM_SUCCESS);
	cr_expect_str_eq(logged(), "");
	cr_expect_eq(login("alice", "debug"), PAM_SUCCESS);
	cr_expect(strstr(logged(), "already inside a container"));
	cr_assert_eq(unlink(PLACE_MARK), 0);
	sandbox_file(PLACE_MARK, "mnt 1 pid 1\n", 0444, 0);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect(strstr(logged(), "not in the namespaces that " PLACE_MARK " names"));
	cr_expect_eq(login("root", ""), PAM_SUCCESS);
}

Test(module, a_run_directory_of_somebody_elses_is_refused)
{
	sandbox_directory(PLACE_RUN, 0700, UID);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect(strstr(logged(), "can be written by others than root"));
	cr_assert_eq(chown(PLACE_RUN, 0, 0) + chmod(PLACE_RUN, 0777), 0);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect(strstr(logged(), "can be written by others than root"));
	cr_assert_eq(rmdir(PLACE_RUN) + symlink("/mnt", PLACE_RUN), 0);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect_eq(login("root", ""), PAM_SUCCESS);
}

static void *
wait_for_unlock(void *mutex)
{
	(void)pthread_mutex_lock(mutex);
	(void)pthread_mutex_unlock(mutex);
	return NULL;
}

Test(module, a_caller_with_threads_is_refused)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	(void)pthread_mutex_lock(&mutex);
	cr_assert_eq(pthread_create(&thread, NULL, wait_for_unlock, &mutex), 0);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect(strstr(logged(), "has 2 threads and cannot enter a container"));
	cr_expect_eq(login("root", ""), PAM_SUCCESS);
	(void)pthread_mutex_unlock(&mutex);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_expect(access(OWN, F_OK) < 0, "it had gone to the supervisor already");
}

/* --- the caller is as it was --------------------------------------------------------------- */

struct state {
	struct sigaction action[NSIG];
	sigset_t mask;
	mode_t umask;
	char cwd[PATH_MAX];
	int fds, dumpable, no_new_privs;
	uid_t ids[6];
	struct itimerval timer;
	struct rlimit files;
	char facts[4][4096]; /* of /proc/self */
	char environment[256];
	size_t variables;
};

static const char *const fact_files[] = { "oom_score_adj", "cgroup", "loginuid", "comm" };

static void
state_read(struct state *state)
{
	extern char **environ;

	memset(state, 0, sizeof(*state));
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &state->action[i]);
	(void)sigprocmask(SIG_SETMASK, NULL, &state->mask);
	state->umask = umask(0);
	(void)umask(state->umask);
	cr_assert(getcwd(state->cwd, sizeof(state->cwd)));
	state->fds = sandbox_count_fds();
	state->dumpable = prctl(PR_GET_DUMPABLE);
	state->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	(void)getresuid(&state->ids[0], &state->ids[1], &state->ids[2]);
	(void)getresgid(&state->ids[3], &state->ids[4], &state->ids[5]);
	(void)getitimer(ITIMER_REAL, &state->timer);
	state->timer.it_value = (struct timeval) { .tv_sec = state->timer.it_value.tv_sec > 0 };
	(void)getrlimit(RLIMIT_NOFILE, &state->files);
	for (size_t i = 0; i < sizeof(fact_files) / sizeof(fact_files[0]); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "/proc/self/%s", fact_files[i]);
		autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, state->facts[i], sizeof(state->facts[i]) - 1);
		cr_assert_geq(n, 0);
	}
	while (environ[state->variables])
		state->variables++;
}

static volatile sig_atomic_t signals_seen;

static void
on_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

static void
become_odd(void)
{
	static const struct itimerval hours = { .it_value = { .tv_sec = 36000 } };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t some;

	cr_assert_eq(sigaction(SIGCHLD, &action, NULL) + sigaction(SIGPIPE, &action, NULL), 0);
	action.sa_handler = SIG_IGN;
	cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaddset(&some, SIGUSR2);
	(void)sigprocmask(SIG_SETMASK, &some, NULL);
	(void)umask(0137);
	cr_assert_eq(chdir(CONFIG), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &hours, NULL), 0);
}

static void
expect_no_child(const char *user)
{
	errno = 0;
	cr_expect_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1, "user %s: a child is left", user);
	cr_expect_eq(errno, ECHILD);
	cr_expect_eq(signals_seen, 0, "user %s", user);
}

static void
expect_same_state(const struct state *before, const char *user)
{
	struct state *after = malloc(sizeof(*after));

	cr_assert(after != NULL);
	state_read(after);
	cr_expect_eq(memcmp(before->action, after->action, sizeof(after->action)), 0, "user %s", user);
	cr_expect_eq(memcmp(&before->mask, &after->mask, sizeof(after->mask)), 0, "user %s", user);
	cr_expect_eq(before->umask, after->umask, "user %s", user);
	cr_expect_str_eq(before->cwd, after->cwd, "user %s", user);
	cr_expect_eq(before->fds, after->fds, "user %s: %d and %d descriptors", user, before->fds,
	    after->fds);
	cr_expect_eq(before->dumpable, after->dumpable, "user %s", user);
	cr_expect_eq(before->no_new_privs, after->no_new_privs, "user %s", user);
	cr_expect_eq(memcmp(before->ids, after->ids, sizeof(after->ids)), 0, "user %s", user);
	cr_expect_eq(memcmp(&before->timer, &after->timer, sizeof(after->timer)), 0, "user %s", user);
	cr_expect_eq(memcmp(&before->files, &after->files, sizeof(after->files)), 0, "user %s", user);
	cr_expect_eq(memcmp(before->facts, after->facts, sizeof(after->facts)), 0, "user %s", user);
	cr_expect_eq(before->variables, after->variables, "user %s", user);
	expect_no_child(user);
	free(after);
}

Test(module, leaves_the_caller_as_it_was)
{
	static const char *const users[] = { "root", "alice", "nosuchuser", "x\ny" };
	struct state *before = malloc(sizeof(*before));

	cr_assert(before != NULL);
	become_odd();
	/* The C library opens the log, and NSS its files, at the first use. */
	(void)login("alice", "");
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		state_read(before);
		(void)login(users[i], "");
		expect_same_state(before, users[i]);
	}
	free(before);
}

Test(module, with_standard_descriptors_closed)
{
	int saved[3], code[2];

	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
	for (int i = 0; i < 3; i++)
		(void)close(i);
	code[0] = login("alice", "");
	code[1] = login("root", "");
	for (int i = 0; i < 3; i++)
		(void)dup2(saved[i], i);
	cr_expect_eq(code[0], PAM_SESSION_ERR);
	cr_expect_eq(code[1], PAM_SUCCESS);
}

/* With any number of free descriptors it says no, and none is lost. */
Test(module, with_few_descriptors)
{
	struct rlimit all, few;
	int codes[24];

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	(void)login("alice", "");
	int before = sandbox_count_fds();
	for (int i = 0; i < 24; i++) {
		pam_handle_t *pamh = pam_begin("alice", "");
		few = (struct rlimit) { .rlim_cur = (rlim_t)i, .rlim_max = all.rlim_max };
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
		codes[i] = pam_open_session(pamh, 0);
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
		(void)pam_end(pamh, 0);
		cr_expect_eq(codes[i], PAM_SESSION_ERR, "%d descriptors", i);
		cr_expect_eq(sandbox_count_fds(), before, "%d descriptors", i);
	}
}

Test(module, exports_two_functions_and_can_be_unloaded)
{
	static const char *const hidden[] = { "client_open", "error_set", "path_open_trusted", "wire_send",
		"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_chauthtok" };
	void *module = dlopen(world.module, RTLD_NOW | RTLD_LOCAL);

	cr_assert(module != NULL, "%s", dlerror());
	cr_expect(dlsym(module, "pam_sm_open_session") && dlsym(module, "pam_sm_close_session"));
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		cr_expect(!dlsym(module, hidden[i]) || dlsym(RTLD_DEFAULT, hidden[i]) == dlsym(module, hidden[i]),
		    "%s", hidden[i]);
	cr_assert_eq(dlclose(module), 0);
	cr_expect(!dlopen(world.module, RTLD_NOW | RTLD_NOLOAD), "it stays");
}

/* --- a supervisor that lies ------------------------------------------------------------------ */

struct lie {
	const char *name;
	uint32_t version, type;
	size_t length;    /* of the answer; 0: hangs up */
	unsigned fds;
	uint32_t cgroups; /* that a kit says it has */
	int code;
	const char *log;  /* NULL: nothing */
};

#define VERSION WIRE_VERSION
#define KIT sizeof(struct wire_kit)
#define TEXT sizeof(struct wire_text)
#define HEAD sizeof(struct wire_head)

static const struct lie lies[] = {
	{ "exempt", VERSION, WIRE_EXEMPT, HEAD, 0, 0, PAM_SUCCESS, NULL },
	{ "refused", VERSION, WIRE_REFUSED, TEXT, 0, 0, PAM_SESSION_ERR, "no room" },
	{ "hangs up", VERSION, 0, 0, 0, 0, PAM_SESSION_ERR, "ended 5 times before it answered" },
	{ "always leaving", VERSION, WIRE_AGAIN, HEAD, 0, 0, PAM_SESSION_ERR, "ended 5 times" },
	{ "another version", VERSION + 1, WIRE_EXEMPT, HEAD, 0, 0, PAM_SESSION_ERR, "understand" },
	{ "half a head", VERSION, WIRE_EXEMPT, 5, 0, 0, PAM_SESSION_ERR, "understand" },
	{ "a type for nobody", VERSION, 99, HEAD, 0, 0, PAM_SESSION_ERR, "understand" },
	{ "a client's type", VERSION, WIRE_OPEN, HEAD, 0, 0, PAM_SESSION_ERR, "understand" },
	{ "ended", VERSION, WIRE_ENDED, HEAD, 0, 0, PAM_SESSION_ERR, "understand" },
	{ "a kit without a pidfd", VERSION, WIRE_KIT, KIT, 0, 0, PAM_SESSION_ERR, "kit" },
	{ "a kit with too many", VERSION, WIRE_KIT, KIT, 3, 1, PAM_SESSION_ERR, "kit" },
	{ "a kit with too few", VERSION, WIRE_KIT, KIT, 2, 5, PAM_SESSION_ERR, "kit" },
	{ "a kit that counts wrong", VERSION, WIRE_KIT, KIT, 1, 0xffffffff, PAM_SESSION_ERR, "kit" },
	{ "more than a kit has", VERSION, WIRE_KIT, KIT, 12, 11, PAM_SESSION_ERR, "too large" },
	{ "half a kit", VERSION, WIRE_KIT, KIT / 2, 1, 0, PAM_SESSION_ERR, "" },
	{ "a kit of no namespaces", VERSION, WIRE_KIT, KIT, 1, 0, PAM_SESSION_ERR, "enter the container" },
	{ "an exemption with descriptors", VERSION, WIRE_EXEMPT, HEAD, 4, 0, PAM_SUCCESS, NULL },
	{ "too long", VERSION, WIRE_EXEMPT, 4000, 0, 0, PAM_SESSION_ERR, "too large" },
};

static void
tell_lie(const struct lie *lie, int connection)
{
	static union {
		struct wire_kit kit;
		struct wire_text text;
		char room[4096];
	} answer;
	int fds[16];

	memset(&answer, 0, sizeof(answer));
	if (lie->type == WIRE_KIT) {
		answer.kit.cgroups = lie->cgroups;
		memset(answer.kit.session, 'x', sizeof(answer.kit.session));
	} else if (lie->type == WIRE_REFUSED) {
		(void)snprintf(answer.text.text, sizeof(answer.text.text), "no room");
	}
	answer.kit.head = (struct wire_head) { .version = lie->version, .type = lie->type };
	for (unsigned i = 0; i < lie->fds; i++)
		fds[i] = world.log;
	if (lie->length)
		(void)wire_send(connection, &answer, lie->length, fds, lie->fds, NULL);
}

static _Noreturn void
lie_to_all(const struct lie *lie, int listener)
{
	static char packet[WIRE_PACKET_MAX];

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		autofd int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection >= 0 && recv(connection, packet, sizeof(packet), 0) > 0)
			tell_lie(lie, connection);
		/* Until the client has gone: a reset would take the answer away from it. */
		while (connection >= 0 && lie->length && recv(connection, packet, sizeof(packet), 0) > 0)
			continue;
	}
}

static void
expect_survives(const struct lie *lie)
{
	int listener = listen_at(OWN "/socket", SOCK_SEQPACKET);

	cr_assert_eq(listen(listener, 16), 0);
	pid_t pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		lie_to_all(lie, listener);
	int before = sandbox_count_fds();
	cr_expect_eq(login("alice", ""), lie->code, "%s", lie->name);
	cr_expect_eq(sandbox_count_fds(), before, "%s: descriptors are left", lie->name);
	const char *line = logged();
	cr_expect_eq(line[0] == '\0', lie->log == NULL, "%s: %s", lie->name, line);
	if (lie->log)
		cr_expect(strstr(line, lie->log), "%s: %s", lie->name, line);
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	own_close(&listener);
	cr_assert_eq(unlink(OWN "/socket"), 0);
}

Test(module, survives_a_supervisor_that_lies)
{
	sandbox_directory(PLACE_RUN, 0700, 0);
	sandbox_directory(OWN, 0700, 0);
	(void)login("nosuchuser", "");
	(void)logged();
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		expect_survives(&lies[i]);
}

/* SIGSTOPped, it costs its user a few seconds and a refusal. */
Test(module, a_stopped_supervisor_is_not_waited_for)
{
	struct timespec start, end;

	sandbox_directory(PLACE_RUN, 0700, 0);
	sandbox_directory(OWN, 0700, 0);
	autofd int listener = listen_at(OWN "/socket", SOCK_SEQPACKET);
	cr_assert_eq(listen(listener, 16), 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	cr_expect_lt(end.tv_sec - start.tv_sec, 8);
	cr_expect(strstr(logged(), "is it stopped?"));
}

/* What a predecessor left is for a successor, also where none can be started. */
Test(module, a_record_is_kept)
{
	sandbox_directory(PLACE_RUN, 0700, 0);
	sandbox_directory(OWN, 0700, 0);
	sandbox_file(OWN "/record", "version 1\n", 0600, 0);
	cr_expect_eq(login("alice", ""), PAM_SESSION_ERR);
	cr_expect_eq(access(OWN "/record", F_OK), 0);
	cr_expect_lt(access(OWN "/socket", F_OK), 0);
}
