/*
 * Numbers as people read them.  Pure; each writes into buffer, which it returns, and knows
 * USAGE_UNKNOWN ("?") and USAGE_UNLIMITED ("max", the kernel's word).
 */
#ifndef CTL_HUMAN_H
#define CTL_HUMAN_H

#include <stddef.h>
#include <stdint.h>

#define HUMAN_MAX 32

const char *human_number(uint64_t number, char *buffer, size_t size);
const char *human_bytes(uint64_t bytes, char *buffer, size_t size);      /* "1.5G" */
const char *human_cpus(uint64_t per_mille, char *buffer, size_t size);   /* "150%" */
const char *human_usec(uint64_t usec, char *buffer, size_t size);        /* "0.31s", "2m05s" */
const char *human_seconds(uint64_t seconds, char *buffer, size_t size);  /* "4d03h" */

#endif
