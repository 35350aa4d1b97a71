package main

import (
	"bytes"
	"crypto/sha3"
	"fmt"
	"io"
	"slices"

	"hybridkem/kem/kemtest"
	"hybridkem/xwing"
)

// An answer is one of the draft's vectors.
type answer struct {
	seed, eseed, ss, sk, pk, ct []byte
}

var emitForms = map[string]func([]answer) []byte{
	"xwing":      answersJSON,
	"xwing-text": answersText,
}

// emitXWing computes the X-Wing draft's vectors as the draft does: it reads the seed and
// the eseed of each vector from one SHAKE128 stream of the empty string.
func emitXWing(w io.Writer, form func([]answer) []byte) error {
	stream := sha3.NewSHAKE128()
	answers := make([]answer, 3)
	for i := range answers {
		seed, eseed := make([]byte, 32), make([]byte, 64)
		stream.Read(seed)
		stream.Read(eseed)
		dk, err := xwing.KEM().NewDecapsulationKey(seed)
		if err != nil {
			return err
		}
		pk := dk.Encapsulator().Bytes()
		ek, err := xwing.KEM().NewEncapsulationKey(pk)
		if err != nil {
			return err
		}
		ss, ct, err := kemtest.Encapsulate(ek, eseed)
		if err != nil {
			return err
		}
		answers[i] = answer{seed, eseed, ss, dk.Bytes(), pk, ct}
	}
	_, err := w.Write(form(answers))
	return err
}

// answersJSON returns the draft's spec/test-vectors.json. That file has a space after
// each comma and colon and no final newline.
func answersJSON(answers []answer) []byte {
	objects := make([][]byte, len(answers))
	for i, a := range answers {
		objects[i] = fmt.Appendf(nil, `{"seed": "%x", "eseed": "%x", "ss": "%x", "sk": "%x", "pk": "%x", "ct": "%x"}`,
			a.seed, a.eseed, a.ss, a.sk, a.pk, a.ct)
	}
	return slices.Concat([]byte("["), bytes.Join(objects, []byte(", ")), []byte("]"))
}

// answersText returns the draft's spec/test-vectors.txt. There a short value follows its
// name on the same line, and a long one has lines of its own.
func answersText(answers []answer) []byte {
	var text []byte
	for _, a := range answers {
		for _, field := range []struct {
			name  string
			value []byte
		}{
			{"seed", a.seed}, {"sk", a.sk}, {"pk", a.pk}, {"eseed", a.eseed}, {"ct", a.ct}, {"ss", a.ss},
		} {
			line := fmt.Appendf(nil, "%s     %x\n", field.name, field.value)
			if len(line) <= 74 {
				text = append(text, line...)
				continue
			}
			text = fmt.Appendf(text, "%s\n", field.name)
			for part := range slices.Chunk(field.value, 36) {
				text = fmt.Appendf(text, "  %x\n", part)
			}
		}
		text = append(text, '\n')
	}
	return text
}
