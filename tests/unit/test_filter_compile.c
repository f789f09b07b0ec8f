/*
 * filter/compile.c, border.c, entry.c and listener.c: what the programs answer, by simulation,
 * against what the text says, for each shipped filter and each kind of program.  Pure, but for reading etc/seccomp.
 */
#include "filter/build.h"
#include "filter/entry.h"
#include "filter/listener.h"
#include "filter/simulate.h"
#include "lib/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define UPPER UINT64_C(0xdeadbeef00000000)
#define HIGHEST 1200

static struct filter *
build_for(const char *text, bool nesting, uint32_t native)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	const struct filter_reader reader = { .read = sources_read, .is_call = compile_knows,
		.context = &filter->sources, .nesting = nesting };
	struct error err = ERROR_INIT;
	char path[64];

	(void)snprintf(path, sizeof(path), "etc/seccomp/%s", text);
	architectures_of(native, &filter->architectures);
	cr_assert_eq(text_parse(&reader, path, &filter->ruleset, stderr), 0);
	cr_assert_eq(compile_ruleset(&filter->ruleset, &filter->architectures, &filter->compiled, &err), 0,
	    "%s", err.text);
	return filter;
}

static struct filter *
build_text(const char *text)
{
	char path[] = "/tmp/filter.XXXXXX";
	int fd = mkstemp(path);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	struct filter *filter = filter_build(path, false, stderr);
	cr_assert(filter != NULL, "%s", text);
	(void)close(fd);
	(void)unlink(path);
	return filter;
}

/* 0: allowed, -1: and logged, -2: killed; else the errno. */
static int
errno_of(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW: return 0;
	case SECCOMP_RET_ERRNO: return (int)(action & SECCOMP_RET_DATA);
	case SECCOMP_RET_LOG: return -1;
	default: return -2;
	}
}

static int
answer(const struct filter *filter, uint32_t token, const char *call, uint64_t a0, uint64_t a1)
{
	struct seccomp_data data = { .args = { a0, a1 } };

	cr_assert_eq(simulate_call(token, call, &data), 0, "%s", call);
	return errno_of(simulate(&filter->compiled, &data, NULL));
}

static int
wanted(struct verdict verdict)
{
	switch (verdict.kind) {
	case VERDICT_ALLOW: return 0;
	case VERDICT_LOG: return -1;
	case VERDICT_ERRNO: return verdict.errnum;
	case VERDICT_KILL:
	case VERDICT_NONE: break;
	}
	return -2;
}

/* Calls without tests: the text's word, and the default for those that it does not name. */
static void
expect_as_text(const struct filter *filter, uint32_t token)
{
	int offset = token == SCMP_ARCH_X32 ? 0x40000000 : 0;
	size_t checked = 0;

	for (int number = 0; number < HIGHEST; number++) {
		autofree char *name = seccomp_syscall_resolve_num_arch(token, offset + number);
		const struct call *call = name ? ruleset_find(&filter->ruleset, name) : NULL;
		struct verdict verdict = call && call->whole.kind != VERDICT_NONE ? call->whole :
		    filter->ruleset.fallback;
		struct seccomp_data data = { .nr = 0 };

		if (!name || (call && call->conditions > 0))
			continue;
		data.nr = offset + number;
		data.arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
		cr_expect_eq(errno_of(simulate(&filter->compiled, &data, NULL)), wanted(verdict), "%s of %s",
		    name, architecture_name(token));
		checked++;
	}
	cr_expect_gt(checked, 250);
}

Test(filter_compile, shipped_filters_answer_as_their_texts_say)
{
	static const char *const name[] = { "default", "strict" };
	static const uint32_t native[] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_RISCV64 };

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		for (int nesting = 0; nesting < 2; nesting++)
			for (size_t n = 0; n < sizeof(native) / sizeof(native[0]); n++) {
				struct filter *filter = build_for(name[i], nesting, native[n]);
				for (size_t a = 0; a < filter->architectures.count; a++)
					expect_as_text(filter, filter->architectures.token[a]);
				filter_free(filter);
			}
}

static void
expect(const struct filter *filter, uint32_t token, const char *call, uint64_t a0, uint64_t a1, int errnum)
{
	int got = answer(filter, token, call, a0, a1);

	cr_expect_eq(got, errnum, "%s(%llx, %llx) of %s: %d, not %d", call, (unsigned long long)a0,
	    (unsigned long long)a1, architecture_name(token), got, errnum);
}

