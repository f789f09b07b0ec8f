/*
 * Device nodes and their links in a container's /dev, made and removed from outside while it
 * lives.  The directory is a tmpfs that root of the container may write to, and what is in it is
 * hostile: each name is walked by path_open_beneath(), nothing that is there is replaced.
 */
#ifndef CONTAINER_DEVICE_NODES_H
#define CONTAINER_DEVICE_NODES_H

#include "lib/device_wire.h"
#include "lib/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct device_node {
	char name[DEVICE_NODE_SIZE]; /* below /dev */
	mode_t mode;                 /* S_IFCHR or S_IFBLK, and permissions */
	dev_t number;
	uid_t uid;
	gid_t gid;
};

/* What the message tells of, as the user's alone. */
struct device_node device_node_of(const struct device_message *message, uid_t uid, gid_t gid);

/* A name that can be below /dev, and is not one of those that every container has there. */
bool device_name_is_good(const char *name);

/* The container's /dev, by its init: a descriptor, or -1. */
int device_nodes_open(pid_t init, int pidfd, struct error *err);

/*
 * Makes it, with directories on the way.  EEXIST: the user has something else of that name there.
 * One that is there with the same number gets owner and mode.
 */
int device_node_make(int dev, const struct device_node *node, struct error *err);

/* Removes it, if it is still a node of this number, and directories that are empty then. */
void device_node_remove(int dev, const struct device_node *node);

/*
 * links: names below /dev, '\n' after each, or NULL.  Symbolic links that lead to the node, relative
 * to where they are; what is there already stays, and names that are not good are passed over.
 */
int device_links_make(int dev, const char *links, const char *node, struct error *err);

/* Removes those that lead to the node. */
void device_links_remove(int dev, const char *links, const char *node);

/* Calls each() for every node that a predecessor made: those of nobody's standard. */
int device_nodes_each(int dev, void (*each)(const struct device_node *node, void *context),
    void *context, struct error *err);

#endif
