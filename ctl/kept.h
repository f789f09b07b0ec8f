/*
 * What ctrctl root and ctrctl home share: changes as they are told, and the right to work on
 * what a container keeps, which nobody has while there is one.
 */
#ifndef CTL_KEPT_H
#define CTL_KEPT_H

#include "lib/upper.h"

#include <sys/types.h>

/* 'A', "added" and so on. */
char kept_letter(enum upper_change change);
const char *kept_word(enum upper_change change);

/* One line, whatever the name: what could speak to the terminal, or end the line, is escaped. */
void kept_print_path(const char *path);

/*
 * The uid's lock (lib/client.h): no container is there, and none can be started until
 * client_unlock().  CTL_OK, or having said why.
 */
int kept_lock(const char *command, const char *user, uid_t uid, int *lock);

#endif
