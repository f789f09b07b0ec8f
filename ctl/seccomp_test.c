/*
 * The command's refused calls come to us (seccomp_unotify(2)), and get the answer that the
 * filter has for them: nothing is granted that it would not.  It guards nobody: the command is the
 * caller's own.
 */
#include "ctl/seccomp_test.h"

#include "ctl/become.h"
#include "ctl/command.h"
#include "filter/listener.h"
#include "filter/simulate.h"
#include "filter/verdict.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* More kinds than anybody reads. */
#define REFUSED_MAX 512

struct refused {
	uint32_t arch, action;
	int number;
	char program[17];
	size_t count;
};

struct trial {
	const struct filter *filter;
	struct refused refused[REFUSED_MAX];
	size_t count;
	bool no_new_privs;
};

struct notice {
	struct seccomp_notif asked;
	struct seccomp_notif_resp answer;
	char room[512]; /* a newer kernel's may be longer */
};

static int
load(const struct program *program, bool *no_new_privs)
{
	struct sock_fprog loaded = { .len = (unsigned short)program->count, .filter = program->code };
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	    &loaded);

	if (fd >= 0 || errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fd;
	*no_new_privs = true;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	    &loaded);
}

/* From the filter on, each call but this one may wait for who has the listener. */
static long
hand_on(int to, int listener, bool no_new_privs)
{
	char byte = no_new_privs, room[CMSG_SPACE(sizeof(listener))] = { 0 };
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = room,
		.msg_controllen = sizeof(room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(listener));
	memcpy(CMSG_DATA(head), &listener, sizeof(listener));
	return syscall(SYS_sendmsg, to, &message, MSG_NOSIGNAL, 0, 0, (long)LISTENER_PASS);
}

static _Noreturn void
run_command(int to, const struct program *program, char **command)
{
	bool no_new_privs = false;
	int listener;

	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	listener = load(program, &no_new_privs);
	if (listener < 0 || hand_on(to, listener, no_new_privs) < 0) {
		(void)complain(CTL_FAILED, "seccomp test: load the filter: %s", strerror(errno));
		_exit(CTL_FAILED);
	}
	(void)execvp(command[0], command);
	int code = errno == ENOENT ? BECOME_NOT_FOUND : BECOME_CANNOT_RUN;
	(void)complain(CTL_FAILED, "seccomp test: %s: %s", command[0], strerror(errno));
	_exit(code);
}

static int
take_listener(int from, bool *no_new_privs)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))];
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = room,
		.msg_controllen = sizeof(room) };
	int fd = -1;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	*no_new_privs = byte;
	return fd;
}

static void
name_program(uint32_t pid, char name[17])
{
	char path[32];

	(void)text_format(path, sizeof(path), "/proc/%u/comm", pid);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, name, 16);
	name[length < 0 ? 0 : length] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static void
note(struct trial *trial, const struct seccomp_notif *asked, uint32_t action)
{
	struct refused one = { .arch = asked->data.arch, .number = asked->data.nr, .action = action,
		.count = 1 };

	name_program(asked->pid, one.program);
	for (size_t i = 0; i < trial->count; i++) {
		struct refused *known = &trial->refused[i];
		if (known->arch == one.arch && known->number == one.number && known->action == action &&
		    !strcmp(known->program, one.program)) {
			known->count++;
			return;
		}
	}
	if (trial->count < REFUSED_MAX)
		trial->refused[trial->count++] = one;
}

/* Who asked may be gone by now: ENOENT. */
static void
answer_one(struct trial *trial, int listener)
{
	struct notice notice = { .asked = { .id = 0 } };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice.asked) < 0)
		return;
	uint32_t action = simulate(&trial->filter->compiled, &notice.asked.data, NULL);
	note(trial, &notice.asked, action);
	notice.answer = (struct seccomp_notif_resp) { .id = notice.asked.id };
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
		notice.answer.error = -(int)(action & SECCOMP_RET_DATA);
	else
		notice.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &notice.answer);
}

static int
serve(struct trial *trial, int listener, pid_t child)
{
	autofd int pidfd = sys_pidfd_open(child);
	struct pollfd poll_on[] = { { .fd = pidfd, .events = POLLIN }, { .fd = listener, .events = POLLIN } };
	int status = 0;

	while (pidfd >= 0 && !poll_on[0].revents) {
		if (poll(poll_on, 2, -1) < 0 && errno != EINTR)
			break;
		if (poll_on[1].revents & POLLIN)
			answer_one(trial, listener);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void
report(const struct trial *trial)
{
	char call[FILTER_NAME_MAX], answer[VERDICT_NAME_MAX];
	const char *architecture;

	if (trial->no_new_privs)
		(void)complain(CTL_OK, "note: with no_new_privs, since the caller is not root: setuid programs "
		    "gained no right");
	for (size_t i = 0; i < trial->count; i++) {
		const struct refused *one = &trial->refused[i];
		(void)call_name(one->arch, one->number, call, &architecture);
		(void)complain(CTL_OK, "%s (%s) by %s: %s, %zu time%s", call, architecture, one->program,
		    action_name(one->action, answer), one->count, one->count == 1 ? "" : "s");
	}
	(void)complain(CTL_OK, "%s", trial->count > 0 ? "what is \"log\" was allowed, all else refused" :
	    "nothing was refused");
}

static int
run(struct trial *trial, const struct program *program, char **command)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return complain(CTL_FAILED, "seccomp test: %s", strerror(errno));
	autofd int ours = ends[0], theirs = ends[1];
	/* As system(3) does: the terminal's signals are the command's. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	pid_t child = fork();
	if (child < 0)
		return complain(CTL_FAILED, "seccomp test: fork: %s", strerror(errno));
	if (child == 0)
		run_command(theirs, program, command);
	own_close(&theirs);
	autofd int listener = take_listener(ours, &trial->no_new_privs);
	int status = serve(trial, listener, child);
	if (listener >= 0)
		report(trial);
	return status;
}

int
seccomp_test(const struct filter *filter, char **command)
{
	struct error err = ERROR_INIT;
	struct program program = { .code = NULL };
	struct trial trial = { .filter = filter };

	if (listener_program(&filter->compiled, &program, &err) < 0)
		return complain_error("seccomp test", &err);
	int status = run(&trial, &program, command);
	free(program.code);
	return status;
}
