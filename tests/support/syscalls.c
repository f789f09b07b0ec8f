/*
 * syscalls ABI [NUMBER[,ARGUMENT...]]...: tries system calls, by default every number, and
 * prints what came of each: "ABI NUMBER done|ends|waits|killed|errno=N ARGUMENTS".  The arguments
 * are such that a call does no harm where it is let through, so that a system call filter is seen by
 * the answer alone: tests compare a run under a filter with one without.
 *
 *	x86_64, x32, int80   what a 64-bit program can call, by syscall and by int $0x80
 *	i386                 the same source, built for 32 bits
 *
 * Static and without a C library: there is none for 32 bits, and what a C library calls by
 * itself would be filtered, too.  Needs no right, and refuses to run with those of the host's
 * root: root of a user namespace is who shows what missing rights would hide.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
#include <asm/unistd_64.h>
#else
#include <asm/unistd_32.h>
#endif

#define ARGUMENTS 6
/* Linux 6.18 has 470; x32's own begin at 512. */
#define NUMBERS 700
#define X32_BIT 0x40000000UL
#define NONE (-1)
#define NO_KEY 0x7ffffffeUL

/* Just what is needed of the kernel's interface, the same for both word sizes. */
#define SIGNAL_KILL 9
#define SIGNAL_ALARM 14
#define SIGNAL_CHILD 17
#define SIGNAL_SYSTEM 31
#define LIMIT_CORE 4
#define CLONE_PIDFD_FLAG 0x1000UL
#define PROT_READ_WRITE 3
#define MAP_SHARED_ANONYMOUS 0x21
#define POLL_IN 1
/* sync(2) takes its time on a busy machine; nothing else should be waited for. */
#define PATIENCE_MS 120000

/* The offsets are known to syscalls.S. */
struct call {
	unsigned long number;
	unsigned long argument[ARGUMENTS];
	unsigned long forks; /* a child that comes of it ends at once */
};

/* syscalls.S */
#ifdef __x86_64__
long enter_syscall(const struct call *call);
#endif
long enter_int80(const struct call *call);

/* How a program calls, and where that one's numbers differ. */
struct abi {
	const char *name;
	long (*enter)(const struct call *call);
	unsigned long bits; /* set in each number */
	bool is_i386;
};

static const struct abi abis[] = {
#ifdef __x86_64__
	{ "x86_64", enter_syscall, 0, false },
	{ "x32", enter_syscall, X32_BIT, false },
	{ "int80", enter_int80, 0, true },
#else
	{ "i386", enter_int80, 0, true },
#endif
};

/*
 * Six times -1 is no descriptor, address, length, size, flag or process that there is, and what
 * the kernel says of it is not what a filter says.  But for these calls:
 */
enum care {
	CARE_NONE,
	CARE_FORKS, /* there may be a child */
	CARE_WAITS  /* it ends by a signal only */
};

static const struct special {
	long number64, number32;
	enum care care;
	unsigned long argument[ARGUMENTS];
} specials[] = {
	{ __NR_vfork, 190, CARE_FORKS, { 0 } },
	{ __NR_fork, 2, CARE_FORKS, { 0 } },
	{ __NR_clone, 120, CARE_FORKS, { ~0UL, ~0UL, ~0UL, ~0UL, ~0UL, ~0UL } },
	{ __NR_pause, 29, CARE_WAITS, { 0 } },
	{ NONE, 72, CARE_WAITS, { 0 } }, /* sigsuspend: -1 would keep all signals away */
	{ __NR_brk, 45, CARE_NONE, { 1 } }, /* answers with an address, by int $0x80 with half of it */
	/* A process that there can't be, and no signal: -1 would be everybody. */
	{ __NR_kill, 37, CARE_NONE, { 0x7fffffff, 127 } },
	{ __NR_tkill, 238, CARE_NONE, { 0x7fffffff, 127 } },
	/* ENOSYS is what these say of an operation that there is not. */
	{ __NR_futex, 240, CARE_NONE, { 1, 1, 1 } },
	{ NONE, 422, CARE_NONE, { 1, 1, 1 } },
	{ __NR_modify_ldt, 123, CARE_NONE, { 1, 0, 0 } },
	/* All flags would make queues and semaphores that stay; 13 is ipc's number of msgget. */
	{ __NR_msgget, 399, CARE_NONE, { NO_KEY } },
	{ __NR_semget, 393, CARE_NONE, { NO_KEY } },
	{ __NR_shmget, 395, CARE_NONE, { NO_KEY } },
	{ NONE, 117, CARE_NONE, { 13, NO_KEY } },
};

/* What a child tells by a page that both see. */
struct report {
	long result;
	bool is_back;
};

static long
system_call(unsigned long number, unsigned long a, unsigned long b, unsigned long c,
    unsigned long d, unsigned long e, unsigned long f)
{
	const struct call call = { number, { a, b, c, d, e, f }, 0 };

	return abis[0].enter(&call);
}

