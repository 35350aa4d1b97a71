package vectors

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte("{}\n{}\n{}\n"))
	w.Close()

	for _, test := range []struct {
		name, data string
		count      int
		ok         bool
	}{
		{"a.jsonl", "{}\n{}\n{}\n", 3, true},
		{"a.jsonl", "{}\n{}\n", 3, false},
		{"a.jsonl", "{}\n{}\n{}\n{}\n", 3, false},
		{"a.jsonl", "", 3, false},
		{"a.jsonl", "", 0, false},
		{"a.jsonl.gz", packed.String(), 3, true},
		{"a.jsonl.gz", packed.String(), 2, false},
		{"a.jsonl.gz", packed.String()[:packed.Len()-1], 3, false},
		{"a.jsonl.gz", "", 3, false},
	} {
		lines, err := split(test.name, []byte(test.data), test.count)
		if ok := err == nil && len(lines) == test.count; ok != test.ok {
			t.Errorf("%s of %d bytes, %d expected: %d lines, error %v", test.name, len(test.data), test.count, len(lines), err)
		}
	}
}

func TestDecode(t *testing.T) {
	type vector struct {
		ID   string
		EK   Hex
		K    Hex `json:",omitempty"`
		Size int `json:"the_size"`
	}
	for _, test := range []struct {
		line string
		ok   bool
	}{
		{`{"id":"1","ek":"00ff","K":"aa","the_size":1}`, true},
		{`{"id":"1","ek":"00ff","the_size":1}`, true},
		{`{"id":"1","ek":"","the_size":1,"more":[]}`, true},
		{`{"id":"1","the_size":1}`, false},
		{`{"id":"1","ek":null,"the_size":1}`, false},
		{`{"id":"1","ek":"00ff"}`, false},
		{`{"ek":"00ff","the_size":1}`, false},
		{`{"id":"1","ek":"0","the_size":1}`, false},
		{`{"id":"1","ek":"0g","the_size":1}`, false},
		{`{"id":"1","ek":"00ff","the_size":`, false},
		{`{}`, false},
		{``, false},
	} {
		if v, err := Decode[vector]([]byte(test.line)); (err == nil) != test.ok {
			t.Errorf("%s: %+v, error %v", test.line, v, err)
		}
	}

	v, err := Decode[vector]([]byte(`{"id":"1","ek":"00ff","K":"aa","the_size":1}`))
	if err != nil || v.ID != "1" || !bytes.Equal(v.EK, []byte{0, 0xff}) || !bytes.Equal(v.K, []byte{0xaa}) || v.Size != 1 {
		t.Errorf("got %+v, error %v", v, err)
	}
}

func TestRead(t *testing.T) {
	type vector struct{ Seed, EK Hex }
	const name = "mlkem_acvp_keygen.jsonl.gz"
	vectors, err := Read[vector](name, 75)
	if err != nil || len(vectors) != 75 || len(vectors[0].Seed) != 64 || len(vectors[0].EK) != 800 {
		t.Errorf("%d vectors, error %v", len(vectors), err)
	}
	if _, err := Read[vector](name, 74); err == nil {
		t.Error("a wrong count is accepted")
	}
	if _, err := Read[vector]("absent.jsonl", 1); err == nil {
		t.Error("an absent file is accepted")
	}
	if _, err := Read[struct{ Absent Hex }](name, 75); err == nil {
		t.Error("an absent field is accepted")
	}
}

// TestREADME checks that every file has a line in the README, which gives its source and
// licence.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.Contains(string(readme), "\n| `"+entry.Name()+"` |") {
			t.Errorf("README.md does not tell where %s is from", entry.Name())
		}
	}
}
