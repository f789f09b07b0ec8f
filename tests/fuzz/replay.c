/*
 * The corpus of one target, once: what a fuzz target runs on where it is a test.  Prints TAP to
 * the file of --tap=FILE, as Criterion does.  Usage: fuzz_NAME [--tap=FILE] [FILE...]; without
 * a FILE those of tests/fuzz/corpus/NAME, in the order of their names.
 */
#include "fuzz.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Most targets have none. */
__attribute__((weak)) int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* In memory of just the size, so that a byte too far is seen. */
static void
run(int directory, const char *name)
{
	struct stat st;
	autofd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	fuzz_check(fd >= 0 && fstat(fd, &st) == 0, "open %s: %m", name);
	autofree uint8_t *data = malloc((size_t)st.st_size + (st.st_size == 0));
	fuzz_check(data != NULL);
	fuzz_check(read(fd, data, (size_t)st.st_size) == st.st_size, "read %s: %m", name);
	own_close(&fd); /* or a target would find it open */
	(void)fprintf(stderr, "%s\n", name);
	(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
run_corpus(const char *program)
{
	const char *target = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	struct dirent **name;
	char path[PATH_MAX];

	fuzz_check(!strncmp(target, "fuzz_", 5), "%s is no target's name", target);
	(void)snprintf(path, sizeof(path), "%s/%s", PAM_CTR_CORPUS, target + strlen("fuzz_"));
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = scandir(path, &name, is_input, alphasort);
	fuzz_check(count > 0, "no corpus in %s: %m", path);
	/* A sandbox may cover the repository: it is entered when the directory is open. */
	fuzz_check(LLVMFuzzerInitialize(NULL, NULL) == 0);
	for (int i = 0; i < count; i++) {
		run(directory, name[i]->d_name);
		free(name[i]);
	}
	free(name);
	own_close(&directory);
	return count;
}

int
main(int argc, char **argv)
{
	FILE *tap = stdout;
	int first = 1, count = 0;

	if (argc > 1 && !strncmp(argv[1], "--tap=", 6)) {
		tap = fopen(argv[1] + 6, "we");
		first = 2;
		fuzz_check(tap != NULL, "create %s: %m", argv[1] + 6);
	}
	if (first == argc) {
		count = run_corpus(argv[0]);
	} else {
		fuzz_check(LLVMFuzzerInitialize(&argc, &argv) == 0);
		for (; first < argc; first++, count++)
			run(AT_FDCWD, argv[first]);
	}
	/* Who fails does not come here, and a file without a plan is a failure. */
	(void)fprintf(tap, "ok 1 - %d inputs of the corpus\n1..1\n", count);
	return fclose(tap) == 0 ? 0 : 1;
}