static _Noreturn void
end(int status)
{
	for (;;)
		(void)system_call(__NR_exit_group, (unsigned long)status, 0, 0, 0, 0, 0);
}

static bool
is_same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* One line at a time, so that it is out before a child is made. */
struct line {
	char text[256];
	size_t length;
};

static void
line_add(struct line *line, const char *text)
{
	for (; *text != '\0' && line->length < sizeof(line->text); text++)
		line->text[line->length++] = *text;
}

static void
line_add_number(struct line *line, unsigned long number, unsigned base)
{
	char digits[32];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number > 0);
	line_add(line, &digits[at]);
}

static void
line_write(const struct line *line, int fd)
{
	for (size_t at = 0; at < line->length;) {
		long n = system_call(__NR_write, (unsigned long)fd, (unsigned long)&line->text[at],
		    line->length - at, 0, 0, 0);
		if (n <= 0)
			end(2);
		at += (size_t)n;
	}
}

static _Noreturn void
die(const char *why)
{
	struct line line = { .length = 0 };

	line_add(&line, "syscalls: ");
	line_add(&line, why);
	line_add(&line, "\n");
	line_write(&line, 2);
	end(2);
}

static void *
page_shared(void)
{
#ifdef __x86_64__
	const unsigned long number = __NR_mmap;
#else
	const unsigned long number = __NR_mmap2;
#endif
	long at = system_call(number, 0, 4096, PROT_READ_WRITE, MAP_SHARED_ANONYMOUS, ~0UL, 0);

	if (at < 0 && at > -4096)
		die("no memory");
	return (void *)at; // NOLINT: an address is what this call returns
}

/* Kills a process that waits for this only; itself, in a fraction of a second. */
static void
alarm_set(void)
{
	const long timer[4] = { 0, 0, 0, 100000 };

	(void)system_call(__NR_setitimer, 0, (unsigned long)timer, 0, 0, 0, 0);
}

static long
fork_with_pidfd(int *pidfd)
{
	/* i386 and x86-64 agree on the first three arguments. */
	return system_call(__NR_clone, CLONE_PIDFD_FLAG | SIGNAL_CHILD, 0, (unsigned long)pidfd, 0, 0, 0);
}

/* The status of a child, as wait(2) gives it; what does not end is ended, as by the alarm. */
static int
child_await(long pid, int pidfd)
{
	struct {
		int fd;
		short events, got;
	} entry = { pidfd, POLL_IN, 0 };
	int status = 0;
	bool is_late = system_call(__NR_poll, (unsigned long)&entry, 1, PATIENCE_MS, 0, 0, 0) == 0;

	if (is_late)
		(void)system_call(__NR_kill, (unsigned long)pid, SIGNAL_KILL, 0, 0, 0, 0);
	if (system_call(__NR_wait4, (unsigned long)pid, (unsigned long)&status, 0, 0, 0, 0) != pid)
		die("a child is gone");
	(void)system_call(__NR_close, (unsigned long)pidfd, 0, 0, 0, 0, 0);
	return is_late ? SIGNAL_ALARM : status;
}

static void
line_add_result(struct line *line, const struct report *report, int status)
{
	if (report->is_back && report->result < 0 && report->result > -4096) {
		line_add(line, "errno=");
		line_add_number(line, (unsigned long)-report->result, 10);
	} else if (report->is_back) {
		line_add(line, "done");
	} else {
		int signal = status & 0x7f;
		line_add(line, signal == SIGNAL_SYSTEM ? "killed" : signal == SIGNAL_ALARM ? "waits" : "ends");
	}
}

static void
line_show(const struct abi *abi, const struct call *call, const struct report *report, int status)
{
	struct line line = { .length = 0 };

	line_add(&line, abi->name);
	line_add(&line, " ");
	line_add_number(&line, (call->number & ~abi->bits) & UINT32_MAX, 10);
	line_add(&line, " ");
	line_add_result(&line, report, status);
	for (size_t i = 0; i < ARGUMENTS; i++) {
		line_add(&line, " ");
		line_add_number(&line, call->argument[i], 16);
	}
	line_add(&line, "\n");
	line_write(&line, 1);
}

static void
try(const struct abi *abi, const struct call *call, enum care care, struct report *report)
{
	int pidfd = NONE;

	*report = (struct report) { 0, false };
	long pid = fork_with_pidfd(&pidfd);
	if (pid < 0)
		die("no process can be made");
	if (pid == 0) {
		if (care == CARE_WAITS)
			alarm_set();
		report->result = abi->enter(call);
		report->is_back = true;
		end(0);
	}
	line_show(abi, call, report, child_await(pid, pidfd));
}

static const struct special *
special_find(const struct abi *abi, unsigned long number)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if ((abi->is_i386 ? specials[i].number32 : specials[i].number64) == (long)number)
			return &specials[i];
	return NULL;
}

