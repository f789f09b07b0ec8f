/*
 * Names and sets of capabilities, and which of them a login keeps.  Pure.  Sets are lists of
 * what is allowed: a capability that a later kernel adds is nobody's until it is named here.
 */
#include "policy/capability.h"

#include "lib/text.h"
#include "policy/value.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#define SET_BITS 64

static const char *const name_table[SET_BITS] = {
#include "policy/capability_names.def"
};

/*
 * What set-user-id programs of a shell host use: su, sudo, passwd, crontab, at, ping, mail.
 * sys_resource, sys_nice: pam_limits inside, in sudo's and su's stack.
 */
static const uint64_t kept_by_all = CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) |
    CAPABILITY(CAP_FOWNER) | CAPABILITY(CAP_FSETID) | CAPABILITY(CAP_KILL) |
    CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETPCAP) |
    CAPABILITY(CAP_SETFCAP) | CAPABILITY(CAP_NET_BIND_SERVICE) | CAPABILITY(CAP_NET_BROADCAST) |
    CAPABILITY(CAP_NET_RAW) | CAPABILITY(CAP_IPC_LOCK) | CAPABILITY(CAP_IPC_OWNER) |
    CAPABILITY(CAP_SYS_CHROOT) | CAPABILITY(CAP_SYS_NICE) | CAPABILITY(CAP_SYS_RESOURCE) |
    CAPABILITY(CAP_SYS_TTY_CONFIG) | CAPABILITY(CAP_LEASE) | CAPABILITY(CAP_AUDIT_WRITE);

static const uint64_t of_host = CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_MODULE) |
    CAPABILITY(CAP_SYS_RAWIO) | CAPABILITY(CAP_SYS_BOOT) | CAPABILITY(CAP_SYS_TIME) |
    CAPABILITY(CAP_SYS_PACCT) | CAPABILITY(CAP_SYSLOG) | CAPABILITY(CAP_MAC_ADMIN) |
    CAPABILITY(CAP_MAC_OVERRIDE) | CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) |
    CAPABILITY(CAP_AUDIT_CONTROL) | CAPABILITY(CAP_AUDIT_READ) |
    CAPABILITY(CAP_MKNOD) |            /* a node of the host's disk */
    CAPABILITY(CAP_DAC_READ_SEARCH);   /* open_by_handle_at(2): any file of a mounted file system */

const char *
capability_name(unsigned number)
{
	return number < SET_BITS ? name_table[number] : NULL;
}

bool
capability_find(const char *text, unsigned *number)
{
	uint64_t value = 0;

	if (strncmp(text, "cap_", 4) == 0)
		text += 4;
	for (unsigned i = 0; i < SET_BITS; i++) {
		if (name_table[i] && strcmp(name_table[i], text) == 0) {
			*number = i;
			return true;
		}
	}
	if (!text_to_number(text, SET_BITS - 1, &value) || !name_table[value])
		return false;
	*number = (unsigned)value;
	return true;
}

const char *
capability_format(uint64_t set, char *text, size_t size)
{
	size_t length = 0;

	(void)snprintf(text, size, "%s", VALUE_NONE);
	for (unsigned i = 0; i < SET_BITS && length < size; i++) {
		if (!(set & CAPABILITY(i)) || !name_table[i])
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? " " : "",
		    name_table[i]);
	}
	return text;
}

static uint64_t
all_named(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < SET_BITS; i++)
		set |= name_table[i] ? CAPABILITY(i) : 0;
	return set;
}

static uint64_t
apply_item(uint64_t set, const char *item, uint64_t profile)
{
	unsigned number;
	bool has_sign = item[0] == '+' || item[0] == '-';

	if (strcmp(item, "all") == 0)
		return all_named();
	if (strcmp(item, "profile") == 0)
		return profile;
	if (!capability_find(item + has_sign, &number))
		return set;
	return item[0] == '-' ? set & ~CAPABILITY(number) : set | CAPABILITY(number);
}

uint64_t
capability_apply(const char *normal, uint64_t profile)
{
	uint64_t set = normal[0] == '+' || normal[0] == '-' ? profile : 0;

	while (*normal != '\0') {
		char item[64];
		size_t length = strcspn(normal, "\n");

		(void)snprintf(item, sizeof(item), "%.*s", (int)length, normal);
		set = apply_item(set, item, profile);
		normal += length + (normal[length] == '\n');
	}
	return set;
}

uint64_t
capability_of_profile(const struct policy *policy)
{
	uint64_t set = kept_by_all;

	if (policy->userns == USERNS_HOST)
		return set;
	/* Over nothing but the container's own. */
	set |= CAPABILITY(CAP_SYS_PTRACE);
	if (policy->network == NETWORK_PRIVATE)
		set |= CAPABILITY(CAP_NET_ADMIN);
	/*
	 * newuidmap(1) needs it over the user namespace whose map it writes.  The container's mounts
	 * are not its user namespace's: it mounts nothing there.
	 */
	if (policy->nesting && policy->setuid)
		set |= CAPABILITY(CAP_SYS_ADMIN);
	return set;
}

bool
capability_ambient_lives(const char *service)
{
	/* util-linux's su, shadow's login, and ctrctl enter; neither sshd nor cron, at and sudo. */
	static const char *const taker[] = { "su", "su-l", "login", "remote", "ctrctl" };

	for (size_t i = 0; i < sizeof(taker) / sizeof(taker[0]); i++)
		if (strcmp(service, taker[i]) == 0)
			return true;
	return false;
}

uint64_t
capability_of_host(void)
{
	return of_host;
}