Test(filter_compile, arguments_of_the_default_filter)
{
	static const uint64_t flag[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
		CLONE_NEWUTS, CLONE_NEWCGROUP };
	struct filter *plain = build_for("default", false, SCMP_ARCH_X86_64);
	struct filter *nested = build_for("default", true, SCMP_ARCH_X86_64);
	static const uint32_t token[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };

	for (size_t t = 0; t < 3; t++) {
		/* The kernel looks at 32 bits of an int, whatever is above. */
		expect(plain, token[t], "ioctl", 0, TIOCSTI, EPERM);
		expect(plain, token[t], "ioctl", 0, UPPER | TIOCSTI, EPERM);
		expect(plain, token[t], "ioctl", 0, UPPER | TIOCLINUX, EPERM);
		expect(plain, token[t], "ioctl", 0, TCGETS, 0);
		expect(plain, token[t], "clone", CLONE_VM | CLONE_THREAD, 0, 0);
		expect(plain, token[t], "clone3", 0, 0, ENOSYS);
		expect(nested, token[t], "clone3", 0, 0, 0);
		expect(plain, token[t], "unshare", CLONE_FS | CLONE_FILES, 0, 0);
		for (size_t f = 0; f < sizeof(flag) / sizeof(flag[0]); f++) {
			expect(plain, token[t], "clone", flag[f] | 17, 0, EPERM);
			expect(plain, token[t], "clone", UPPER | flag[f] | CLONE_VM, 0, EPERM);
			expect(plain, token[t], "unshare", flag[f], 0, EPERM);
			expect(plain, token[t], "unshare", flag[f] | CLONE_FS, 0, EPERM);
			expect(nested, token[t], "clone", flag[f] | 17, 0, 0);
			expect(nested, token[t], "unshare", flag[f], 0, 0);
		}
		expect(plain, token[t], "personality", 0xffffffff, 0, 0);
		expect(plain, token[t], "personality", 0x0040000, 0, 0); /* ADDR_NO_RANDOMIZE */
		expect(plain, token[t], "personality", 0x0400000, 0, EPERM); /* READ_IMPLIES_EXEC */
		expect(plain, token[t], "prctl", FILTER_PROBE, 0, FILTER_PROBE_ERRNO);
	}
	for (uint64_t family = 0; family < 48; family++) {
		bool used = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
		    family == AF_NETLINK || family == AF_PACKET || family == AF_CAN;
		expect(plain, SCMP_ARCH_X86_64, "socket", family, 0, used ? 0 : EPERM);
		expect(plain, SCMP_ARCH_X86_64, "socket", UPPER | family, 0, used ? 0 : EPERM);
	}
	filter_free(plain);
	filter_free(nested);
}

