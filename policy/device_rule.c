/*
 * Rules are split into words, a word at its "="; a device is asked only what a rule wants to
 * know.  Pure.
 */
#include "policy/device_rule.h"

#include "lib/text.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ACCESS_ALL (DEVICE_READ | DEVICE_WRITE)

/* "{": the name stands in braces. */
static const struct {
	const char *word;
	enum device_fact fact;
	bool is_named;
} facts_by_word[] = {
	{ "subsystem", DEVICE_SUBSYSTEM, false }, { "sysname", DEVICE_SYSNAME, false },
	{ "devnode", DEVICE_DEVNODE, false }, { "devtype", DEVICE_DEVTYPE, false },
	{ "driver", DEVICE_DRIVER, false }, { "tag", DEVICE_TAG, false },
	{ "attr", DEVICE_ATTRIBUTE, true }, { "attrs", DEVICE_ATTRIBUTES, true },
	{ "user", DEVICE_USER, false }, { "group", DEVICE_GROUP, false },
};

/* In the order of their bits. */
static const char *const access_words[] = { NULL, "r", "w", "rw" };

/* 60-serial.rules, 60-persistent-v4l.rules and others take them so: "usb_id" of udev. */
static const struct {
	const char *property;
	const char *attribute;
} usb_properties[] = {
	{ "ID_VENDOR_ID", "idVendor" }, { "ID_MODEL_ID", "idProduct" },
	{ "ID_SERIAL_SHORT", "serial" }, { "ID_REVISION", "bcdDevice" },
};

