/*
 * container/mountinfo.c and lib/mount_line.c: mount tables whose names are users'.
 */
#include "container/mountinfo.h"
#include "lib/mount_line.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(mountinfo, undoes_what_the_kernel_escapes_and_nothing_else)
{
	static const struct {
		const char *text, *wanted;
	} row[] = {
		{ "/a\\040b", "/a b" },
		{ "/a\\134\\012\\011", "/a\\\n\t" },
		{ "/\\377", "/\377" },
		{ "/\\400", "/\\400" },
		{ "/\\08x", "/\\08x" },
		{ "/\\0\001\002", "/\\0\001\002" }, /* digits below '0': a shift of a negative number once */
		{ "/\\3~~", "/\\3~~" },
		{ "/\\04", "/\\04" },
		{ "/\\", "/\\" },
		{ "\\", "\\" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[32];
		(void)snprintf(text, sizeof(text), "%s", row[i].text);
		mount_line_unescape(text);
		cr_expect_str_eq(text, row[i].wanted, "row %zu: %s", i, text);
	}
}

Test(mountinfo, both_readers_see_the_same_point)
{
	static const char line[] = "36 35 98:0 /mnt1 /mnt2/\\0~~\\040x rw,noatime master:1 - ext3 /dev/root rw";
	char one[128], other[128], *cursor = one;
	struct mountinfo mount;
	struct mount_line parts;

	(void)snprintf(one, sizeof(one), "odd\n%s\n", line);
	(void)snprintf(other, sizeof(other), "%s", line);
	cr_assert(mountinfo_next(&cursor, &mount) && mount_line_parse(other, &parts));
	cr_expect_str_eq(mount.point, "/mnt2/\\0~~ x");
	cr_expect_str_eq(mount.point, parts.point);
	cr_expect_str_eq(mount.type, parts.type);
	cr_expect_eq(mount.id, 36);
	cr_expect(!mountinfo_next(&cursor, &mount));
}