/* Numbers that libseccomp does not know yet, and processors that no program of here is for. */
Test(filter_compile, what_nobody_knows_is_not_there)
{
	struct filter *filter = build_for("default", false, SCMP_ARCH_X86_64);
	const struct {
		uint32_t arch;
		int nr;
	} row[] = {
		{ SCMP_ARCH_X86_64, 999 }, { SCMP_ARCH_X86_64, 0x3fffffff }, { SCMP_ARCH_X86, 999 },
		{ SCMP_ARCH_X86_64, 0x40000000 | 999 }, { SCMP_ARCH_AARCH64, 56 }, { 0, 0 }, { UINT32_MAX, 1 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct seccomp_data data = { .arch = row[i].arch, .nr = row[i].nr };
		cr_expect_eq(simulate(&filter->compiled, &data, NULL), SECCOMP_RET_ERRNO | ENOSYS, "row %zu", i);
	}
	filter_free(filter);
}

Test(filter_compile, all_kinds_of_answers)
{
	struct filter *filter = build_text("default log\nlogging yes\nallow read\ndeny mkdir EOWNERDEAD\n"
	    "kill reboot\ndeny getpid ENOSYS\nkill ioctl int1==7\ndeny ioctl int1==8 EIO\nlog write\n");
	bool logs;
	struct seccomp_data data = { .nr = 0 };

	expect(filter, SCMP_ARCH_X86_64, "read", 0, 0, 0);
	expect(filter, SCMP_ARCH_X86_64, "mkdir", 0, 0, EOWNERDEAD);
	expect(filter, SCMP_ARCH_X86_64, "reboot", 0, 0, -2);
	expect(filter, SCMP_ARCH_X86_64, "getpid", 0, 0, ENOSYS);
	expect(filter, SCMP_ARCH_X86_64, "ioctl", 0, 7, -2);
	expect(filter, SCMP_ARCH_X86_64, "ioctl", 0, 8, EIO);
	expect(filter, SCMP_ARCH_X86_64, "ioctl", 0, 9, -1);
	expect(filter, SCMP_ARCH_X86_64, "write", 0, 0, -1);
	expect(filter, SCMP_ARCH_X86_64, "rmdir", 0, 0, -1);
	cr_assert_eq(simulate_call(SCMP_ARCH_X86_64, "mkdir", &data), 0);
	(void)simulate(&filter->compiled, &data, &logs);
	cr_expect(logs, "a refusal is told");
	cr_assert_eq(simulate_call(SCMP_ARCH_X86_64, "getpid", &data), 0);
	(void)simulate(&filter->compiled, &data, &logs);
	cr_expect(!logs, "what is not there is none");
	filter_free(filter);
}

/* The one program that asks lets pass what the stack lets pass, and asks about all else. */
Test(filter_compile, a_listener_is_asked_what_is_refused)
{
	struct filter *filter = build_for("default", false, SCMP_ARCH_X86_64);
	struct program program;
	struct error err = ERROR_INIT;
	unsigned asked = 0;

	cr_assert_eq(listener_program(&filter->compiled, &program, &err), 0, "%s", err.text);
	const struct compiled one = { .program = { program }, .count = 1 };
	for (int number = 0; number < HIGHEST; number++)
		for (size_t a = 0; a < 2; a++) {
			struct seccomp_data data = { .arch = a ? SCMP_ARCH_X86 : SCMP_ARCH_X86_64, .nr = number,
				.args = { CLONE_NEWUSER, TIOCSTI } };
			uint32_t stack = simulate(&filter->compiled, &data, NULL), single = simulate(&one, &data, NULL);
			cr_expect_eq(single, stack == SECCOMP_RET_ALLOW ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF,
			    "number %d: %#x, %#x", number, stack, single);
			asked += single == SECCOMP_RET_USER_NOTIF;
		}
	cr_expect_gt(asked, 100);
	struct filter *none = build_text("default errno EPERM\nallow read\n");
	struct program strict;
	cr_assert_eq(listener_program(&none->compiled, &strict, &err), 0);
	const struct compiled pass = { .program = { strict }, .count = 1 };
	struct seccomp_data hand_on = { .arch = SCMP_ARCH_X86_64, .nr = SYS_sendmsg, .args = { [5] = LISTENER_PASS } };
	cr_expect_eq(simulate(&pass, &hand_on, NULL), SECCOMP_RET_ALLOW);
	hand_on.args[5] = 0;
	cr_expect_eq(simulate(&pass, &hand_on, NULL), SECCOMP_RET_USER_NOTIF);
	free(program.code);
	free(strict.code);
	filter_free(filter);
	filter_free(none);
}

Test(filter_compile, an_entry_is_whole_or_none)
{
	struct filter *filter = build_for("strict", false, 0);
	const struct filter_maker maker = { 1, 2, 3 };
	struct error err = ERROR_INIT;
	size_t size, cursor = 0;
	unsigned char *bytes = entry_pack(&filter->compiled, &filter->sources, true, &maker, &size, &err);
	const struct filter_entry_head *head = (const void *)bytes;

	cr_assert(bytes != NULL, "%s", err.text);
	cr_expect_eq(filter_entry_check(bytes, size, &err), 0, "%s", err.text);
	cr_expect(head->nesting == 1 && head->maker.inode == 3 && head->texts == 1);
	const struct filter_entry_text *text = filter_entry_text(bytes, &cursor);
	cr_expect_str_eq(text->name, "etc/seccomp/strict");
	cr_expect_eq(text->length, filter->sources.source[0].length);
	cr_expect_eq(memcmp(text + 1, filter->sources.source[0].text, text->length), 0);
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= 1 << at % 8;
		cr_expect_eq(filter_entry_check(bytes, size, &err), -1, "byte %zu", at);
		bytes[at] ^= 1 << at % 8;
	}
	for (size_t length = 0; length < size; length++)
		cr_expect_eq(filter_entry_check(bytes, length, &err), -1, "%zu bytes", length);
	cr_expect_eq(filter_entry_check(bytes, size, &err), 0);
	free(bytes);
	filter_free(filter);
}

/* The sum is right, and the numbers in it are not: as who can write the file could make it. */
Test(filter_compile, an_entry_that_points_outside)
{
	struct filter *filter = build_for("strict", false, 0);
	const struct filter_maker maker = { 1, 2, 3 };
	struct error err = ERROR_INIT;
	size_t size;
	unsigned char *bytes = entry_pack(&filter->compiled, &filter->sources, false, &maker, &size, &err);
	struct filter_entry_head *head = (void *)bytes, good = *head;

	for (int row = 0; row < 7; row++) {
		*head = good;
		switch (row) {
		case 0: head->program[0].offset = (uint32_t)size - 4; break;
		case 1: head->program[0].count = FILTER_CODE_MAX + 1; break;
		case 2: head->program[1].offset = UINT32_MAX - 7; break;
		case 3: head->programs = FILTER_PROGRAMS_MAX + 1; break;
		case 4: head->programs = 0; break;
		case 5: head->texts = 100; break;
		default: head->program[0].count = 0;
		}
		head->hash = filter_entry_hash(bytes, size);
		cr_expect_eq(filter_entry_check(bytes, size, &err), -1, "row %d", row);
	}
	free(bytes);
	filter_free(filter);
}
