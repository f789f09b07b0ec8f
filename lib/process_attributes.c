/*
 * Runs as root inside foreign programs, between setns(2) and their next line: changes nothing
 * but what the policy asked for.  Plain system calls, since musl has none of some.
 */
#include "lib/process_attributes.h"

#include "lib/sys.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Linux has 41 capabilities today and room for 64; prctl(2) says where they end. */
#define CAPABILITIES_MAX 64

static const char *const rlimit_name[WIRE_RLIMITS] = {
	[RLIMIT_AS] = "as", [RLIMIT_CORE] = "core", [RLIMIT_CPU] = "cpu", [RLIMIT_DATA] = "data",
	[RLIMIT_FSIZE] = "fsize", [RLIMIT_LOCKS] = "locks", [RLIMIT_MEMLOCK] = "memlock",
	[RLIMIT_MSGQUEUE] = "msgqueue", [RLIMIT_NICE] = "nice", [RLIMIT_NOFILE] = "nofile",
	[RLIMIT_NPROC] = "nproc", [RLIMIT_RSS] = "rss", [RLIMIT_RTPRIO] = "rtprio",
	[RLIMIT_RTTIME] = "rttime", [RLIMIT_SIGPENDING] = "sigpending", [RLIMIT_STACK] = "stack",
};

struct sets {
	uint64_t effective, permitted, inheritable;
};

static int
read_sets(struct sets *sets, struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3] = { { .effective = 0 } };

	if (syscall(SYS_capget, &head, half) < 0)
		return error_set(err, errno, "read the capabilities");
	*sets = (struct sets) {
		.effective = (uint64_t)half[1].effective << 32 | half[0].effective,
		.permitted = (uint64_t)half[1].permitted << 32 | half[0].permitted,
		.inheritable = (uint64_t)half[1].inheritable << 32 | half[0].inheritable,
	};
	return 0;
}

static int
write_sets(const struct sets *sets, struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
	struct sets back;

	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		half[i] = (struct __user_cap_data_struct) {
			.effective = (uint32_t)(sets->effective >> (32 * i)),
			.permitted = (uint32_t)(sets->permitted >> (32 * i)),
			.inheritable = (uint32_t)(sets->inheritable >> (32 * i)),
		};
	if (syscall(SYS_capset, &head, half) < 0)
		return error_set(err, errno, "set the capabilities");
	if (read_sets(&back, err) < 0)
		return -1;
	if (back.effective != sets->effective || back.permitted != sets->permitted ||
	    back.inheritable != sets->inheritable)
		return error_set(err, EPERM, "set the capabilities: others are there now");
	return 0;
}

bool
attributes_has_capability(unsigned number)
{
	struct sets sets;

	return read_sets(&sets, NULL) == 0 && (sets.effective >> number & 1);
}

static struct rlimit
wanted_limit(const struct wire_process *process, unsigned resource)
{
	const uint64_t *limit = process->rlimit[resource];

	return (struct rlimit) {
		.rlim_cur = limit[0] == UINT64_MAX ? RLIM_INFINITY : (rlim_t)limit[0],
		.rlim_max = limit[1] == UINT64_MAX ? RLIM_INFINITY : (rlim_t)limit[1],
	};
}

int
attributes_check(const struct wire_process *process, struct error *err)
{
	for (unsigned i = 0; i < WIRE_RLIMITS; i++) {
		struct rlimit old, wanted = wanted_limit(process, i);

		if (!(process->rlimits >> i & 1))
			continue;
		if (sys_prlimit(0, i, NULL, &old) < 0)
			return error_set(err, errno, "read the limit %s", rlimit_name[i]);
		if (wanted.rlim_max > old.rlim_max && !attributes_has_capability(CAP_SYS_RESOURCE))
			return error_set(err, EPERM, "raise the limit %s: this service's hard limit is %llu, "
			    "and it lacks CAP_SYS_RESOURCE", rlimit_name[i], (unsigned long long)old.rlim_max);
	}
	return 0;
}

