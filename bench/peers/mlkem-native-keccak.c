// Harness for two parts of mlkem-native that its API does not show: the permutation of
// four states, and the matrix of ML-KEM-768. It must be built from the separate source
// files, not from the one that includes them all. Each state is a seed followed by zeros.
// The matrix expands from an encapsulation key. The harness returns only the sum of its
// coefficients, because mlkem-native stores them in another order.

#include "harness.h"
#include "indcpa.h"
#include "fips202/keccakf1600.h"

#define EK_SIZE 800
#define CT_SIZE 0

// hold makes the states.
static int hold(void)
{
	memset(out_ek, 0, EK_SIZE);
	for (int i = 0; i < 4; i++)
		memcpy(out_ek + i * EK_SIZE / 4, in_seed[i], sizeof in_seed[i]);
	return 0;
}

static int permutation(int i)
{
	(void)i;
	mlk_keccakf1600x4_permute((uint64_t *)out_ek);
	return 0;
}

static mlk_polymat a;

static int matrix(int i)
{
	mlk_gen_matrix(&a, in_ek[i], 1);
	return 0;
}

static int sum(int i)
{
	(void)i;
	uint32_t total = 0;
	const int16_t *coefficients = (const int16_t *)&a;
	for (int j = 0; j < MLKEM_K * MLKEM_K * MLKEM_N; j++)
		total += coefficients[j];
	memset(out_ss, 0, sizeof out_ss);
	memcpy(out_ss, &total, sizeof total);
	return 0;
}

static const struct operation operations[] = {
	{"permutation ×4", permutation},
	{"matrix, k = 3", matrix},
	{"sum", sum},
	{0},
};

int main(void) { return serve(operations, EK_SIZE, CT_SIZE); }
