// Harness for the C library kstzv/ml-kem with the parameter set LEVEL: 2, 3 or 4. Its
// keys come with a pool of slots for decapsulation. Here the pool has one slot.

#include "harness.h"
#include "ml_kem.h"

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

static struct ml_kem_pool_decaps_ctx *expand(int i)
{
	seed = in_seed[i];
	return ml_kem_create_object(LEVEL, 1, from_seed);
}

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

int main(void) { return serve(operations, EK_SIZE, CT_SIZE); }