static int
set_limit(const struct wire_process *process, unsigned resource, struct error *err)
{
	struct rlimit back, wanted = wanted_limit(process, resource);

	if (sys_prlimit(0, resource, &wanted, NULL) < 0)
		return error_set(err, errno, "set the limit %s", rlimit_name[resource]);
	if (sys_prlimit(0, resource, NULL, &back) < 0 || back.rlim_cur != wanted.rlim_cur ||
	    back.rlim_max != wanted.rlim_max)
		return error_set(err, EPERM, "set the limit %s: it is another now", rlimit_name[resource]);
	return 0;
}

static int
set_nice(int nice, struct error *err)
{
	if (setpriority(PRIO_PROCESS, 0, nice) < 0)
		return error_set(err, errno, "set nice %d", nice);
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) != nice || errno != 0)
		return error_set(err, EPERM, "set nice %d: it is another now", nice);
	return 0;
}

/* musl's wrappers know of no scheduler. */
static int
set_scheduler(int class, struct error *err)
{
	const struct sched_param none = { .sched_priority = 0 };

	if (syscall(SYS_sched_setscheduler, 0, class, &none) < 0)
		return error_set(err, errno, "set scheduler %d", class);
	if (syscall(SYS_sched_getscheduler, 0) != class)
		return error_set(err, EPERM, "set scheduler %d: it is another now", class);
	return 0;
}

static int
set_timer_slack(uint64_t nanoseconds, struct error *err)
{
	if (prctl(PR_SET_TIMERSLACK, (unsigned long)nanoseconds, 0, 0, 0) < 0)
		return error_set(err, errno, "set the timer slack");
	if ((uint64_t)syscall(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0) != nanoseconds)
		return error_set(err, EPERM, "set the timer slack: it is another now");
	return 0;
}

static int
set_umask(mode_t mask, struct error *err)
{
	(void)umask(mask);
	return umask(mask) == mask ? 0 : error_set(err, EPERM, "set umask %03o", (unsigned)mask);
}

int
attributes_apply_host(const struct wire_process *process, struct error *err)
{
	for (unsigned i = 0; i < WIRE_RLIMITS; i++)
		if (process->rlimits >> i & 1 && set_limit(process, i, err) < 0)
			return -1;
	if (process->flags & WIRE_PROCESS_NICE && set_nice(process->nice, err) < 0)
		return -1;
	if (process->flags & WIRE_PROCESS_SCHEDULER &&
	    set_scheduler((int)process->scheduler, err) < 0)
		return -1;
	if (process->flags & WIRE_PROCESS_TIMER_SLACK &&
	    set_timer_slack(process->timer_slack, err) < 0)
		return -1;
	if (process->flags & WIRE_PROCESS_UMASK && set_umask((mode_t)process->umask, err) < 0)
		return -1;
	return 0;
}

static long
new_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

/*
 * A keyring is the real uid's.  Who has used up his quota of keys is to log in all the same,
 * with one of root's: whoever is in the session possesses it, which is all that counts.
 */
static long
keyring_of(uid_t uid, struct error *err)
{
	uid_t real, effective, saved;
	long made;
	int saved_errno;

	if (getresuid(&real, &effective, &saved) < 0 || setresuid(uid, (uid_t)-1, (uid_t)-1) < 0)
		return error_set(err, errno, "make the session keyring uid %u's", (unsigned)uid);
	made = new_keyring();
	saved_errno = errno;
	if (setresuid(real, (uid_t)-1, (uid_t)-1) < 0)
		return error_set(err, errno, "be uid %u again", (unsigned)real);
	errno = saved_errno;
	return made < 0 && errno == EDQUOT ? new_keyring() : made;
}

