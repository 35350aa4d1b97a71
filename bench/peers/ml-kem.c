// Harness for the C library kstzv/ml-kem with the parameter set LEVEL: 2, 3 or 4. Its
// keys come with a pool of slots for decapsulation. In operations the pool has one slot.
//
//	pool T S MS   T threads decapsulate for MS milliseconds, with a pool of S slots
//
// The answer to this command has, in nanoseconds, how long that took and how long the
// processors worked; then how often the pool refused, the longest latency, and the
// latencies as BUCKET:COUNT, with the buckets of bench/latency.go.

#include "harness.h"
#include "ml_kem.h"

#include <pthread.h>
#include <sched.h>

#define EK_SIZE (384 * LEVEL + 32)
#define CT_SIZE (LEVEL == 4 ? LEN_CIPHERTEXT_1024 : LEVEL == 3 ? LEN_CIPHERTEXT_768 : LEN_CIPHERTEXT_512)

static struct ml_kem_pool_decaps_ctx *held;
static const uint8_t *seed;

// from_seed serves as the library's source of randomness. The library asks for d first
// and then for z.
static int from_seed(void *b, size_t n)
{
	memcpy(b, seed, n);
	seed += n;
	return 0;
}

static int from_system(void *b, size_t n) { return draw(b, n); }

static struct ml_kem_pool_decaps_ctx *expand_with(int i, size_t slots)
{
	seed = in_seed[i];
	return ml_kem_create_object(LEVEL, slots, from_seed);
}

static struct ml_kem_pool_decaps_ctx *expand(int i) { return expand_with(i, 1); }

static int hold(void)
{
	held = expand(0);
	return held ? 0 : -1;
}

static int key_generation(int i)
{
	struct ml_kem_pool_decaps_ctx *k = expand(i);
	if (!k)
		return -1;
	int failed = ml_kem_get_public_key(k, out_ek, EK_SIZE);
	ml_kem_destroy_core(k);
	return failed;
}

static int parse_encapsulate(int i)
{
	uint8_t *ct = ml_kem_encaps_core(in_ek[i], LEVEL, out_ss, from_system);
	if (!ct)
		return -1;
	memcpy(out_ct, ct, CT_SIZE);
	ml_kem_ciphertext_destroy_core(ct, LEVEL);
	return 0;
}

static int decapsulate(int i)
{
	(void)i;
	return ml_kem_decaps_core(held, in_ct[0], CT_SIZE, out_ss, sizeof out_ss);
}

static int seed_to_shared_key(int i)
{
	struct ml_kem_pool_decaps_ctx *k = expand(i);
	if (!k)
		return -1;
	int failed = ml_kem_decaps_core(k, in_ct[i], CT_SIZE, out_ss, sizeof out_ss);
	ml_kem_destroy_core(k);
	return failed;
}

static const struct operation operations[] = {
	{"key generation", key_generation},
	{"parse + encapsulate", parse_encapsulate},
	{"decapsulate", decapsulate},
	{"seed to shared key", seed_to_shared_key},
	{0},
};

#define BUCKET_BITS 6
#define BUCKETS ((40 - BUCKET_BITS + 1) << BUCKET_BITS)

struct worker {
	pthread_t thread;
	struct ml_kem_pool_decaps_ctx *pool;
	pthread_barrier_t *ready;
	int64_t duration, elapsed, longest;
	long refused;
	int failed;
	uint32_t counts[BUCKETS];
};

static int bucket_of(uint64_t ns)
{
	int shift = 63 - __builtin_clzll(ns | 1) - BUCKET_BITS;
	if (shift < 0)
		shift = 0;
	int bucket = (shift << BUCKET_BITS) + (int)(ns >> shift);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

// closed_loop is the function of this name in bench/pools.go.
static void *closed_loop(void *argument)
{
	struct worker *w = argument;
	uint8_t shared_key[32];
	pthread_barrier_wait(w->ready);
	int64_t start = now(), last = start;
	while (last - start < w->duration && !w->failed) {
		int result;
		while ((result = ml_kem_decaps_core(w->pool, in_ct[0], CT_SIZE, shared_key, sizeof shared_key)) == -EBUSY) {
			w->refused++;
			sched_yield();
		}
		w->failed = result;
		int64_t end = now(), latency = end - last;
		w->counts[bucket_of(latency)]++;
		if (latency > w->longest)
			w->longest = latency;
		last = end;
		sched_yield();
	}
	w->elapsed = last - start;
	return NULL;
}

static int64_t cpu_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void answer(const struct worker *workers, int threads, int64_t cpu)
{
	int64_t elapsed = 0, longest = 0;
	long refused = 0;
	for (int i = 0; i < threads; i++) {
		if (workers[i].elapsed > elapsed)
			elapsed = workers[i].elapsed;
		if (workers[i].longest > longest)
			longest = workers[i].longest;
		refused += workers[i].refused;
	}
	printf("ok %lld %lld %ld %lld", (long long)elapsed, (long long)cpu, refused, (long long)longest);
	for (int b = 0; b < BUCKETS; b++) {
		long count = 0;
		for (int i = 0; i < threads; i++)
			count += workers[i].counts[b];
		if (count)
			printf(" %d:%ld", b, count);
	}
	printf("\n");
}

static int run_pool(const char *line)
{
	int threads, slots, milliseconds;
	if (sscanf(line, "pool %d %d %d", &threads, &slots, &milliseconds) != 3)
		return 0;
	struct ml_kem_pool_decaps_ctx *pool = expand_with(0, slots);
	struct worker *workers = calloc(threads, sizeof *workers);
	pthread_barrier_t ready;
	if (!pool || !workers || pthread_barrier_init(&ready, NULL, threads))
		return 0;
	int failed = 0;
	int64_t cpu = cpu_time();
	for (int i = 0; i < threads; i++) {
		workers[i].pool = pool;
		workers[i].ready = &ready;
		workers[i].duration = milliseconds * INT64_C(1000000);
		if (pthread_create(&workers[i].thread, NULL, closed_loop, &workers[i]))
			exit(1); // the threads that run already would wait for this one
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		failed |= workers[i].failed;
	}
	if (failed)
		printf("error the operation failed\n");
	else
		answer(workers, threads, cpu_time() - cpu);
	pthread_barrier_destroy(&ready);
	free(workers);
	ml_kem_destroy_core(pool);
	return 1;
}

int main(void)
{
	own_command = run_pool;
	return serve(operations, EK_SIZE, CT_SIZE);
}
