// Package vectors holds published test vectors and reads them. It imports nothing of this
// module, so tests of every package can use it.
//
// Each line of a file is one vector: a JSON object with byte strings in hexadecimal. The
// README in this folder describes the fields and gives the sources and licences.
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

// Hex is a byte string. In JSON it is a string of hexadecimal digits.
type Hex []byte

// UnmarshalText decodes hexadecimal digits. Its result is never nil, so an empty string
// differs from an absent one.
func (h *Hex) UnmarshalText(text []byte) error {
	b := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(b, text); err != nil {
		return err
	}
	*h = b
	return nil
}

// Read returns the vectors of a file as structs. It uses count as [Lines] does and T as
// [Decode] does.
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

// Lines returns the vectors of a file as JSON. It returns an error if their number is not
// count, or if there are none.
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

// Decode parses one line into the struct T as encoding/json does. It returns an error if
// a field is absent or zero, unless the field's tag says omitempty. So no vector passes
// because the value to check is missing. Decode ignores fields that T does not name.
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
