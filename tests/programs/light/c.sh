#!/bin/bash
# gcc and make: a program of two files, with threads, built and run.
# needs: gcc make
set -euo pipefail

cat >sum.c <<'END'
#include <pthread.h>
#include <stdio.h>
long sum(long n);
static void *
add(void *n)
{
	return (void *)sum((long)n);
}
int
main(void)
{
	pthread_t thread[8];
	long all = 0;
	for (long i = 0; i < 8; i++)
		if (pthread_create(&thread[i], NULL, add, (void *)(i * 1000)) != 0)
			return 1;
	for (int i = 0; i < 8; i++) {
		void *one;
		pthread_join(thread[i], &one);
		all += (long)one;
	}
	printf("%ld\n", all);
}
END
cat >add.c <<'END'
long
sum(long n)
{
	long all = 0;
	while (n > 0)
		all += n--;
	return all;
}
END
printf 'CFLAGS = -O2 -g -flto -pthread\nsum: sum.o add.o\n\t$(CC) $(CFLAGS) -o $@ $^\nclean:\n\trm -f sum *.o\n' >Makefile
make -s -j2
./sum
make clean
ls
