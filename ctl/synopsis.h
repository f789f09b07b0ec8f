/*
 * A subcommand's synopsis, as the help shows it, read as data: which words can stand where.  So
 * completions say what the table says, and nobody keeps a second list.  Pure.
 */
#ifndef CTL_SYNOPSIS_H
#define CTL_SYNOPSIS_H

#include <stddef.h>

#define SYNOPSIS_PLACES 4
#define SYNOPSIS_WORDS 16
#define SYNOPSIS_WORD 24

/* What can stand at one place: words in lower case as they are, kinds in capitals ("USER"). */
struct synopsis_place {
	char word[SYNOPSIS_WORDS][SYNOPSIS_WORD];
	size_t count;
};

struct synopsis {
	struct synopsis_place place[SYNOPSIS_PLACES];
	size_t places;
};

/*
 * "diff|reset USER|UID [--json]": two places.  Options and what follows "--" are left out.  " | "
 * between blanks begins an alternative whole: "show|test FILTER | list" has three words first.
 */
void synopsis_read(const char *text, struct synopsis *synopsis);

#endif
