/*
 * The built pam_ctr.so through libpam, on a machine where no supervisor is installed: what it
 * answers and logs, and that the program that called it is as it was.
 */
#include "lib/mark.h"
#include "tests/pam/test_module.h"

#include <dlfcn.h>
#include <pthread.h>

TestSuite(module, .init = module_set_up, .timeout = 60);

static bool
is_empty(const char *directory)
{
	return rmdir(directory) == 0 && mkdir(directory, 0700) == 0;
}

/* --- answers ----------------------------------------------------------------------------- */

TEST_ALONE(module, answers_and_log)
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
		{ "alice", "confg=/x debug verbose", PAM_SESSION_ERR, { "'confg=/x'", "'verbose'" } },
		{ "alice", "config=relative", PAM_SESSION_ERR, { "'config=relative'" } },
		{ "nosuchuser", "", PAM_SESSION_ERR, { "user nosuchuser has no passwd entry" } },
		{ "odd name", "", PAM_SESSION_ERR, { "user name 'odd name' has blanks" } },
		{ "x\ny", "", PAM_SESSION_ERR, { "'x\\x0ay'" } },
		{ "\x1b[2J", "", PAM_SESSION_ERR, { "\\x1b[2J" } },
		{ "\xc3\xa4", "", PAM_SESSION_ERR, { "\\xc3\\xa4 has no passwd entry" } },
		{ "%s%n", "", PAM_SESSION_ERR, { "user %s%n has no passwd entry" } },
		{ "../alice", "", PAM_SESSION_ERR, { "user ../alice has no passwd entry" } },
		{ "alice/", "", PAM_SESSION_ERR, { "user alice/ has no passwd entry" } },
		{ "slash/ed", "", PAM_SESSION_ERR, { "user=slash/ed", "run " PLACE_SUPERVISOR } },
		{ "-rf", "", PAM_SESSION_ERR, { "user -rf has no passwd entry" } },
		{ "root ", "", PAM_SESSION_ERR, { "user name 'root ' has blanks" } },
		{ "alice ", "", PAM_SESSION_ERR, { "user name 'alice ' has blanks" } },
		{ "54321", "", PAM_SESSION_ERR, { "user 54321 has no passwd entry" } },
		{ "", "", PAM_SESSION_ERR, { "PAM names no user" } },
		{ NULL, "", PAM_SESSION_ERR, { "PAM names no user" } },
		{ "alice", "", PAM_SESSION_ERR, { "login refused: user=alice uid=54321",
		    "run " PLACE_SUPERVISOR ": is pam_ctr installed whole?" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_IN(login(rows[i].user, rows[i].arguments) == rows[i].code, "row %zu", i);
		bool told = strstr(module.messages, "pam_ctr: your container could not be opened") != NULL;
		EXPECT_IN(told == (rows[i].code != PAM_SUCCESS), "row %zu: %s", i, module.messages);
		EXPECT_IN(!strstr(module.messages, PLACE_SUPERVISOR), "row %zu tells users of the host", i);
		const char *line = module_logged();
		EXPECT_IN((line[0] == '\0') == !rows[i].log[0], "row %zu: %s", i, line);
		for (int part = 0; part < 3 && rows[i].log[part]; part++)
			EXPECT_IN(strstr(line, rows[i].log[part]), "row %zu: no %s in %s", i,
			    rows[i].log[part], line);
		EXPECT_IN(!strpbrk(line, "\n\r\x1b"), "row %zu: %s", i, line);
		EXPECT_IN(!strcmp(module_logged(), ""), "row %zu is logged twice", i);
	}
	EXPECT_IN(is_empty(PLACE_RUN), "something was left in " PLACE_RUN);
}