static enum care
care_of(const struct special *special)
{
	return special ? special->care : CARE_NONE;
}

static struct call
call_of(const struct abi *abi, unsigned long number, const struct special *special)
{
	struct call call = { number | abi->bits, { 0 }, care_of(special) == CARE_FORKS };

	for (size_t i = 0; i < ARGUMENTS; i++)
		call.argument[i] = (special ? special->argument[i] : ~0UL) & (abi->is_i386 ? UINT32_MAX : ~0UL);
	return call;
}

static void
try_number(const struct abi *abi, unsigned long number, struct report *report)
{
	const struct special *special = special_find(abi, number);
	const struct call call = call_of(abi, number, special);

	try(abi, &call, care_of(special), report);
}

static void
try_all(const struct abi *abi, struct report *report)
{
	/* Where a comparison of numbers could be one of signed ones, or forget a bit. */
	static const unsigned long far[] = { 1024, 0x10000, 0x3fffffff, 0x80000000, 0xbfffffff, 0xffffffff };

	for (unsigned long number = 0; number < NUMBERS; number++)
		try_number(abi, number, report);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		if (!(far[i] & abi->bits))
			try_number(abi, far[i], report);
}

/* Decimal, hexadecimal after 0x, a minus before either; ends at a comma or the text's end. */
static unsigned long
number_read(const char **cursor)
{
	const char *at = *cursor;
	bool is_negative = *at == '-';
	unsigned long number = 0;

	at += is_negative;
	unsigned base = at[0] == '0' && at[1] == 'x' ? 16 : 10;
	at += base == 16 ? 2 : 0;
	do {
		unsigned digit = *at >= '0' && *at <= '9' ? (unsigned)(*at - '0') :
		    *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10) : base;
		if (digit >= base)
			die("that is no number");
		number = number * base + digit;
		at++;
	} while (*at != '\0' && *at != ',');
	*cursor = at;
	return is_negative ? -number : number;
}

/* What is not given is 0. */
static void
try_given(const struct abi *abi, const char *text, struct report *report)
{
	unsigned long number = number_read(&text);
	enum care care = care_of(special_find(abi, number));
	struct call call = { number | abi->bits, { 0 }, care == CARE_FORKS };

	for (size_t i = 0; i < ARGUMENTS && *text == ','; i++) {
		text++;
		call.argument[i] = number_read(&text);
	}
	if (*text != '\0')
		die("too many arguments");
	try(abi, &call, care, report);
}

static bool
is_in(const char *needle, const char *text)
{
	for (; *text != '\0'; text++) {
		size_t n = 0;
		while (needle[n] != '\0' && needle[n] == text[n])
			n++;
		if (needle[n] == '\0')
			return true;
	}
	return false;
}

/* With all ids mapped, root's rights are the machine's. */
static bool
is_root_of_host(void)
{
	char map[256] = "4294967295";

	if (system_call(__NR_geteuid, 0, 0, 0, 0, 0, 0) != 0)
		return false;
	long fd = system_call(__NR_open, (unsigned long)"/proc/self/uid_map", 0, 0, 0, 0, 0);
	long got = system_call(__NR_read, (unsigned long)fd, (unsigned long)map, sizeof(map) - 1, 0, 0, 0);
	if (got > 0)
		map[got] = '\0';
	return is_in("4294967295", map);
}

/* Away from the terminal, which vhangup(2) is about; and no core dump of those that end. */
static void
session_leave(void)
{
	/* Of one byte there is none, and a handler of dumps is not asked either: core(5). */
	const unsigned long one[2] = { 1, 1 };
	int pidfd = NONE;

	(void)system_call(__NR_setrlimit, LIMIT_CORE, (unsigned long)one, 0, 0, 0, 0);
	long pid = fork_with_pidfd(&pidfd);
	int status = 0;

	if (pid < 0)
		die("no process can be made");
	if (pid == 0) {
		(void)system_call(__NR_setsid, 0, 0, 0, 0, 0, 0);
		return;
	}
	(void)system_call(__NR_wait4, (unsigned long)pid, (unsigned long)&status, 0, 0, 0, 0);
	end(status & 0x7f ? 2 : (status >> 8) & 0xff);
}

_Noreturn void probe(char **stack);

/* The stack as the kernel makes it: the number of arguments, the arguments. */
void
probe(char **stack)
{
	const size_t count = (size_t)stack[0];
	char **argument = stack + 1;

	for (size_t i = 0; count > 1 && i < sizeof(abis) / sizeof(abis[0]); i++) {
		if (!is_same(argument[1], abis[i].name))
			continue;
		if (is_root_of_host())
			die("not with the rights of the host's root");
		session_leave();
		struct report *report = page_shared();
		if (count == 2)
			try_all(&abis[i], report);
		for (size_t k = 2; k < count; k++)
			try_given(&abis[i], argument[k], report);
		end(0);
	}
	die("usage: syscalls ABI [NUMBER[,ARGUMENT...]]...");
}
