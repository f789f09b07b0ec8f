/*
 * policy/device_rule.c against recorded udev databases (tests/data/udev, umockdev's format): which
 * nodes a list of rules gives to whom, and what is said of rules that are none.
 */
#include "policy/device_rule.h"

#include "test_policy_fixture.h"

#define UDEV "tests/data/udev/"
#define DEVICES_MAX 64
#define LINES_MAX 40
#define RULES_MAX 8

/* A device's lines, as recorded; "P: /devices/..." is the first. */
struct device {
	char *line[LINES_MAX];
	size_t lines;
};

static struct database {
	struct device device[DEVICES_MAX];
	size_t devices;
	char *text[2]; /* owned; the lines lie in them */
} database;

/* What follows prefix in line number index of those that begin with it, or NULL. */
static const char *
line_of(const struct device *device, const char *prefix, size_t index)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < device->lines; i++)
		if (!strncmp(device->line[i], prefix, length) && index-- == 0)
			return device->line[i] + length;
	return NULL;
}

static void
read_records(char *cursor)
{
	char *line;

	while ((line = strsep(&cursor, "\n"))) {
		struct device *device = &database.device[database.devices];
		size_t length = strlen(line);

		if (!*line && device->lines > 0)
			database.devices++;
		if (!*line)
			continue;
		cr_assert(device->lines < LINES_MAX && database.devices < DEVICES_MAX, "%s", line);
		/* Written as two letters; sysfs ends attributes so, and libudev cuts it. */
		if (length > 2 && !strcmp(line + length - 2, "\\n"))
			line[length - 2] = '\0';
		device->line[device->lines++] = line;
	}
}

static void
set_up(void)
{
	database.text[0] = fixture_read(UDEV "boards.umockdev", NULL);
	database.text[1] = fixture_read(UDEV "media.umockdev", NULL);
	read_records(database.text[0]);
	read_records(database.text[1]);
	cr_assert_gt(database.devices, 15);
}

static void
tear_down(void)
{
	free(database.text[0]);
	free(database.text[1]);
}

TestSuite(device_rule, .init = set_up, .fini = tear_down);

static const char *
path_of(const struct device *device)
{
	const char *path = line_of(device, "P: ", 0);

	return path ? path : "/";
}

/* The nearest one above that is recorded. */
static const struct device *
parent_of(const struct device *device)
{
	const char *path = path_of(device);
	const struct device *parent = NULL;
	size_t best = 0;

	for (size_t i = 0; i < database.devices; i++) {
		const char *other = path_of(&database.device[i]);
		size_t length = strlen(other);
		if (length > best && !strncmp(other, path, length) && path[length] == '/') {
			parent = &database.device[i];
			best = length;
		}
	}
	return parent;
}

static const char *
value_of(const struct device *device, const char *kind, const char *name)
{
	char prefix[128];

	(void)snprintf(prefix, sizeof(prefix), "%s: %s=", kind, name);
	return line_of(device, prefix, 0);
}

static const char *
upwards(const struct device *device, const char *kind, const char *name, size_t index)
{
	for (; device; device = parent_of(device)) {
		const char *value = value_of(device, kind, name);
		if (value && index-- == 0)
			return value;
	}
	return NULL;
}

static const char *
devnode_of(const struct device *device, size_t index)
{
	static char path[512];
	const char *name = line_of(device, index == 0 ? "N: " : "S: ", index == 0 ? 0 : index - 1);

	(void)snprintf(path, sizeof(path), "/dev/%s", name ? name : "");
	return name ? path : NULL;
}

static const char *
tag_of(const struct device *device, size_t index)
{
	static char tag[64];
	const char *tags = value_of(device, "E", "TAGS");

	for (tags = tags ? tags + 1 : ""; *tags; tags += strcspn(tags, ":") + 1) {
		(void)snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(tags, ":"), tags);
		if (index-- == 0)
			return tag;
	}
	return NULL;
}

