// Harness for mlkem-native with the parameter set MLK_CONFIG_PARAMETER_SET. It uses the
// derandomised functions of the API. Held keys are in the expanded encoding, the only
// form that mlkem-native has. Its functions must be built with the prefix peer.

#include "harness.h"
#include "mlkem_native.h"

#define EK_SIZE MLKEM_PUBLICKEYBYTES(MLK_CONFIG_PARAMETER_SET)
#define CT_SIZE MLKEM_CIPHERTEXTBYTES(MLK_CONFIG_PARAMETER_SET)
#define DK_SIZE MLKEM_SECRETKEYBYTES(MLK_CONFIG_PARAMETER_SET)

static uint8_t held[DK_SIZE], scratch[DK_SIZE];

static int hold(void) { return peer_keypair_derand(out_ek, held, in_seed[0]); }

static int key_generation(int i) { return peer_keypair_derand(out_ek, scratch, in_seed[i]); }

static int parse_encapsulate(int i)
{
	uint8_t m[32];
	return draw(m, sizeof m) | peer_enc_derand(out_ct, out_ss, in_ek[i], m);
}

static int decapsulate(int i)
{
	(void)i;
	return peer_dec(out_ss, in_ct[0], held);
}

static int seed_to_shared_key(int i)
{
	return key_generation(i) | peer_dec(out_ss, in_ct[i], scratch);
}

static const struct operation operations[] = {
	{"key generation", key_generation},
	{"parse + encapsulate", parse_encapsulate},
	{"decapsulate", decapsulate},
	{"seed to shared key", seed_to_shared_key},
	{0},
};

int main(void) { return serve(operations, EK_SIZE, CT_SIZE); }