TEST_ALONE(module, silence_and_calls_out_of_order)
{
	pam_handle_t *pamh = module_begin("alice", "");

	EXPECT(pam_open_session(pamh, PAM_SILENT) == PAM_SESSION_ERR);
	EXPECT_IN(!strcmp(module.messages, ""), "%s", module.messages);
	EXPECT(pam_open_session(pamh, PAM_SILENT) == PAM_SESSION_ERR);
	NEED(pam_set_item(pamh, PAM_USER, "root") == PAM_SUCCESS);
	EXPECT(pam_open_session(pamh, 0) == PAM_SUCCESS);
	EXPECT(pam_open_session(pamh, 0) == PAM_SUCCESS);
	EXPECT(pam_end(pamh, 0) == PAM_SUCCESS);
}

TEST_ALONE(module, long_items_are_refused_not_cut)
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
		pam_handle_t *pamh = module_begin("alice", "");
		memset(name, 'n', rows[i].length);
		name[rows[i].length] = '\0';
		NEED(pam_set_item(pamh, rows[i].item, name) == PAM_SUCCESS);
		EXPECT_IN(pam_open_session(pamh, 0) == PAM_SESSION_ERR, "row %zu", i);
		const char *line = module_logged();
		EXPECT_IN(strstr(line, rows[i].why), "row %zu: %s", i, line);
		EXPECT(pam_end(pamh, 0) == PAM_SUCCESS);
	}
}

TEST_ALONE(module, inside_it_steps_aside_and_a_forged_mark_does_not_count)
{
	struct error err = ERROR_INIT;

	sandbox_directory(PLACE_RUN, 0700, 0);
	autofd int directory = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	NEED(mark_write(directory, &err) == 0);
	EXPECT(login("alice", "") == PAM_SUCCESS);
	EXPECT_IN(!strcmp(module_logged(), ""), "%s", module_logged());
	EXPECT(login("alice", "debug") == PAM_SUCCESS);
	module_expect_logged("already inside a container");
	NEED(unlink(PLACE_MARK) == 0);
	sandbox_file(PLACE_MARK, "mnt 1 pid 1\n", 0444, 0);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	module_expect_logged("not in the namespaces that " PLACE_MARK " names");
	EXPECT(login("root", "") == PAM_SUCCESS);
}

TEST_ALONE(module, a_run_directory_of_somebody_elses_is_refused)
{
	sandbox_directory(PLACE_RUN, 0700, MODULE_UID);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	module_expect_logged("can be written by others than root");
	NEED(chown(PLACE_RUN, 0, 0) + chmod(PLACE_RUN, 0777) == 0);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	module_expect_logged("can be written by others than root");
	NEED(rmdir(PLACE_RUN) + symlink("/mnt", PLACE_RUN) == 0);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	EXPECT(login("root", "") == PAM_SUCCESS);
}

static void *
wait_for_unlock(void *mutex)
{
	(void)pthread_mutex_lock(mutex);
	(void)pthread_mutex_unlock(mutex);
	return NULL;
}

TEST_ALONE(module, a_caller_with_threads_is_refused)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	(void)pthread_mutex_lock(&mutex);
	NEED(pthread_create(&thread, NULL, wait_for_unlock, &mutex) == 0);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	module_expect_logged("has 2 threads and cannot enter a container");
	EXPECT(login("root", "") == PAM_SUCCESS);
	(void)pthread_mutex_unlock(&mutex);
	NEED(pthread_join(thread, NULL) == 0);
	EXPECT_IN(access(MODULE_OWN, F_OK) < 0, "it had gone to the supervisor already");
}

/* --- the caller is as it was --------------------------------------------------------------- */

static volatile sig_atomic_t signals_seen;

static void
on_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

/* A caller of whose state nothing is as a process is born. */
static void
become_odd(void)
{
	static const struct itimerval hours = { .it_value = { .tv_sec = 36000 } };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigset_t some;

	NEED(sigaction(SIGCHLD, &action, NULL) == 0 && sigaction(SIGPIPE, &action, NULL) == 0);
	action.sa_handler = SIG_IGN;
	NEED(sigaction(SIGUSR1, &action, NULL) == 0);
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaddset(&some, SIGUSR2);
	(void)sigprocmask(SIG_SETMASK, &some, NULL);
	(void)umask(0137);
	NEED(chdir(MODULE_CONFIG) == 0 && setitimer(ITIMER_REAL, &hours, NULL) == 0);
	autofd int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	NEED(score >= 0 && write(score, "123", 3) == 3 && setegid(MODULE_UID) == 0);
}

