/*
 * udev_host: a made-up /sys with devices that come and go, for the test of the devices' helper; says
 * the value of UMOCKDEV_DIR by which others see it, then does what standard input says, a line each,
 * and answers "ok".  To be run with libumockdev-preload.so.0 preloaded, or it sees none of it.
 *
 *	file PATH                  the recorded devices of a file
 *	add                        a recorded device, in the lines up to one of "."
 *	event SYSPATH ACTION       tells whoever listens
 *	set SYSPATH NAME VALUE     a property
 *	attribute SYSPATH NAME VALUE
 *	remove SYSPATH             it is gone from /sys; nobody is told
 *
 * The library is loaded here and not linked, so that the tests can be built and skipped without.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIP 77

/* umockdev.h's, without glib's names: a UMockdevTestbed and a GError, neither of which is looked at. */
static struct {
	void *testbed;
	void *(*make)(void);
	char *(*root)(void *testbed);
	int (*from_file)(void *testbed, const char *path, void **error);
	int (*from_string)(void *testbed, const char *text, void **error);
	void (*event)(void *testbed, const char *syspath, const char *action);
	void (*set)(void *testbed, const char *syspath, const char *name, const char *value);
	void (*attribute)(void *testbed, const char *syspath, const char *name, const char *value);
	void (*remove)(void *testbed, const char *syspath);
} mock;

static void
load(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	if (!symbol) {
		(void)fprintf(stderr, "udev_host: %s\n", dlerror());
		exit(SKIP);
	}
	memcpy(function, &symbol, sizeof(symbol));
}

static void
load_all(void)
{
	void *library = dlopen("libumockdev.so.0", RTLD_NOW);

	if (!library) {
		(void)fprintf(stderr, "udev_host: %s\n", dlerror());
		exit(SKIP);
	}
	load(library, "umockdev_testbed_new", &mock.make);
	load(library, "umockdev_testbed_get_root_dir", &mock.root);
	load(library, "umockdev_testbed_add_from_file", &mock.from_file);
	load(library, "umockdev_testbed_add_from_string", &mock.from_string);
	load(library, "umockdev_testbed_uevent", &mock.event);
	load(library, "umockdev_testbed_set_property", &mock.set);
	load(library, "umockdev_testbed_set_attribute", &mock.attribute);
	load(library, "umockdev_testbed_remove_device", &mock.remove);
}

static bool
add(void)
{
	char text[4096] = "", line[512];
	void *error = NULL;

	while (fgets(line, sizeof(line), stdin) && strcmp(line, ".\n") != 0) {
		if (strlen(text) + strlen(line) >= sizeof(text) - 1)
			return false;
		(void)strcat(text, line);
	}
	(void)strcat(text, "\n");
	return mock.from_string(mock.testbed, text, &error);
}

/* What has no answer of its own: a device that is not there ends us. */
static bool
change(const char *verb, const char *syspath, const char *name, const char *value)
{
	if (syspath && !strcmp(verb, "remove"))
		mock.remove(mock.testbed, syspath);
	else if (name && !strcmp(verb, "event"))
		mock.event(mock.testbed, syspath, name);
	else if (value && !strcmp(verb, "set"))
		mock.set(mock.testbed, syspath, name, value);
	else if (value && !strcmp(verb, "attribute"))
		mock.attribute(mock.testbed, syspath, name, value);
	else
		return false;
	return true;
}

static bool
obey(char *cursor)
{
	void *error = NULL;
	const char *verb = strsep(&cursor, " "), *first = strsep(&cursor, " ");

	if (!strcmp(verb, "add"))
		return add();
	if (first && !strcmp(verb, "file"))
		return mock.from_file(mock.testbed, first, &error);
	const char *second = strsep(&cursor, " ");
	return change(verb, first, second, cursor);
}

int
main(void)
{
	char line[512];

	load_all();
	mock.testbed = mock.make();
	if (!mock.testbed)
		return 1;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)printf("%s\n", mock.root(mock.testbed));
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!obey(line)) {
			(void)fprintf(stderr, "udev_host: \"%s\"\n", line);
			return 1;
		}
		(void)puts("ok");
	}
	return 0;
}