/* Where the kernel has no keys, or a filter over all of us refuses them, there is nothing to part. */
static int
join_keyring(uid_t uid, struct error *err)
{
	long before = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	bool has_none = before < 0 && (errno == ENOSYS || errno == EPERM);
	*err = (struct error)ERROR_INIT;
	long made = keyring_of(uid, err);

	if (made < 0 && err->text[0])
		return -1;
	if (made < 0 && has_none && (errno == ENOSYS || errno == EPERM))
		return 0;
	if (made < 0)
		return error_set(err, errno, "make a session keyring");
	if (made == before ||
	    syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) != made)
		return error_set(err, EPERM, "make a session keyring: it is another's");
	return 0;
}

static int
drop_bounding(uint64_t keep, struct error *err)
{
	for (unsigned long capability = 0; capability < CAPABILITIES_MAX; capability++) {
		int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (held < 0 && errno == EINVAL)
			break; /* the kernel knows no more of them */
		if (held < 0)
			return error_set(err, errno, "look for capability %lu", capability);
		if (!held || keep & (UINT64_C(1) << capability))
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return error_set(err, errno, "drop capability %lu", capability);
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 0)
			return error_set(err, EPERM, "capability %lu is still there", capability);
	}
	return 0;
}

static int
set_securebits(unsigned bits, struct error *err)
{
	int old = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);

	if (old < 0)
		return error_set(err, errno, "read the securebits");
	if (prctl(PR_SET_SECUREBITS, (unsigned long)((unsigned)old | bits), 0, 0, 0) < 0)
		return error_set(err, errno, "set the securebits");
	if (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != (int)((unsigned)old | bits))
		return error_set(err, EPERM, "set the securebits: others are there now");
	return 0;
}

/*
 * What the caller got from its own login (a service manager's, pam_cap's) is not the user's to
 * have, and the bounding set does not hold it back: an inheritable set is no matter of exec's.
 * lost: what the caller itself is not to go on with.
 */
static int
set_sets(uint64_t inheritable, uint64_t lost, struct error *err)
{
	struct sets sets;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_set(err, errno, "clear the ambient capabilities");
	if (read_sets(&sets, err) < 0)
		return -1;
	sets.inheritable = inheritable;
	sets.effective &= ~lost;
	sets.permitted &= ~lost;
	return write_sets(&sets, err) < 0 ? error_prefix(err, "inheritable capabilities") : 0;
}

/*
 * With these, modules that come after us would undo what the policy set: pam_limits resets every
 * limit.  The user's programs that are root's again have what the bounding set leaves them.
 */
static uint64_t
lost_by_caller(const struct wire_process *process)
{
	uint64_t lost = 0;

	if (process->rlimits)
		lost |= UINT64_C(1) << CAP_SYS_RESOURCE;
	if (process->flags & WIRE_PROCESS_NICE)
		lost |= UINT64_C(1) << CAP_SYS_NICE;
	return lost & ~process->ambient;
}

int
attributes_apply_last(const struct wire_process *process, uint64_t bounding, struct error *err)
{
	if (process->flags & WIRE_PROCESS_KEYRING && join_keyring(process->uid, err) < 0)
		return -1;
	if (drop_bounding(bounding, err) < 0 ||
	    (process->securebits && set_securebits(process->securebits, err) < 0) ||
	    set_sets(process->inheritable, lost_by_caller(process), err) < 0)
		return -1;
	if (process->ambient && (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 1))
		return error_set(err, errno, "keep the ambient capabilities for the user");
	if (process->flags & WIRE_PROCESS_NO_NEW_PRIVS &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1))
		return error_set(err, errno, "set no_new_privs");
	return 0;
}

int
attributes_raise_ambient(const struct wire_process *process, struct error *err)
{
	const struct sets sets = {
		.effective = process->ambient,
		.permitted = process->ambient,
		.inheritable = process->inheritable,
	};

	/* Effective goes with the change of ids; what is permitted may be made so again. */
	if (write_sets(&sets, err) < 0)
		return -1;
	for (unsigned long i = 0; i < CAPABILITIES_MAX; i++) {
		if (!(process->ambient >> i & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0 ||
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) != 1)
			return error_set(err, errno, "raise the ambient capability %lu", i);
	}
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ? error_set(err, errno, "let go of the capabilities") : 0;
}