/* login() itself compares; here with more to lose. */
TEST_ALONE(module, leaves_an_odd_caller_as_it_was)
{
	static const char *const users[] = { "root", "alice", "nosuchuser", "x\ny" };

	become_odd();
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		(void)login(users[i], i % 2 ? "debug" : "");
		errno = 0;
		EXPECT_IN(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD,
		    "user %s: a child is left", users[i]);
		EXPECT_IN(signals_seen == 0, "user %s", users[i]);
	}
}

TEST_ALONE(module, with_standard_descriptors_closed)
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
	EXPECT(code[0] == PAM_SESSION_ERR);
	EXPECT(code[1] == PAM_SUCCESS);
}

/* With any number of free descriptors it says no, and none is lost. */
TEST_ALONE(module, with_few_descriptors)
{
	struct rlimit all, few;
	int codes[24];

	NEED(getrlimit(RLIMIT_NOFILE, &all) == 0);
	(void)login("alice", "");
	int before = sandbox_count_fds();
	for (int i = 0; i < 24; i++) {
		pam_handle_t *pamh = module_begin("alice", "");
		(void)pam_open_session(pamh, 0); /* loads the module */
		few = (struct rlimit) { .rlim_cur = (rlim_t)i, .rlim_max = all.rlim_max };
		NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
		codes[i] = pam_open_session(pamh, 0);
		NEED(setrlimit(RLIMIT_NOFILE, &all) == 0);
		(void)pam_end(pamh, 0);
		while (*module_logged())
			continue; /* a full log would block its writer */
		/* libpam's own code where it is the first to miss one. */
		EXPECT_IN(codes[i] == PAM_SESSION_ERR || codes[i] == PAM_SYSTEM_ERR, "%d descriptors: %d", i,
		    codes[i]);
		EXPECT_IN(sandbox_count_fds() == before, "%d descriptors", i);
	}
}

/* Its caller may live as long as the machine: cron does. */
TEST_ALONE(module, keeps_no_memory)
{
	static const char *const users[] = { "alice", "root", "nosuchuser", "odd name" };
	static const struct pam_conv conversation = { .conv = module_converse };
	pam_handle_t *pamh = module_begin("root", "");
	size_t used = 0;

	EXPECT(pam_end(pamh, 0) == PAM_SUCCESS);
	for (int i = 0; i < 240; i++) {
		if (i == 80)
			used = module_memory();
		if (pam_start_confdir("test", users[i % 4], &conversation, MODULE_CONFIG, &pamh) != PAM_SUCCESS)
			break;
		(void)pam_end(pamh, pam_open_session(pamh, PAM_SILENT));
		(void)recv(module.log, module.messages, sizeof(module.messages), MSG_DONTWAIT);
	}
	EXPECT_IN(module_memory() <= used + MODULE_MEMORY_NOISE, "%zu bytes, then %zu", used,
	    module_memory());
}

TEST_ALONE(module, exports_two_functions_and_can_be_unloaded)
{
	static const char *const hidden[] = { "client_open", "error_set", "path_open_trusted", "wire_send",
		"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt", "pam_sm_chauthtok" };
	void *object = dlopen(module.path, RTLD_NOW | RTLD_LOCAL);

	NEED(object != NULL);
	EXPECT(dlsym(object, "pam_sm_open_session") && dlsym(object, "pam_sm_close_session"));
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		EXPECT_IN(!dlsym(object, hidden[i]), "%s", hidden[i]);
	NEED(dlclose(object) == 0);
	EXPECT_IN(!dlopen(module.path, RTLD_NOW | RTLD_NOLOAD), "it stays");
}