static const char *
get(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown)
{
	const struct device *device = context;

	*is_unknown = false;
	switch (fact) {
	case DEVICE_DEVNODE:
		return devnode_of(device, index);
	case DEVICE_TAG:
		return tag_of(device, index);
	case DEVICE_ATTRIBUTES:
		return upwards(device, "A", name, index);
	case DEVICE_DRIVER:
		return upwards(device, "E", "DRIVER", index);
	case DEVICE_SUBSYSTEM:
		return index == 0 ? value_of(device, "E", "SUBSYSTEM") : NULL;
	case DEVICE_SYSNAME:
		return index == 0 ? strrchr(path_of(device), '/') + 1 : NULL;
	case DEVICE_DEVTYPE:
		return index == 0 ? value_of(device, "E", "DEVTYPE") : NULL;
	case DEVICE_ATTRIBUTE:
		return index == 0 ? value_of(device, "A", name) : NULL;
	case DEVICE_PROPERTY:
		return index == 0 ? value_of(device, "E", name) : NULL;
	case DEVICE_USER:
	case DEVICE_GROUP:
		break;
	}
	cr_assert_fail("a device was asked who logs in");
	return NULL;
}

static struct device_rule
rule_of(const char *text)
{
	struct device_rule rule;
	char reason[256] = "";

	cr_assert(device_rule_parse(text, &rule, reason, sizeof(reason)), "%s: %s", text, reason);
	return rule;
}

/* "NODE NODE:r ..." of the records, in their order. */
static void
apply(const char *rules, const struct subject *subject, char *text, size_t size)
{
	struct device_rule rule[RULES_MAX];
	char copy[1024], *cursor = copy, *item;
	size_t count = 0, length = 0;

	(void)snprintf(copy, sizeof(copy), "%s", rules);
	while ((item = strsep(&cursor, ","))) {
		cr_assert_lt(count, RULES_MAX);
		struct device_rule all = rule_of(item);
		char own[DEVICE_RULE_SIZE];

		/* As the policy hands them on: those of the login, without the login. */
		if (!device_rule_is_for(&all, subject))
			continue;
		device_rule_format(&all, false, own, sizeof(own));
		rule[count++] = rule_of(own);
	}
	text[0] = '\0';
	for (size_t i = 0; i < database.devices; i++) {
		const struct device_facts facts = { .get = get, .context = &database.device[i] };
		const struct device_rule *by = device_rules_decide(rule, count, &facts);
		const char *node = line_of(&database.device[i], "N: ", 0);

		if (by && by->allows && node)
			length += (size_t)snprintf(text + length, size - length, "%s%s%s", length ? " " : "",
			    node, by->access == DEVICE_READ ? ":r" : by->access == DEVICE_WRITE ? ":w" : "");
	}
}