/* The kernel itself tells these with each device. */
static const char *const kernel_properties[] = {
	"MAJOR", "MINOR", "DEVNAME", "DEVTYPE", "DEVMODE", "DEVPATH", "SUBSYSTEM", "DRIVER",
	"MODALIAS", "PRODUCT", "TYPE", "BUSNUM", "DEVNUM", "NAME", "PHYS", "UNIQ", "SEQNUM", "ACTION",
	"PCI_ID", "PCI_CLASS", "PCI_SUBSYS_ID", "PCI_SLOT_NAME", "HID_ID", "HID_NAME", "DISKSEQ",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool refuse(char *reason, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
refuse(char *reason, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, size, format, args);
	va_end(args);
	return false;
}

const char *
device_property_attribute(const char *property)
{
	for (size_t i = 0; i < COUNT(usb_properties); i++)
		if (!strcmp(usb_properties[i].property, property))
			return usb_properties[i].attribute;
	return NULL;
}

static bool
is_property(const char *word)
{
	return *word >= 'A' && *word <= 'Z' &&
	    word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

/* "attr{idVendor}" -> "attr" and "idVendor"; "" without braces, NULL where they are odd. */
static char *
cut_braces(char *word)
{
	static char none[] = "";
	char *open = strchr(word, '{');
	size_t length = strlen(word);

	if (!open)
		return none;
	if (word[length - 1] != '}' || open + 1 == word + length - 1)
		return NULL;
	word[length - 1] = '\0';
	*open = '\0';
	return open + 1;
}

static bool
parse_fact(char *word, struct device_match *match)
{
	char *name = cut_braces(word);

	if (!name)
		return false;
	if (!*name && is_property(word)) {
		match->fact = DEVICE_PROPERTY;
		return text_format(match->name, sizeof(match->name), "%s", word) == 0;
	}
	for (size_t i = 0; i < COUNT(facts_by_word); i++) {
		if (strcmp(facts_by_word[i].word, word) != 0)
			continue;
		match->fact = facts_by_word[i].fact;
		return facts_by_word[i].is_named == (*name != '\0') &&
		    text_format(match->name, sizeof(match->name), "%s", name) == 0;
	}
	return false;
}

static bool
parse_access(const char *text, struct device_rule *rule)
{
	for (unsigned access = DEVICE_READ; access <= ACCESS_ALL; access++)
		if (!strcmp(access_words[access], text)) {
			rule->access = access;
			return true;
		}
	return false;
}

static bool
parse_word(char *word, struct device_rule *rule, char *reason, size_t size)
{
	struct device_match match = { .name = "" };
	char shown[64];
	char *pattern = strchr(word, '=');

	(void)text_escape(word, shown, sizeof(shown));
	if (!pattern || pattern[1] == '\0')
		return refuse(reason, size, "\"%s\" is not NAME=PATTERN", shown);
	*pattern++ = '\0';
	if (!strcmp(word, "access"))
		return parse_access(pattern, rule) ||
		    refuse(reason, size, "\"%s\": access is r, w or rw", shown);
	if (!parse_fact(word, &match))
		return refuse(reason, size, "\"%s\": what is matched is one of subsystem, sysname, devnode, "
		    "devtype, driver, tag, attr{NAME}, attrs{NAME}, user, group, or a property in "
		    "CAPITALS", shown);
	if (match.fact == DEVICE_DEVNODE && strncmp(pattern, "/dev/", 5) != 0)
		return refuse(reason, size, "\"%s\": a devnode begins with /dev/", shown);
	if (text_format(match.pattern, sizeof(match.pattern), "%s", pattern) < 0)
		return refuse(reason, size, "\"%s\" is too long", shown);
	if (rule->matches == DEVICE_MATCHES_MAX)
		return refuse(reason, size, "a rule has at most %d matches", DEVICE_MATCHES_MAX);
	rule->match[rule->matches++] = match;
	return true;
}

static bool
is_of_login(enum device_fact fact)
{
	return fact == DEVICE_USER || fact == DEVICE_GROUP;
}

/* Every disk, every keyboard: who means that can write "subsystem=*". */
static bool
names_a_device(const struct device_rule *rule)
{
	for (size_t i = 0; i < rule->matches; i++)
		if (!is_of_login(rule->match[i].fact))
			return true;
	return false;
}

bool
device_rule_parse(const char *text, struct device_rule *rule, char *reason, size_t size)
{
	char copy[DEVICE_RULE_SIZE];
	char *cursor = NULL;

	*rule = (struct device_rule) { .access = ACCESS_ALL };
	if (text_format(copy, sizeof(copy), "%s", text) < 0)
		return refuse(reason, size, "a rule is longer than %d bytes", DEVICE_RULE_SIZE - 1);
	char *verb = strtok_r(copy, " \t", &cursor);
	if (!verb || (strcmp(verb, "allow") != 0 && strcmp(verb, "deny") != 0)) {
		char shown[64];
		return refuse(reason, size, "\"%s\": a rule begins with allow or deny; rules are separated "
		    "by commas", text_escape(verb ? verb : "", shown, sizeof(shown)));
	}
	rule->allows = verb[0] == 'a';
	for (char *word; (word = strtok_r(NULL, " \t", &cursor));)
		if (!parse_word(word, rule, reason, size))
			return false;
	/* "deny access=w" would read as if reading were left. */
	if (!rule->allows && rule->access != ACCESS_ALL)
		return refuse(reason, size, "a rule that denies takes no access=: what is denied is not "
		    "there; write \"allow ... access=r\"");
	if (!names_a_device(rule))
		return refuse(reason, size, "\"%s\" matches every device of the host: say which", verb);
	return true;
}

static bool
is_subject(const struct device_match *match, const struct subject *subject)
{
	char number[16];

	if (match->fact == DEVICE_USER) {
		(void)text_format(number, sizeof(number), "%u", (unsigned)subject->uid);
		return fnmatch(match->pattern, subject->user, 0) == 0 || !strcmp(match->pattern, number);
	}
	for (size_t i = 0; i < subject->groups_count; i++) {
		(void)text_format(number, sizeof(number), "%u", (unsigned)subject->groups[i].gid);
		if (!strcmp(match->pattern, number) || (subject->groups[i].name[0] &&
		        fnmatch(match->pattern, subject->groups[i].name, 0) == 0))
			return true;
	}
	return false;
}

bool
device_rule_is_for(const struct device_rule *rule, const struct subject *subject)
{
	for (size_t i = 0; i < rule->matches; i++)
		if (is_of_login(rule->match[i].fact) && !is_subject(&rule->match[i], subject))
			return false;
	return true;
}

static void
format_match(const struct device_match *match, char *text, size_t size)
{
	if (match->fact == DEVICE_PROPERTY) {
		(void)snprintf(text, size, "%s=%s", match->name, match->pattern);
		return;
	}
	for (size_t i = 0; i < COUNT(facts_by_word); i++)
		if (facts_by_word[i].fact == match->fact)
			(void)snprintf(text, size, "%s%s%s%s=%s", facts_by_word[i].word,
			    match->name[0] ? "{" : "", match->name, match->name[0] ? "}" : "",
			    match->pattern);
}

void
device_rule_format(const struct device_rule *rule, bool with_login, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "%s", rule->allows ? "allow" : "deny");

	for (size_t i = 0; i < rule->matches && length < size; i++) {
		char word[DEVICE_NAME_SIZE + DEVICE_PATTERN_SIZE + 16] = "";

		if (is_of_login(rule->match[i].fact) && !with_login)
			continue;
		format_match(&rule->match[i], word, sizeof(word));
		length += (size_t)snprintf(text + length, size - length, " %s", word);
	}
	if (rule->access != ACCESS_ALL && length < size)
		(void)snprintf(text + length, size - length, " access=%s", access_words[rule->access]);
}

static bool
matches(const struct device_match *match, const struct device_facts *facts, bool *is_unknown)
{
	const char *value;

	*is_unknown = false;
	for (size_t i = 0; (value = facts->get(facts->context, match->fact, match->name, i, is_unknown)); i++)
		if (fnmatch(match->pattern, value, 0) == 0)
			return true;
	return false;
}

static bool
rule_matches(const struct device_rule *rule, const struct device_facts *facts)
{
	bool is_unknown;

	for (size_t i = 0; i < rule->matches; i++)
		if (!matches(&rule->match[i], facts, &is_unknown) && (rule->allows || !is_unknown))
			return false;
	return true;
}

const struct device_rule *
device_rules_decide(const struct device_rule *rule, size_t count,
    const struct device_facts *facts)
{
	while (count-- > 0)
		if (rule_matches(&rule[count], facts))
			return &rule[count];
	return NULL;
}

bool
device_pattern_is_literal(const char *pattern)
{
	return strpbrk(pattern, "*?[\\") == NULL;
}

const char *
device_rule_path(const struct device_rule *rule)
{
	const struct device_match *match = rule->match;

	return rule->matches == 1 && match->fact == DEVICE_DEVNODE &&
	        device_pattern_is_literal(match->pattern) ? match->pattern : NULL;
}

bool
device_rule_is_exact(const struct device_rule *rule)
{
	for (size_t i = 0; i < rule->matches; i++)
		if (rule->match[i].fact == DEVICE_DEVNODE &&
		    device_pattern_is_literal(rule->match[i].pattern))
			return true;
	return false;
}

bool
device_property_is_udevds(const char *property)
{
	bool is_known = device_property_attribute(property) != NULL;

	for (size_t k = 0; k < COUNT(kernel_properties); k++)
		is_known = is_known || !strcmp(kernel_properties[k], property);
	return !is_known;
}

static bool
wants_udevd(const struct device_match *match)
{
	return match->fact == DEVICE_TAG || (match->fact == DEVICE_PROPERTY &&
	    device_property_is_udevds(match->name));
}

const char *
device_rule_wants_udevd(const struct device_rule *rule)
{
	for (size_t i = 0; i < rule->matches; i++)
		if (wants_udevd(&rule->match[i]))
			return rule->match[i].fact == DEVICE_TAG ? "tag" : rule->match[i].name;
	return NULL;
}

void
device_rule_without_udevd(struct device_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < rule->matches && !rule->allows; i++)
		if (!wants_udevd(&rule->match[i]))
			rule->match[kept++] = rule->match[i];
	if (!rule->allows)
		rule->matches = kept;
}
