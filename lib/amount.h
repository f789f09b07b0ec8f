/*
 * Amounts in sentences that a person reads: "2 GiB", "1 h 30 min".  Pure; each writes into
 * buffer, which it returns.  Tables have ctl/human.h.
 */
#ifndef LIB_AMOUNT_H
#define LIB_AMOUNT_H

#include <stddef.h>
#include <stdint.h>

#define AMOUNT_MAX 32

/* "512 bytes", "1.5 GiB": one decimal below ten of a unit, rounded down, none that is 0. */
const char *amount_bytes(uint64_t bytes, char *buffer, size_t size);

/* "45 s", "10 min", "1 h 30 min", "2 d 4 h": two units at the most, rounded down. */
const char *amount_seconds(uint64_t seconds, char *buffer, size_t size);

#endif
