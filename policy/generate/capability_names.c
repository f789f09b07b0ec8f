/*
 * Runs at build time on the builder's machine: prints libcap's names of capabilities, a C string a
 * line, in the kernel's order.  The table is compiled into programs that can't be linked with
 * libcap (the supervisor is static musl, the module is a guest).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>

/* A capability set is 64 bits wide. */
#define SET_BITS 64

int
main(void)
{
	for (cap_value_t number = 0; number < SET_BITS; number++) {
		char *name = cap_to_name(number);
		cap_value_t back;

		/* Beyond its table libcap prints the number. */
		if (!name)
			return EXIT_FAILURE;
		if (cap_from_name(name, &back) < 0 || name[0] < 'a' || name[0] > 'z') {
			(void)cap_free(name);
			break;
		}
		(void)printf("[%d] = \"%s\",\n", number, name + sizeof("cap_") - 1);
		(void)cap_free(name);
	}
	return fclose(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
