package noise

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzParseProtocol(f *testing.F) {
	for _, name := range append(namesInUse, protocols...) {
		f.Add(name)
	}
	f.Add("Noise_XXpsk0+psk0_25519_ChaChaPoly_SHA256")
	f.Fuzz(func(t *testing.T, name string) {
		p, err := ParseProtocol(name)
		switch {
		case err != nil:
			if p != nil || !errors.Is(err, ErrProtocol) {
				t.Errorf("%q: %v", name, err)
			}
		case p.rebuilt() != name:
			t.Errorf("%q is taken for %q", name, p.rebuilt())
		case specOf(p).Check() != nil:
			t.Errorf("%q: %v", name, specOf(p).Check())
		}
	})
}

// FuzzReadMessage gives one side a message that it does not expect: data, or the right message with data added bit by bit.
// The transcription of the specification gets the same one.
func FuzzReadMessage(f *testing.F) {
	for protocol := range protocols {
		for message := range 4 {
			f.Add(byte(protocol), byte(message), true, []byte{0, 0, 1})
			f.Add(byte(protocol), byte(message), false, make([]byte, 40))
		}
	}
	f.Fuzz(func(t *testing.T, protocol, message byte, add bool, data []byte) {
		testRandom = newRandom(1)
		x := newQuartet(t, parse(t, protocols[int(protocol)%len(protocols)]), nil)
		n := int(message) % len(x.specs[0].Messages)
		for i := range n {
			x.message(t, i, []byte("payload"))
		}
		right, err := x.specs[n%2].Write([]byte("payload"))
		if err != nil {
			t.Fatal(err)
		}
		if add {
			for i := range min(len(right), len(data)) {
				right[i] ^= data[i]
			}
			data = right
		}
		x.read(t, 1-n%2, data)
	})
}

// read gives a side and its transcription the same message, and compares what they do. It reports whether it is valid.
func (x *quartet) read(t testing.TB, side int, message []byte) bool {
	t.Helper()
	hs := x.sides[side]
	i := x.specs[side].Done
	want, err := x.specs[side].Read(bytes.Clone(message))
	if err != nil || len(message) > MaxMessageSize {
		refuses(t, hs.protocol.name, hs, i, message)
		return false
	}
	payload, err := hs.ReadMessage(nil, message)
	if err != nil || !bytes.Equal(payload, want) {
		t.Fatalf("%s, message %d: %x, want %x, error %v", hs.protocol.name, i, payload, want, err)
	}
	if d := differs(hs, x.specs[side]); d != "" {
		t.Fatalf("%s, message %d: another %s", hs.protocol.name, i, d)
	}
	return true
}

// FuzzWalk calls methods in any order. The first byte of the walk is the protocol, and each of the others is a call.
func FuzzWalk(f *testing.F) {
	for protocol := range protocols {
		f.Add([]byte{byte(protocol), 0, 3, 1, 2, 0, 3, 1, 2, 8, 9, 0, 1})
	}
	f.Fuzz(func(t *testing.T, walk []byte) {
		if testRandom = newRandom(1); len(walk) > 0 {
			walkThrough(t, walk[0], walk[1:min(len(walk), 40)])
		}
	})
}

// TestWalk walks at random. Half of the walks have no faults but the order.
func TestWalk(t *testing.T) {
	r := newRandom(5)
	walks := 200
	if testing.Short() {
		walks = 60
	}
	finished := 0
	for i := range walks {
		walk := append(bytesFrom(r, 30), 8, 9) // 8 and 9 are Split
		for j := range walk {
			if i%2 == 0 {
				walk[j] &= 3 // only write, and read the last message
			}
		}
		finished += walkThrough(t, byte(i), walk)
	}
	if finished < walks/20 || finished > walks*19/20 {
		t.Errorf("%d of %d handshakes are finished", finished, walks)
	}
}

// walkThrough returns 1 if a handshake is finished. Otherwise it returns 0.
func walkThrough(t testing.TB, protocol byte, walk []byte) (finished int) {
	t.Helper()
	x := newQuartet(t, parse(t, protocols[int(protocol)%len(protocols)]), nil)
	name, count := x.sides[0].protocol.name, len(x.specs[0].Messages)
	dead := [2]bool{}
	var messages [][]byte
	order := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrOrder) {
			t.Fatalf("%s, walk %d: %s: %v", name, walk, what, err)
		}
	}
	for _, step := range walk {
		side := int(step & 1)
		hs, spec := x.sides[side], x.specs[side]
		writes := !dead[side] && spec.Done < count && spec.Done%2 == side
		reads := !dead[side] && spec.Done < count && spec.Done%2 != side
		if hs.MyTurn() != writes || hs.Done() != (!dead[side] && spec.Done == count) {
			t.Fatalf("%s, walk %d: my turn %v, done %v", name, walk, hs.MyTurn(), hs.Done())
		}
		last := []byte("no message")
		if len(messages) > 0 {
			last = messages[len(messages)-1]
		}
		switch step >> 1 % 8 {
		case 0: // write
			payload := []byte{step, step}
			message, err := hs.WriteMessage(nil, payload)
			if !writes {
				order("WriteMessage", err)
				continue
			}
			want, specErr := spec.Write(payload)
			if err != nil || specErr != nil || !bytes.Equal(message, want) || differs(hs, spec) != "" {
				t.Fatalf("%s, walk %d: another message, errors %v and %v", name, walk, err, specErr)
			}
			messages = append(messages, message)
		case 1, 2, 3: // read the last message, a changed one, or an earlier one
			message := bytes.Clone(last)
			if step>>1%8 == 2 {
				message[int(step>>4)*len(message)/16] ^= 1
			} else if step>>1%8 == 3 {
				message = bytes.Clone(append([][]byte{last}, messages...)[int(step>>4)%(len(messages)+1)])
			}
			if !reads {
				_, err := hs.ReadMessage(nil, message)
				order("ReadMessage", err)
				continue
			}
			dead[side] = !x.read(t, side, message)
		case 4: // split
			send, receive, err := hs.Split()
			if dead[side] || spec.Done < count {
				order("Split", err)
				continue
			}
			dead[side], finished = true, 1
			k1, k2 := spec.Split()
			for i, c := range []*CipherState{send, receive} {
				key := [][]byte{k1, k2}[(i+side)%2]
				if (c == nil) != (count == 1 && i != side) || c != nil && !bytes.Equal(c.key.k[:], key) {
					t.Fatalf("%s, walk %d: another key", name, walk)
				}
			}
			isDead(t, name, hs)
		case 5: // MixHash
			err := hs.MixHash(walk)
			if dead[side] {
				order("MixHash", err)
				continue
			}
			if spec.MixHash(walk); err != nil || differs(hs, spec) != "" {
				t.Fatalf("%s, walk %d: MixHash: %v", name, walk, err)
			}
		case 6: // too long
			if _, err := hs.WriteMessage(nil, make([]byte, MaxMessageSize+1)); writes != errors.Is(err, ErrMessageLength) {
				t.Fatalf("%s, walk %d: a long payload: %v", name, walk, err)
			}
		case 7:
			if step > 0xe0 {
				hs.Destroy()
				dead[side] = true
				isDead(t, name, hs)
			}
		}
	}
	return finished
}
