// Harness for the X25519 of s2n-bignum. The scalar is the first half of a seed. The point
// is in the place of an encapsulation key.

#include "harness.h"
#include "s2n-bignum.h"

#define EK_SIZE 32
#define CT_SIZE 0

#if defined(__BMI2__) && defined(__ADX__)
#define x25519 curve25519_x25519_byte
#define x25519base curve25519_x25519base_byte
#else
#define x25519 curve25519_x25519_byte_alt
#define x25519base curve25519_x25519base_byte_alt
#endif

static int hold(void) { return 0; }

static int fixed_base(int i)
{
	x25519base(out_ek, in_seed[i]);
	return 0;
}

static int variable_base(int i)
{
	x25519(out_ss, in_seed[i], in_ek[i]);
	return 0;
}

static int both(int i) { return fixed_base(i) | variable_base(i); }

static const struct operation operations[] = {
	{"fixed base", fixed_base},
	{"variable base", variable_base},
	{"both", both},
	{0},
};

int main(void) { return serve(operations, EK_SIZE, CT_SIZE); }
