/*
 * Rules of devices against recorded ones (tests/data/udev, in the format of umockdev-record):
 * who gets which nodes.  The helper asks libudev for the same facts; here they are the record's.
 */
#include "test_policy_fixture.h"

#include "policy/device_rule.h"

#define BOARDS "tests/data/udev/boards.umockdev"
#define LINES_MAX 64
#define DEVICES_MAX 32
#define RULES_MAX 8

/* A paragraph of the record: lines "P: path", "N: node", "E: KEY=value", "A: name=value\n"... */
struct recorded {
	const char *path;
	char *line[LINES_MAX];
	size_t lines;
	const struct recorded *all; /* where its parents are */
};

struct record {
	char *text;
	struct recorded device[DEVICES_MAX];
	size_t count;
};

static void
record_read(struct record *record, const char *path)
{
	char *cursor = NULL;

	*record = (struct record) { .text = fixture_read(path, NULL) };
	for (char *line = strtok_r(record->text, "\n", &cursor); line; line = strtok_r(NULL, "\n", &cursor)) {
		if (!strncmp(line, "P: ", 3))
			record->device[record->count++] = (struct recorded) { .path = line + 3,
			    .all = record->device };
		struct recorded *device = &record->device[record->count - 1];
		cr_assert(record->count > 0 && record->count < DEVICES_MAX && device->lines < LINES_MAX);
		if (strlen(line) > 2 && !strcmp(line + strlen(line) - 2, "\\n"))
			line[strlen(line) - 2] = '\0';
		device->line[device->lines++] = line;
	}
}

/* Value number index of the lines that begin with "K: " and name=, name "" for all of the kind. */
static const char *
value_of(const struct recorded *device, char kind, const char *name, size_t index)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < device->lines; i++) {
		const char *line = device->line[i];

		if (line[0] != kind || strncmp(line + 3, name, length) != 0 ||
		    (length > 0 && line[3 + length] != '='))
			continue;
		if (index-- == 0)
			return line + 3 + (length > 0 ? length + 1 : 0);
	}
	return NULL;
}

/* The nearest device that the path hangs on. */
static const struct recorded *
parent_of(const struct recorded *device)
{
	const struct recorded *found = NULL;

	for (const struct recorded *other = device->all; other < device->all + DEVICES_MAX; other++) {
		size_t length = other->path ? strlen(other->path) : 0;
		if (length > 0 && other != device && !strncmp(device->path, other->path, length) &&
		    device->path[length] == '/' && (!found || length > strlen(found->path)))
			found = other;
	}
	return found;
}

static const char *
upwards(const struct recorded *device, char kind, const char *name, size_t index)
{
	for (; device; device = parent_of(device)) {
		const char *value = value_of(device, kind, name, 0);
		if (value && index-- == 0)
			return value;
	}
	return NULL;
}

static const char *
property_of(const struct recorded *device, const char *name)
{
	const char *value = value_of(device, 'E', name, 0), *attribute = device_property_attribute(name);

	return value || !attribute ? value : upwards(device, 'A', attribute, 0);
}

static const char *
get(void *context, enum device_fact fact, const char *name, size_t index)
{
	static char node[256];
	const struct recorded *device = context;
	const char *value;

	switch (fact) {
	case DEVICE_SUBSYSTEM: return index == 0 ? value_of(device, 'E', "SUBSYSTEM", 0) : NULL;
	case DEVICE_SYSNAME: return index == 0 ? strrchr(device->path, '/') + 1 : NULL;
	case DEVICE_DEVTYPE: return index == 0 ? value_of(device, 'E', "DEVTYPE", 0) : NULL;
	case DEVICE_DRIVER: return upwards(device, 'E', "DRIVER", index);
	case DEVICE_ATTRIBUTE: return index == 0 ? value_of(device, 'A', name, 0) : NULL;
	case DEVICE_ATTRIBUTES: return upwards(device, 'A', name, index);
	case DEVICE_PROPERTY: return index == 0 ? property_of(device, name) : NULL;
	case DEVICE_TAG: return index == 0 ? value_of(device, 'E', "TAGS", 0) : NULL;
	case DEVICE_DEVNODE:
		value = index == 0 ? value_of(device, 'N', "", 0) : value_of(device, 'S', "", index - 1);
		(void)snprintf(node, sizeof(node), "/dev/%s", value ? value : "");
		return value ? node : NULL;
	case DEVICE_USER:
	case DEVICE_GROUP:
		break;
	}
	cr_expect_fail("fact %d is not a device's", (int)fact);
	return NULL;
}

static size_t
rules_parse(const char *text, const struct subject *subject, struct device_rule *rules)
{
	char copy[1024], own[DEVICE_RULE_SIZE], reason[256], *cursor = NULL;
	size_t count = 0;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	for (char *rule = strtok_r(copy, ",", &cursor); rule; rule = strtok_r(NULL, ",", &cursor)) {
		cr_assert(device_rule_parse(rule, &rules[count], reason, sizeof(reason)), "%s: %s", rule,
		    reason);
		if (!device_rule_is_for(&rules[count], subject))
			continue;
		/* What a login hands on is its own. */
		device_rule_format(&rules[count], false, own, sizeof(own));
		cr_assert(device_rule_parse(own, &rules[count++], reason, sizeof(reason)), "%s", reason);
	}
	return count;
}

