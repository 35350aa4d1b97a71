// Harness for libcrux's ML-KEM-768 in C, with AVX2. Held keys are in its unpacked form,
// which includes the matrix.

#include "harness.h"
#include "libcrux_mlkem768_avx2.h"

#define EK_SIZE 1184
#define CT_SIZE 1088

// The code generator names array types by hashes. These two are the inputs of 32 and 64
// bytes. All other types follow from the functions.
typedef Eurydice_arr_600 bytes32;
typedef Eurydice_arr_060 bytes64;

typedef libcrux_ml_kem_mlkem768_avx2_unpacked_MlKem768KeyPairUnpacked key_pair;
typedef libcrux_ml_kem_mlkem768_avx2_unpacked_MlKem768PublicKeyUnpacked public_key;
typedef __typeof__(((libcrux_ml_kem_mlkem768_MlKem768KeyPair *)0)->pk) encoded_key;
typedef __typeof__(libcrux_ml_kem_mlkem768_avx2_encapsulate(0, (bytes32){{0}})) encapsulation;
typedef __typeof__(((encapsulation *)0)->fst) ciphertext;

static key_pair held, scratch;
static public_key parsed;

static void expand(key_pair *k, int i)
{
	bytes64 seed;
	memcpy(seed.data, in_seed[i], sizeof seed.data);
	libcrux_ml_kem_mlkem768_avx2_unpacked_generate_key_pair_mut(seed, k);
}

static void give(const encapsulation *e)
{
	memcpy(out_ct, e->fst.data, CT_SIZE);
	memcpy(out_ss, e->snd.data, sizeof out_ss);
}

static void take(const key_pair *k, int i)
{
	bytes32 ss = libcrux_ml_kem_mlkem768_avx2_unpacked_decapsulate(k, (const ciphertext *)in_ct[i]);
	memcpy(out_ss, ss.data, sizeof out_ss);
}

static int hold(void)
{
	held = libcrux_ml_kem_mlkem768_avx2_unpacked_init_key_pair();
	scratch = libcrux_ml_kem_mlkem768_avx2_unpacked_init_key_pair();
	parsed = libcrux_ml_kem_mlkem768_avx2_unpacked_init_public_key();
	expand(&held, 0);
	libcrux_ml_kem_mlkem768_avx2_unpacked_unpacked_public_key((const encoded_key *)in_ek[0], &parsed);
	return 0;
}

static int key_generation(int i)
{
	expand(&scratch, i);
	libcrux_ml_kem_mlkem768_avx2_unpacked_key_pair_serialized_public_key_mut(&scratch, (encoded_key *)out_ek);
	return 0;
}

static int parse_encapsulate(int i)
{
	bytes32 m;
	const encoded_key *key = (const encoded_key *)in_ek[i];
	if (!libcrux_ml_kem_mlkem768_avx2_validate_public_key(key) || draw(m.data, sizeof m.data))
		return -1;
	encapsulation e = libcrux_ml_kem_mlkem768_avx2_encapsulate(key, m);
	give(&e);
	return 0;
}

static int encapsulate(int i)
{
	(void)i;
	bytes32 m;
	if (draw(m.data, sizeof m.data))
		return -1;
	encapsulation e = libcrux_ml_kem_mlkem768_avx2_unpacked_encapsulate(&parsed, m);
	give(&e);
	return 0;
}

static int decapsulate(int i)
{
	(void)i;
	take(&held, 0);
	return 0;
}

static int seed_to_shared_key(int i)
{
	expand(&scratch, i);
	take(&scratch, i);
	return 0;
}

static const struct operation operations[] = {
	{"key generation", key_generation},
	{"parse + encapsulate", parse_encapsulate},
	{"encapsulate", encapsulate},
	{"decapsulate", decapsulate},
	{"seed to shared key", seed_to_shared_key},
	{0},
};

int main(void) { return serve(operations, EK_SIZE, CT_SIZE); }
