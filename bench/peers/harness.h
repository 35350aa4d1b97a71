// The code that all harnesses share. A harness reads commands from the standard input,
// one a line. It answers each on the standard output with "ok" and a result, or "error".
//
//	set seed|ek|ct I HEX   set input I of that kind
//	hold                   make the key from seed 0, and parse encapsulation key 0
//	once I OPERATION       do the operation with the inputs I
//	time N OPERATION       do it N times, cycling through the inputs; answer in nanoseconds
//	get ek|ct|ss           return an output of the last operation
//
// A harness includes this file first. It defines a table of operations, a function
// hold, and the sizes EK_SIZE and CT_SIZE. It can set own_command, which returns whether
// it has answered a line with another command.

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

// INPUTS equals the constant inputs in bench/measure.go.
#define INPUTS 16
#define MAX_SIZE 1568

static uint8_t in_seed[INPUTS][64], in_ek[INPUTS][MAX_SIZE], in_ct[INPUTS][MAX_SIZE];
// Some harnesses put the states of hash functions here, which must be aligned.
static _Alignas(64) uint8_t out_ek[MAX_SIZE];
static uint8_t out_ct[MAX_SIZE], out_ss[32];

// run returns 0 if the operation succeeded.
struct operation {
	const char *name;
	int (*run)(int i);
};

static int hold(void);

static int (*own_command)(const char *line);

// draw fills b from the operating system. Every encapsulation here draws its randomness
// so.
static inline int draw(uint8_t *b, size_t n) { return getrandom(b, n, 0) == (ssize_t)n ? 0 : -1; }

static const struct operation *find(const struct operation *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static int set(char *arguments)
{
	char kind[8];
	unsigned i, byte;
	int used;
	if (sscanf(arguments, "%7s %u %n", kind, &i, &used) != 2 || i >= INPUTS)
		return -1;
	uint8_t *to = strcmp(kind, "seed") == 0 ? in_seed[i] : strcmp(kind, "ek") == 0 ? in_ek[i] : in_ct[i];
	size_t size = to == in_seed[i] ? sizeof in_seed[i] : MAX_SIZE;
	for (char *hex = arguments + used; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		if (size-- == 0)
			return -1;
		*to++ = byte;
	}
	return 0;
}

static void get(const char *kind, size_t ek_size, size_t ct_size)
{
	const uint8_t *from = strcmp(kind, "ek") == 0 ? out_ek : strcmp(kind, "ct") == 0 ? out_ct : out_ss;
	size_t size = from == out_ek ? ek_size : from == out_ct ? ct_size : sizeof out_ss;
	printf("ok ");
	for (size_t i = 0; i < size; i++)
		printf("%02x", from[i]);
	printf("\n");
}

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int serve(const struct operation *table, size_t ek_size, size_t ct_size)
{
	static char line[4 * MAX_SIZE];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		int failed = 0, used = 0;
		long n;
		if (strncmp(line, "get ", 4) == 0) {
			get(line + 4, ek_size, ct_size);
		} else if (sscanf(line, "time %ld %n", &n, &used) == 1) {
			const struct operation *o = find(table, line + used);
			int64_t start = now();
			for (long i = 0; o && i < n; i++)
				failed |= o->run(i % INPUTS);
			int64_t elapsed = now() - start;
			printf(o && !failed ? "ok %lld\n" : "error the operation failed\n", (long long)elapsed);
		} else if (!own_command || !own_command(line)) {
			if (strncmp(line, "set ", 4) == 0) {
				failed = set(line + 4);
			} else if (strcmp(line, "hold") == 0) {
				failed = hold();
			} else if (sscanf(line, "once %ld %n", &n, &used) == 1) {
				const struct operation *o = find(table, line + used);
				failed = !o || o->run(n % INPUTS);
			} else {
				failed = 1;
			}
			printf(failed ? "error %.40s\n" : "ok\n", line);
		}
		fflush(stdout);
	}
	return 0;
}