/* The nodes that rules give, with a blank after each, and with ":r" or ":w" if that is all. */
static void
given(struct record *record, const struct device_rule *rules, size_t count, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < record->count; i++) {
		const struct device_facts facts = { .get = get, .context = &record->device[i] };
		const char *node = value_of(&record->device[i], 'N', "", 0);
		const struct device_rule *rule = node ? device_rules_decide(rules, count, &facts) : NULL;

		if (rule && rule->allows)
			length += (size_t)snprintf(text + length, size - length, "%s%s ", node,
			    rule->access == DEVICE_READ ? ":r" : rule->access == DEVICE_WRITE ? ":w" : "");
	}
}

static void
expect_nodes(struct record *record, const struct subject *subject, const char *text,
    const char *wanted)
{
	struct device_rule rules[RULES_MAX];
	char nodes[512];

	given(record, rules, rules_parse(text, subject, rules), nodes, sizeof(nodes));
	cr_expect_str_eq(nodes, wanted, "%s: %snot %s", text, nodes, wanted);
}

Test(device_rule, who_gets_what_of_the_record)
{
	static const struct {
		const char *rules, *nodes;
	} row[] = {
		{ "allow subsystem=tty ID_VENDOR_ID=2341", "ttyACM0 " },
		{ "allow subsystem=tty", "ttyACM0 ttyUSB0 " },
		/* Of USB, from sysfs where udevd told nothing. */
		{ "allow subsystem=tty ID_VENDOR_ID=1a86", "ttyUSB0 " },
		{ "allow subsystem=tty attrs{idVendor}=1a86", "ttyUSB0 " },
		{ "allow subsystem=tty attr{idVendor}=1a86", "" },
		{ "allow sysname=ttyUSB*", "ttyUSB0 " },
		{ "allow sysname=ttyUSB[1-9]", "" },
		{ "allow driver=cdc_acm", "ttyACM0 " },
		{ "allow devnode=/dev/serial/by-id/usb-Arduino*", "ttyACM0 " },
		{ "allow devnode=/dev/kvm", "kvm " },
		{ "allow devnode=/dev/kvm, allow devnode=/dev/net/tun", "kvm net/tun " },
		{ "allow subsystem=drm", "dri/card0 dri/renderD128 " },
		{ "allow subsystem=drm sysname=renderD*", "dri/renderD128 " },
		{ "allow subsystem=drm, deny sysname=card*", "dri/renderD128 " },
		{ "deny sysname=card*, allow subsystem=drm", "dri/card0 dri/renderD128 " },
		{ "allow subsystem=drm, deny subsystem=drm, allow sysname=card0", "dri/card0 " },
		{ "allow subsystem=block", "sda " },
		{ "allow subsystem=block access=r", "sda:r " },
		{ "allow subsystem=block access=r, allow sysname=sda access=w", "sda:w " },
		{ "allow subsystem=usb devtype=usb_device ID_VENDOR_ID=2341", "bus/usb/001/004 " },
		{ "allow NO_SUCH_PROPERTY=*", "" },
		{ "allow attr{no_such}=*", "" },
		{ "deny subsystem=tty", "" },
		/* Who logs in: alice, of the groups students and lab. */
		{ "allow user=alice subsystem=tty", "ttyACM0 ttyUSB0 " },
		{ "allow user=1000 sysname=kvm", "kvm " },
		{ "allow user=bob subsystem=tty", "" },
		{ "allow group=lab subsystem=drm, allow group=gpu sysname=kvm", "dri/card0 dri/renderD128 " },
		{ "allow group=2001 sysname=kvm", "kvm " },
		{ "allow group=l?b sysname=kvm", "kvm " },
		{ "allow subsystem=drm, deny group=lab sysname=card0", "dri/renderD128 " },
		{ "allow subsystem=drm, deny user=bob sysname=card0", "dri/card0 dri/renderD128 " },
	};
	struct record record;
	struct fixture f;

	fixture_init(&f);
	record_read(&record, BOARDS);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		expect_nodes(&record, &f.subject, row[i].rules, row[i].nodes);
	free(record.text);
}