Test(device_rule, gives_what_matches)
{
	static const struct {
		const char *rules, *nodes;
	} row[] = {
		/* The issue's. */
		{ "allow subsystem=tty ID_VENDOR_ID=2341", "ttyACM0" },
		{ "allow group=lab subsystem=drm", "dri/card0 dri/renderD128" },
		{ "allow devnode=/dev/kvm,allow devnode=/dev/fuse,allow devnode=/dev/net/tun", "kvm net/tun" },
		{ "allow subsystem=sound", "snd/controlC0 snd/pcmC0D0c snd/pcmC0D0p snd/timer" },
		{ "allow subsystem=video4linux ID_V4L_CAPABILITIES=*:capture:*", "video0" },
		/* Each kind of fact. */
		{ "allow sysname=renderD*", "dri/renderD128" },
		{ "allow sysname=1-2", "bus/usb/001/004" },
		{ "allow devtype=drm_minor sysname=card[0-9]", "dri/card0" },
		{ "allow driver=ch341", "ttyUSB0" },
		{ "allow driver=snd_hda_intel", "snd/controlC0 snd/pcmC0D0c snd/pcmC0D0p" },
		{ "allow tag=uaccess subsystem=misc", "kvm" },
		{ "allow tag=seat", "dri/card0" },
		{ "allow tag=sea", "" },
		{ "allow attr{index}=1", "video1" },
		{ "allow attr{idVendor}=1a86", "bus/usb/001/005" },
		{ "allow attrs{idVendor}=1a86", "bus/usb/001/005 ttyUSB0" },
		{ "allow attrs{idVendor}=1d6b subsystem=tty", "ttyACM0 ttyUSB0" },
		{ "allow attrs{serial}=8543*", "bus/usb/001/004 ttyACM0" },
		{ "allow devnode=/dev/serial/by-id/usb-Arduino_*", "ttyACM0" },
		{ "allow devnode=/dev/v4l/by-path/*-usb-*", "video0" },
		{ "allow devnode=/dev/snd/pcmC0D0? attr{pcm_class}=generic", "snd/pcmC0D0c snd/pcmC0D0p" },
		{ "allow ID_V4L_PRODUCT=Integrated?Camera", "video0" },
		{ "allow MAJOR=116 MINOR=33", "snd/timer" },
		/* All of a rule's matches, each by the whole of it. */
		{ "allow subsystem=tty subsystem=usb", "" },
		{ "allow subsystem=tt", "" },
		{ "allow subsystem=TTY", "" },
		{ "allow NO_SUCH=*", "" },
		{ "allow attr{none}=*", "" },
		/* The last that matches decides. */
		{ "allow subsystem=sound,deny sysname=pcm*c", "snd/controlC0 snd/pcmC0D0p snd/timer" },
		{ "deny sysname=pcm*c,allow subsystem=sound", "snd/controlC0 snd/pcmC0D0c snd/pcmC0D0p snd/timer" },
		{ "allow subsystem=drm,deny subsystem=drm,allow sysname=card0", "dri/card0" },
		{ "deny subsystem=*", "" },
		/* Access is the deciding rule's. */
		{ "allow subsystem=block access=r", "sda:r" },
		{ "allow access=w sysname=timer", "snd/timer:w" },
		{ "allow subsystem=drm access=r,allow sysname=card0 access=rw", "dri/card0 dri/renderD128:r" },
		{ "allow subsystem=drm,allow sysname=card0 access=r", "dri/card0:r dri/renderD128" },
	};
	struct fixture f;
	char text[1024];

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		apply(row[i].rules, &f.subject, text, sizeof(text));
		cr_expect_str_eq(text, row[i].nodes, "%s\n gives %s\n   not %s", row[i].rules, text, row[i].nodes);
	}
}

Test(device_rule, is_for_users_and_groups)
{
	static const struct {
		const char *words;
		bool is_for;
	} row[] = {
		{ "", true },
		{ "user=alice", true }, { "user=1000", true }, { "user=a*", true }, { "user=bob", false },
		{ "user=100?", false }, { "user=01000", false }, { "user=alic", false },
		{ "group=lab", true }, { "group=2001", true }, { "group=[ls]*", true }, { "group=alice", true },
		{ "group=staff", false }, { "group=200", false }, { "group=2002", false },
		{ "user=alice group=lab", true }, { "user=alice group=staff", false },
		{ "user=bob group=lab", false }, { "group=lab group=students", true },
		{ "group=lab group=staff", false },
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[128];
		(void)snprintf(text, sizeof(text), "allow sysname=x %s", row[i].words);
		struct device_rule rule = rule_of(text);
		cr_expect_eq(device_rule_is_for(&rule, &f.subject), row[i].is_for, "%s", text);
	}
	/* A gid that NSS has no name for has no name that could match. */
	f.group[2].name[0] = '\0';
	struct device_rule any = rule_of("allow sysname=x group=*"), number = rule_of("allow sysname=x group=2001");
	f.group[0] = f.group[1] = f.group[2];
	cr_expect(!device_rule_is_for(&any, &f.subject));
	cr_expect(device_rule_is_for(&number, &f.subject));
}

