// Follows sessions of noise_test.go with one library for the Noise Protocol Framework, which is the
// first argument. Each session and each outcome is one line of JSON, with bytes in base64.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const bytes = (base64) => base64 === null ? null : Buffer.from(base64, 'base64');

// Each library is a function that returns a function from a session to a side, which has write, read and hash,
// like a side of noise_test.go.
const libraries = {
	async 'noise-c.wasm'() {
		const wasmBinary = readFileSync(require.resolve('noise-c.wasm/src/noise-c.wasm'));
		const lib = await new Promise((resolve) => require('noise-c.wasm')({ wasmBinary }, resolve));
		const none = new Uint8Array();
		return ({ protocol, initiator, prologue, staticPrivate, peerStatic }) => {
			const state = lib.HandshakeState(protocol, initiator ? lib.constants.NOISE_ROLE_INITIATOR : lib.constants.NOISE_ROLE_RESPONDER);
			state.Initialize(prologue, staticPrivate, peerStatic);
			let hash, send, receive;
			const split = () => {
				if (state.GetAction() === lib.constants.NOISE_ACTION_SPLIT) {
					hash = state.GetHandshakeHash();
					[send, receive] = state.Split();
				}
			};
			return {
				write(payload) {
					if (hash) return send.EncryptWithAd(none, payload);
					const message = state.WriteMessage(payload);
					split();
					return message;
				},
				read(message) {
					if (hash) return receive.DecryptWithAd(none, message);
					const payload = state.ReadMessage(message, true);
					split();
					return payload;
				},
				hash: () => hash,
			};
		};
	},

	async 'noise-handshake'() {
		const Noise = require('noise-handshake');
		const Cipher = require('noise-handshake/cipher');
		return ({ protocol, initiator, prologue, psk, staticPublic, staticPrivate, peerStatic }) => {
			const [, pattern] = protocol.split('_');
			const state = new Noise(pattern, initiator, staticPrivate && { publicKey: staticPublic, secretKey: staticPrivate }, { psk });
			state.initialise(prologue, peerStatic);
			let send, receive;
			const split = () => {
				if (state.complete) [send, receive] = [new Cipher(state.tx), new Cipher(state.rx)];
			};
			return {
				write(payload) {
					if (send) return send.encrypt(payload);
					const message = state.send(payload);
					split();
					return message;
				},
				read(message) {
					if (receive) return receive.decrypt(message);
					const payload = state.recv(message); // overwrites parts of the last message
					split();
					return payload;
				},
				hash: () => state.hash,
			};
		};
	},

	async '@chainsafe/libp2p-noise'() {
		// The package exports only libp2p's use of Noise, with which its payloads must be libp2p's.
		const file = (name) => import(new URL(`node_modules/@chainsafe/libp2p-noise/dist/src/${name}.js`, import.meta.url));
		const [{ XXHandshakeState, ZEROLEN }, { wrapCrypto }, { defaultCrypto }] = await Promise.all(['protocol', 'crypto', 'crypto/index'].map(file));
		const { Uint8ArrayList } = await import('uint8arraylist');
		return ({ protocol, initiator, prologue, staticPublic, staticPrivate }) => {
			const state = new XXHandshakeState({
				crypto: wrapCrypto(defaultCrypto), protocolName: protocol, prologue, initiator,
				s: { publicKey: staticPublic, privateKey: staticPrivate },
			});
			const messages = ['A', 'B', 'C'];
			let send, receive;
			const split = () => {
				if (messages.length > 0) return;
				[send, receive] = state.ss.split();
				if (!initiator) [send, receive] = [receive, send];
			};
			return {
				write(payload) {
					if (send) return send.encryptWithAd(ZEROLEN, payload).subarray();
					const message = state[`writeMessage${messages.shift()}`](payload).subarray();
					split();
					return message;
				},
				read(message) {
					if (receive) return receive.decryptWithAd(ZEROLEN, message).subarray();
					const payload = state[`readMessage${messages.shift()}`](new Uint8ArrayList(message)).subarray();
					split();
					return payload;
				},
				hash: () => state.ss.h,
			};
		};
	},
};

// Yields the messages that arrive, each with its length in two bytes before it, until the connection ends.
async function* messages(socket) {
	let arrived = Buffer.alloc(0);
	try {
		for await (const chunk of socket) {
			arrived = Buffer.concat([arrived, chunk]);
			while (arrived.length >= 2 && arrived.length >= 2 + arrived.readUInt16BE()) {
				const end = 2 + arrived.readUInt16BE();
				yield Buffer.from(arrived.subarray(2, end));
				arrived = arrived.subarray(end);
			}
		}
	} catch {
		// The other side has closed the connection with data unread.
	}
}

async function follow(socket, side, initiator, script) {
	const arriving = messages(socket);
	const opened = [];
	for (const { FromInitiator, Payload } of script) {
		if (FromInitiator === initiator) {
			const message = side.write(bytes(Payload));
			const length = Buffer.alloc(2);
			length.writeUInt16BE(message.length);
			socket.write(Buffer.concat([length, message]));
			continue;
		}
		const { value: message, done } = await arriving.next();
		if (done) return { opened, stopped: 'closed' };
		try {
			opened.push(Buffer.from(side.read(message)).toString('base64'));
		} catch {
			return { opened, stopped: 'refused' };
		}
	}
	return { opened, hash: Buffer.from(side.hash()).toString('base64') };
}

const newSide = await libraries[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) {
	const { Port, Protocol, Initiator, Prologue, PSK, Static, StaticPrivate, PeerStatic, Script } = JSON.parse(line);
	const socket = connect(Port, '127.0.0.1');
	socket.on('error', () => {}); // reading reports it
	const side = newSide({
		protocol: Protocol, initiator: Initiator, prologue: bytes(Prologue), psk: bytes(PSK),
		staticPublic: bytes(Static), staticPrivate: bytes(StaticPrivate), peerStatic: bytes(PeerStatic),
	});
	const outcome = await follow(socket, side, Initiator, Script);
	socket.end();
	console.log(JSON.stringify(outcome));
}