/* What nobody can tell must not let anybody in. */
Test(device_rule, without_udevd)
{
	static const struct {
		const char *rules, *wants, *nodes;
	} row[] = {
		{ "allow subsystem=tty tag=seat", "tag", "" },
		{ "allow subsystem=tty ID_BUS=usb", "ID_BUS", "ttyACM0 " },
		{ "allow subsystem=tty ID_VENDOR_ID=1a86", NULL, "ttyUSB0 " },
		{ "allow subsystem=drm MAJOR=226", NULL, "dri/card0 dri/renderD128 " },
		{ "allow subsystem=drm, deny sysname=card0 ID_PATH=no-such", "ID_PATH", "dri/renderD128 " },
		{ "allow subsystem=drm, deny tag=seat", "tag", "" },
	};
	struct device_rule rules[RULES_MAX];
	struct record record;
	struct fixture f;
	char nodes[512];

	fixture_init(&f);
	record_read(&record, BOARDS);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t count = rules_parse(row[i].rules, &f.subject, rules);
		const char *wants = device_rule_wants_udevd(&rules[count - 1]);

		cr_expect(wants == row[i].wants || (wants && row[i].wants && !strcmp(wants, row[i].wants)),
		    "%s wants %s", row[i].rules, wants ? wants : "nothing");
		for (size_t j = 0; j < count; j++)
			device_rule_without_udevd(&rules[j]);
		given(&record, rules, count, nodes, sizeof(nodes));
		cr_expect_str_eq(nodes, row[i].nodes, "%s: %s", row[i].rules, nodes);
	}
	free(record.text);
}

Test(device_rule, is_written_as_it_is_read)
{
	static const struct {
		const char *text, *with_login, *without;
	} row[] = {
		{ "allow  subsystem=tty\tuser=alice", "allow subsystem=tty user=alice", "allow subsystem=tty" },
		{ "deny attrs{idVendor}=12* access=rw", "deny attrs{idVendor}=12*", "deny attrs{idVendor}=12*" },
		{ "allow devnode=/dev/a=b access=w group=x", "allow devnode=/dev/a=b group=x access=w",
		    "allow devnode=/dev/a=b access=w" },
		{ "allow ID_X=1 access=r", "allow ID_X=1 access=r", "allow ID_X=1 access=r" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_rule rule, again;
		char text[DEVICE_RULE_SIZE], reason[256] = "";

		cr_assert(device_rule_parse(row[i].text, &rule, reason, sizeof(reason)), "%s", reason);
		device_rule_format(&rule, true, text, sizeof(text));
		cr_expect_str_eq(text, row[i].with_login);
		cr_expect(device_rule_parse(text, &again, reason, sizeof(reason)));
		cr_expect(memcmp(&rule, &again, sizeof(rule)) == 0, "%s", text);
		device_rule_format(&rule, false, text, sizeof(text));
		cr_expect_str_eq(text, row[i].without);
	}
}

Test(device_rule, no_rules)
{
	static const struct {
		const char *text, *reason;
	} row[] = {
		{ "", "\"\": a rule begins with allow or deny" },
		{ "grant subsystem=tty", "\"grant\": a rule begins with" },
		{ "allow", "\"allow\" matches every device" },
		{ "allow user=alice group=lab", "\"allow\" matches every device" },
		{ "deny sysname=x access=r", "a rule that denies takes no access=" },
		{ "allow subsystem", "\"subsystem\" is not NAME=PATTERN" },
		{ "allow subsystem=", "\"subsystem=\" is not NAME=PATTERN" },
		{ "allow colour=red", "\"colour=red\": what is matched is one of" },
		{ "allow attr=x", "\"attr=x\": what is matched is one of" },
		{ "allow attr{=x", "\"attr{=x\": what is matched is one of" },
		{ "allow attr{}=x", "\"attr{}=x\": what is matched is one of" },
		{ "allow subsystem{x}=x", "\"subsystem{x}=x\": what is matched is one of" },
		{ "allow sysname=x access=x", "\"access=x\": access is r, w or rw" },
		{ "allow sysname=x access=", "\"access=\" is not NAME=PATTERN" },
		{ "allow devnode=kvm", "\"devnode=kvm\": a devnode begins with /dev/" },
		{ "allow sysname=1 sysname=2 sysname=3 sysname=4 sysname=5 sysname=6 sysname=7 sysname=8 "
		  "sysname=9", "a rule has at most 8 matches" },
	};
	char longest[DEVICE_RULE_SIZE + 16] = "allow sysname=", reason[256];
	struct device_rule rule;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		reason[0] = '\0';
		cr_expect(!device_rule_parse(row[i].text, &rule, reason, sizeof(reason)), "%s", row[i].text);
		cr_expect(strncmp(reason, row[i].reason, strlen(row[i].reason)) == 0, "%s: %s", row[i].text,
		    reason);
	}
	memset(longest + strlen(longest), 'x', DEVICE_RULE_SIZE - strlen(longest));
	cr_expect(!device_rule_parse(longest, &rule, reason, sizeof(reason)));
	longest[DEVICE_PATTERN_SIZE + 20] = '\0';
	cr_expect(!device_rule_parse(longest, &rule, reason, sizeof(reason)));
	longest[DEVICE_PATTERN_SIZE + 10] = '\0';
	cr_expect(device_rule_parse(longest, &rule, reason, sizeof(reason)), "%s", reason);
}
