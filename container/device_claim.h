/*
 * Whether the host itself uses a block device: mounted, swap, part of an array, held by a file
 * system, or a disk one of whose partitions is.
 */
#ifndef CONTAINER_DEVICE_CLAIM_H
#define CONTAINER_DEVICE_CLAIM_H

#include "lib/error.h"

#include <sys/types.h>

enum device_claim {
	DEVICE_CLAIM_UNKNOWN = -1, /* err */
	DEVICE_FREE,
	DEVICE_CLAIMED
};

enum device_claim device_claim(dev_t number, struct error *err);

#endif
