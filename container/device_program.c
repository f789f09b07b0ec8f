/*
 * cgroup2's side: a BPF program that the kernel asks at each open and mknod of a device by a
 * process of the cgroup or one below; 1 lets it, 0 is EPERM.  linux/bpf.h,
 * BPF_PROG_TYPE_CGROUP_DEVICE.  It is attached with BPF_F_ALLOW_MULTI, so that programs of
 * cgroups above and below are asked, too, and all must agree.
 */
#include "container/device_access.h"

#include "lib/own.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A number takes at most seven instructions, the program's ends six. */
#define CODE_PER_NUMBER 7
#define CODE_ENDS 8
#define ATTACHED_MAX 64

static int
bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static uint64_t
address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

struct code {
	struct bpf_insn *insn;
	size_t count;
};

static void
emit(struct code *code, uint8_t op, uint8_t to, uint8_t from, int16_t offset, int32_t value)
{
	code->insn[code->count++] = (struct bpf_insn) {
		.code = op, .dst_reg = to & 15, .src_reg = from & 15, .off = offset, .imm = value,
	};
}

#define FIELD(name) ((int16_t)offsetof(struct bpf_cgroup_dev_ctx, name))

/* r2: type, r3: what is asked for, r4: major, r5: minor. */
static void
emit_begin(struct code *code)
{
	emit(code, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, FIELD(access_type), 0);
	emit(code, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(code, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit(code, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(code, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1, FIELD(major), 0);
	emit(code, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1, FIELD(minor), 0);
}

static uint32_t
asked(unsigned may)
{
	return (may & DEVICE_MAY_READ ? BPF_DEVCG_ACC_READ : 0U) |
	    (may & DEVICE_MAY_WRITE ? BPF_DEVCG_ACC_WRITE : 0U) |
	    (may & DEVICE_MAY_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0U);
}

/* Each test jumps to the next number where it fails; what passes all of them is let. */
static void
emit_number(struct code *code, const struct device_number *number)
{
	const uint32_t refused = ~asked(number->may) &
	    (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD);
	const int has_minor = number->minor != DEVICE_ALL;

	emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, (int16_t)(4 + has_minor + (refused != 0)) - 1,
	    number->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (refused)
		emit(code, BPF_JMP | BPF_JSET | BPF_K, BPF_REG_3, 0, (int16_t)(3 + has_minor),
		    (int32_t)refused);
	emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, (int16_t)(2 + has_minor), number->major);
	if (has_minor)
		emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, 2, number->minor);
	emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void
emit_end(struct code *code)
{
	emit(code, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int
load(const struct device_numbers *numbers, struct error *err)
{
	autofree struct bpf_insn *insn = calloc(numbers->count * CODE_PER_NUMBER + CODE_ENDS,
	    sizeof(*insn));
	struct code code = { .insn = insn };
	union bpf_attr attr;

	if (!insn)
		return error_set(err, errno, "make the program for devices");
	emit_begin(&code);
	for (size_t i = 0; i < numbers->count; i++)
		emit_number(&code, &numbers->item[i]);
	emit_end(&code);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = address(insn);
	attr.insn_cnt = (uint32_t)code.count;
	attr.license = address("GPL");
	memcpy(attr.prog_name, "pam_ctr_devices", sizeof("pam_ctr_devices"));
	int program = bpf(BPF_PROG_LOAD, &attr);
	return program < 0 ? error_set(err, errno, "load the program for devices (a kernel without "
	    "CONFIG_CGROUP_BPF needs v1's hierarchy \"devices\" mounted)") : program;
}

struct attached {
	uint32_t id[ATTACHED_MAX];
	size_t count;
};

/* Of this directory alone, not those above that count here, too. */
static int
query(int directory, struct attached *attached, struct error *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)directory;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = address(attached->id);
	attr.query.prog_cnt = ATTACHED_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return error_set(err, errno, "look at the programs for devices");
	attached->count = attr.query.prog_cnt;
	return 0;
}

static int
info_of(int program, struct bpf_prog_info *info)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	memset(info, 0, sizeof(*info));
	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(*info);
	attr.info.info = address(info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* Ours among them, by its name; -1: none is. */
static int
find_own(const struct attached *attached)
{
	for (size_t i = 0; i < attached->count; i++) {
		union bpf_attr attr;
		struct bpf_prog_info info;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = attached->id[i];
		autofd int program = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (program >= 0 && info_of(program, &info) == 0 &&
		    !strcmp(info.name, "pam_ctr_devices"))
			return take_fd(&program);
	}
	return -1;
}

static int
attach(int directory, int program, int old, struct error *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)directory;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI | (old >= 0 ? BPF_F_REPLACE : 0U);
	attr.replace_bpf_fd = old >= 0 ? (uint32_t)old : 0;
	return bpf(BPF_PROG_ATTACH, &attr) < 0 ?
	    error_set(err, errno, "attach the program for devices") : 0;
}

static bool
is_attached(const struct attached *attached, uint32_t id)
{
	for (size_t i = 0; i < attached->count; i++)
		if (attached->id[i] == id)
			return true;
	return false;
}

int
device_program_set(int directory, const struct device_numbers *numbers, struct error *err)
{
	struct attached attached = { .count = 0 };
	struct bpf_prog_info info;
	/* bpf(2) takes no O_PATH descriptor. */
	autofd int cgroup = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (cgroup < 0)
		return error_set(err, errno, "open the cgroup");
	autofd int program = load(numbers, err);
	if (program < 0 || query(cgroup, &attached, err) < 0)
		return -1;
	autofd int old = find_own(&attached);
	if (attach(cgroup, program, old, err) < 0 || query(cgroup, &attached, err) < 0)
		return -1;
	if (info_of(program, &info) < 0)
		return error_set(err, errno, "look at the program for devices");
	return is_attached(&attached, info.id) ? 0 :
	    error_set(err, EPERM, "the program for devices was attached, and is not there");
}
