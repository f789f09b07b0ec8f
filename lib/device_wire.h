/*
 * What the helper that finds devices tells the supervisor, one SOCK_SEQPACKET packet each.  The
 * helper is root's, but what it tells came from hardware that a user may have plugged in: every
 * text is checked again where it is used.
 */
#ifndef LIB_DEVICE_WIRE_H
#define LIB_DEVICE_WIRE_H

#include <stdint.h>

#define DEVICE_NODE_SIZE 200
#define DEVICE_LINKS_SIZE 1800

enum device_news {
	DEVICE_NEWS_ADD = 1, /* is there, or has changed; told again for what is known already */
	DEVICE_NEWS_REMOVE,  /* node alone counts */
	DEVICE_NEWS_ALL,     /* all that are there have been told: what was not is gone */
	DEVICE_NEWS_FAULT    /* links has a sentence for the log */
};

struct device_message {
	uint32_t news;   /* enum device_news */
	uint32_t block;  /* 1: a block device, 0: a character device */
	uint32_t major;
	uint32_t minor;
	uint32_t access; /* enum device_access, policy/device_rule.h */
	uint32_t exact;  /* 1: the rule that allows it names its node in full */
	char node[DEVICE_NODE_SIZE];   /* below /dev */
	char links[DEVICE_LINKS_SIZE]; /* names below /dev, '\n' after each */
};

#endif
