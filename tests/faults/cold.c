/*
 * Run as root in a test world, whose /etc and caches are its own.
 */
#include "tests/faults/cold.h"

#include "lib/places.h"
#include "lib/text.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Takes the user's line out of subuid(5) or subgid(5). */
static void
forget_ids(const struct worker *worker, const char *path)
{
	char line[256], new[64], own[32];

	(void)text_format(new, sizeof(new), "%s.new", path);
	(void)text_format(own, sizeof(own), "%s:", worker->ident);
	FILE *in = fopen(path, "re"), *out = fopen(new, "we");
	while (in && out && fgets(line, sizeof(line), in))
		if (strncmp(line, own, strlen(own)) != 0)
			(void)fputs(line, out);
	if (in)
		(void)fclose(in);
	if (out && fclose(out) == 0)
		(void)rename(new, path);
}

void
cold_begin(const struct worker *worker)
{
	char path[512];

	DIR *all = opendir(PLACE_FILTER_CACHE);
	for (struct dirent *entry; all && (entry = readdir(all));)
		if (entry->d_name[0] != '.' && text_format(path, sizeof(path), "%s/%s", PLACE_FILTER_CACHE, entry->d_name) == 0)
			(void)unlink(path);
	if (all)
		(void)closedir(all);
	forget_ids(worker, "/etc/subuid");
	forget_ids(worker, "/etc/subgid");
}
