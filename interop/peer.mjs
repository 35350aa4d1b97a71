// Answers requests of interop_test.go with @noble/post-quantum. Each request and each
// answer is one line of JSON.
import { createInterface } from 'node:readline';
import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { ml_kem768_x25519, ml_kem768_p256, ml_kem1024_p384 } from '@noble/post-quantum/hybrid.js';

const kems = {
	'ML-KEM-512': ml_kem512,
	'ML-KEM-768': ml_kem768,
	'ML-KEM-1024': ml_kem1024,
	'X-Wing': ml_kem768_x25519,
	'MLKEM768-P256': ml_kem768_p256,
	'MLKEM1024-P384': ml_kem1024_p384,
};
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (b) => Buffer.from(b).toString('hex');

for await (const line of createInterface({ input: process.stdin })) {
	const { name, seed, random, ciphertexts } = JSON.parse(line);
	const kem = kems[name];
	const { publicKey, secretKey } = kem.keygen(bytes(seed));
	const { cipherText, sharedSecret } = kem.encapsulate(publicKey, bytes(random));
	console.log(JSON.stringify({
		encapsulationKey: hex(publicKey),
		ciphertext: hex(cipherText),
		sharedKey: hex(sharedSecret),
		decapsulated: ciphertexts.map((c) => hex(kem.decapsulate(bytes(c), secretKey))),
	}));
}