Test(device_rule, refuses_with_a_reason)
{
	char long_rule[1100] = "allow sysname=", long_word[300] = "allow sysname=";
	const struct {
		const char *text, *reason;
	} row[] = {
		{ "", "\"\": a rule begins with allow or deny; rules are separated by commas" },
		{ "permit sysname=x", "\"permit\": a rule begins with allow or deny" },
		{ "Allow sysname=x", "\"Allow\": a rule begins" },
		{ "allow", "\"allow\" matches every device of the host: say which" },
		{ "allow user=alice group=lab access=r", "\"allow\" matches every device" },
		{ "deny", "\"deny\" matches every device" },
		{ "allow x", "\"x\" is not NAME=PATTERN" },
		{ "allow sysname=", "\"sysname=\" is not NAME=PATTERN" },
		{ "allow =x", "\"=x\": what is matched is one of" },
		{ "allow vendor=1", "\"vendor=1\": what is matched is one of subsystem," },
		{ "allow Vendor=1", "\"Vendor=1\": what is matched is one of" },
		{ "allow attr=1", "\"attr=1\": what is matched is one of" },
		{ "allow attr{}=1", "\"attr{}=1\": what is matched" },
		{ "allow attr{a=1", "\"attr{a=1\": what is matched" },
		{ "allow sysname{a}=1", "\"sysname{a}=1\": what is matched" },
		{ "allow ID{a}=1", "\"ID{a}=1\": what is matched" },
		{ "allow devnode=tty", "\"devnode=tty\": a devnode begins with /dev/" },
		{ "allow devnode=*", "a devnode begins with /dev/" },
		{ "allow sysname=x access=rwm", "\"access=rwm\": access is r, w or rw" },
		{ "allow sysname=x access=wr", "access is r, w or rw" },
		{ "deny sysname=x access=w", "a rule that denies takes no access=" },
		{ "allow A=1 B=1 C=1 D=1 E=1 F=1 G=1 H=1 I=1", "a rule has at most 8 matches" },
		{ "allow sysname=a\033[1m", "" },
		{ long_rule, "a rule is longer than 1023 bytes" },
		{ long_word, "is too long" },
	};

	memset(long_rule + strlen(long_rule), 'x', 1050);
	memset(long_word + strlen(long_word), 'x', 250);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_rule rule;
		char reason[256] = "";
		bool good = device_rule_parse(row[i].text, &rule, reason, sizeof(reason));
		cr_expect_eq(good, row[i].reason[0] == '\0', "%.80s", row[i].text);
		cr_expect(strstr(reason, row[i].reason), "%.80s: %s", row[i].text, reason);
	}
}

/* What is printed is read again as the same. */
Test(device_rule, formats_what_it_reads)
{
	static const struct {
		const char *text, *with_login, *without;
	} row[] = {
		{ "allow  subsystem=tty\tID_VENDOR_ID=2341", "allow subsystem=tty ID_VENDOR_ID=2341", NULL },
		{ "deny attrs{a}=[0-9]* devnode=/dev/x*", "deny attrs{a}=[0-9]* devnode=/dev/x*", NULL },
		{ "allow access=r user=bob sysname=x group=g", "allow user=bob sysname=x group=g access=r",
			"allow sysname=x access=r" },
		{ "allow access=rw tag=t", "allow tag=t", NULL },
		{ "allow sysname=a=b", "allow sysname=a=b", NULL },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_rule rule = rule_of(row[i].text);
		char text[DEVICE_RULE_SIZE], again[DEVICE_RULE_SIZE];

		device_rule_format(&rule, true, text, sizeof(text));
		cr_expect_str_eq(text, row[i].with_login);
		rule = rule_of(text);
		device_rule_format(&rule, true, again, sizeof(again));
		cr_expect_str_eq(again, text);
		device_rule_format(&rule, false, text, sizeof(text));
		cr_expect_str_eq(text, row[i].without ? row[i].without : row[i].with_login);
	}
}

