// Package vectors holds published test vectors and reads them. It imports
// nothing of this module, so the tests of every package can use it.
//
// A file has one vector a line, a JSON object in which byte strings are
// hexadecimal; the README beside the files tells their fields, their sources
// and their licences.
package vectors

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

//go:embed *.jsonl *.jsonl.gz
var files embed.FS

// Hex is a byte string, in JSON a string of hexadecimal digits.
type Hex []byte

// UnmarshalText decodes hexadecimal digits. The result is never nil, which
// tells an empty string from an absent one.
func (h *Hex) UnmarshalText(text []byte) error {
	b := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(b, text); err != nil {
		return err
	}
	*h = b
	return nil
}

// Read returns the vectors of a file as structs; count and T are as for
// [Lines] and [Decode].
func Read[T any](name string, count int) ([]T, error) {
	lines, err := Lines(name, count)
	if err != nil {
		return nil, err
	}
	vectors := make([]T, len(lines))
	for i, line := range lines {
		if vectors[i], err = Decode[T](line); err != nil {
			return nil, fmt.Errorf("%w (%s, line %d)", err, name, i+1)
		}
	}
	return vectors, nil
}

// Lines returns the vectors of a file as JSON. The caller says how many there
// are: another number is an error, and so is none.
func Lines(name string, count int) ([][]byte, error) {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("vectors: %w", err)
	}
	return split(name, data, count)
}

func split(name string, data []byte, count int) ([][]byte, error) {
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			data, err = io.ReadAll(r)
		}
		if err != nil {
			return nil, fmt.Errorf("vectors: %s: %w", name, err)
		}
	}
	lines := slices.Collect(bytes.Lines(data))
	if len(lines) != count || count == 0 {
		return nil, fmt.Errorf("vectors: %s has %d vectors, not %d", name, len(lines), count)
	}
	return lines, nil
}

// Decode parses one line into the struct T, by the rules of encoding/json. An
// absent (or zero) field is an error unless its tag says omitempty, so that no
// vector passes for want of what it should check. Fields that T does not name
// are ignored.
func Decode[T any](line []byte) (T, error) {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return v, fmt.Errorf("vectors: %w", err)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		optional := strings.Contains(f.Tag.Get("json"), ",omitempty")
		if !optional && reflect.ValueOf(v).FieldByIndex(f.Index).IsZero() {
			return v, fmt.Errorf("vectors: field %s is missing", f.Name)
		}
	}
	return v, nil
}
