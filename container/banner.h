/*
 * What an interactive login is shown of its container: limits, and what is used of them.
 */
#ifndef CONTAINER_BANNER_H
#define CONTAINER_BANNER_H

#include "container/server.h"

/* "" where the policy wants none, or the program would show it to more than a person. */
void banner_write(const struct server *server, const struct request *request, char *banner,
    unsigned long size);

#endif