Test(device_rule, knows_what_it_names_and_wants)
{
	static const struct {
		const char *text, *path;
		bool is_exact;
		const char *wants;
	} row[] = {
		{ "allow devnode=/dev/fuse", "/dev/fuse", true, NULL },
		{ "allow devnode=/dev/fuse access=r", "/dev/fuse", true, NULL },
		{ "allow devnode=/dev/sda subsystem=block", NULL, true, NULL },
		{ "allow devnode=/dev/fus?", NULL, false, NULL },
		{ "allow devnode=/dev/fuse\\", NULL, false, NULL },
		{ "allow sysname=sda", NULL, false, NULL },
		{ "allow subsystem=block", NULL, false, NULL },
		{ "allow tag=uaccess", NULL, false, "tag" },
		{ "allow ID_FS_TYPE=vfat", NULL, false, "ID_FS_TYPE" },
		{ "allow ID_VENDOR_ID=1 ID_SERIAL_SHORT=2 MAJOR=3", NULL, false, NULL },
		{ "allow attrs{idVendor}=1", NULL, false, NULL },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_rule rule = rule_of(row[i].text);
		const char *path = device_rule_path(&rule), *wants = device_rule_wants_udevd(&rule);

		cr_expect_str_eq(path ? path : "", row[i].path ? row[i].path : "", "%s", row[i].text);
		cr_expect_eq(device_rule_is_exact(&rule), row[i].is_exact, "%s", row[i].text);
		cr_expect_str_eq(wants ? wants : "", row[i].wants ? row[i].wants : "", "%s", row[i].text);
	}
}

/* What nobody can tell must not let anybody in. */
Test(device_rule, without_udevd)
{
	static const struct {
		const char *text, *left;
	} row[] = {
		{ "allow subsystem=tty tag=seat", "allow subsystem=tty tag=seat" },
		{ "allow ID_MODEL=x", "allow ID_MODEL=x" },
		{ "deny subsystem=tty tag=seat", "deny subsystem=tty" },
		{ "deny ID_PATH=x", "deny" },
		{ "deny ID_VENDOR_ID=1a86 ID_PATH=x sysname=y", "deny ID_VENDOR_ID=1a86 sysname=y" },
		{ "deny MAJOR=226 attr{x}=y", "deny MAJOR=226 attr{x}=y" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_rule rule = rule_of(row[i].text);
		char text[DEVICE_RULE_SIZE];

		device_rule_without_udevd(&rule);
		device_rule_format(&rule, true, text, sizeof(text));
		cr_expect_str_eq(text, row[i].left);
	}
	/* Nothing is left that must hold, and so it does for all of them. */
	struct device_rule none = rule_of("deny ID_PATH=x");
	device_rule_without_udevd(&none);
	const struct device_facts facts = { .get = get, .context = &database.device[0] };
	cr_expect(device_rules_decide(&none, 1, &facts) == &none);
}

static const char *
get_little(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown)
{
	(void)context;
	(void)name;
	*is_unknown = fact != DEVICE_SUBSYSTEM;
	return fact == DEVICE_SUBSYSTEM && index == 0 ? "tty" : NULL;
}

/* What can't be told of a device gives it to nobody. */
Test(device_rule, what_is_unknown_denies_and_does_not_allow)
{
	const struct device_facts facts = { .get = get_little };
	static const struct {
		const char *text[2];
		int decides; /* -1: none */
	} row[] = {
		{ { "allow subsystem=tty", "deny attr{secret}=1" }, 1 },
		{ { "allow subsystem=tty", "deny tag=seat ID_MODEL=x" }, 1 },
		{ { "allow subsystem=tty", "deny subsystem=tty DRIVER=x" }, 1 },
		{ { "allow subsystem=tty", "deny subsystem=block attr{secret}=1" }, 0 },
		{ { "allow subsystem=block", "allow attr{secret}=0" }, -1 },
		{ { "deny attr{secret}=1", "allow subsystem=tty" }, 1 },
		{ { "deny attr{secret}=1", "allow subsystem=tty attr{public}=*" }, 0 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct device_rule rule[] = { rule_of(row[i].text[0]), rule_of(row[i].text[1]) };
		const struct device_rule *decides = device_rules_decide(rule, 2, &facts);
		cr_expect_eq(decides ? decides - rule : -1, row[i].decides, "%s, %s: %td", row[i].text[0],
		    row[i].text[1], decides ? decides - rule : -1);
	}
}
