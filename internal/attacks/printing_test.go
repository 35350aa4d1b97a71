package attacks

import (
	"bytes"
	"crypto/sha3"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hybridkem/combiner/composite"
	"hybridkem/internal/spec"
	"hybridkem/internal/testkit"
	"hybridkem/kem"
)

// A confession finds a secret in printed text, in any notation of fmt. It looks for four
// consecutive numbers from the beginning of the secret.
type confession struct {
	numbers map[[4]int]bool     // four consecutive bytes or coefficients
	texts   map[string][]string // by their first four bytes
	starts  [1 << 16]bool       // by the first two bytes of a text
}

// add adds the numbers of a secret.
func (c *confession) add(secret []int) {
	if c.numbers == nil {
		c.numbers, c.texts = map[[4]int]bool{}, map[string][]string{}
	}
	for i := range min(len(secret), 40) - 3 {
		four := [4]int(secret[i:])
		c.numbers[four] = true
		var raw []byte
		var runes []string
		for _, n := range four {
			raw = append(raw, byte(n))
			runes = append(runes, string(rune(n)))
		}
		quoted := func(quote func(string) string) string { s := quote(string(raw)); return s[1 : len(s)-1] }
		for _, text := range []string{
			string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
			quoted(strconv.Quote), quoted(strconv.QuoteToASCII), strings.Join(runes, " "),
		} {
			c.texts[text[:4]] = append(c.texts[text[:4]], text)
			c.starts[binary.BigEndian.Uint16([]byte(text))] = true
		}
	}
}

// addExpanded adds the bytes and the coefficients of the first polynomial of ŝ in an expanded key.
func (c *confession) addExpanded(key []byte) {
	c.add(numbersOf(key))
	f := spec.ByteDecode(12, key[:384])
	c.add(numbersOf(f[:]))
}

// found returns a part of the secret that is in the text, or an empty string.
func (c *confession) found(text string) string {
	bases := [...]int{2, 8, 10, 16}
	var last [len(bases)][4]int // numbers in each base
	var n [len(bases)]int
	for token := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isNumberRune(r) }) {
		token = withoutPrefix(token)
		for i, base := range bases {
			number, err := strconv.ParseUint(token, base, 31)
			if err != nil {
				continue
			}
			last[i] = [4]int{last[i][1], last[i][2], last[i][3], int(number)}
			if n[i]++; n[i] >= 4 && c.numbers[last[i]] {
				return fmt.Sprintf("%d in base %d", last[i], base)
			}
		}
	}
	for i := range len(text) - 3 {
		if !c.starts[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, form := range c.texts[text[i:i+4]] {
			if strings.HasPrefix(text[i:], form) {
				return fmt.Sprintf("%q", form)
			}
		}
	}
	return ""
}

// isNumberRune reports whether a number that fmt prints may hold the rune.
func isNumberRune(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '+'
}

// withoutPrefix returns a number without its sign and without the prefix that gives its base.
func withoutPrefix(token string) string {
	for _, prefix := range []string{"+", "0x", "0X", "0b", "0o", "U+"} {
		if rest, ok := strings.CutPrefix(token, prefix); ok {
			return rest
		}
	}
	return token
}

func numbersOf[N byte | int | int16](secret []N) (numbers []int) {
	for _, n := range secret {
		numbers = append(numbers, int(n))
	}
	return numbers
}

// A holder has a key in every kind of field.
type holder struct {
	Exported   any
	unexported any
	Slice      []any
	slice      []any
	Map        map[string]any
	byKey      map[any]string
	pointer    *any
	array      [1]any
	Reflected  reflect.Value
}

func newHolder(key any) holder {
	return holder{
		key, key, []any{key}, []any{key}, map[string]any{"a": key}, map[any]string{key: "a"}, &key, [1]any{key}, reflect.ValueOf(key),
	}
}

// A keyError is an error with a key in it.
type keyError struct{ key any }

func (e keyError) Error() string { return fmt.Sprintf("the key %v is bad", e.key) }

// printings calls f with the results of printing a value: with every verb and flag of fmt, and with
// every logger and encoder of the standard library.
func printings(value any, f func(how, text string)) {
	verbs := "vTtbcdoOqxXUeEfFgGspwyzZ!"
	for _, flags := range []string{"", "+", "#", "# ", "-40.3"} {
		for _, verb := range verbs {
			format := "%" + flags + string(verb)
			f(format, fmt.Sprintf(format, value))
		}
	}
	f("Print", fmt.Sprint(value))
	f("Print of several", fmt.Sprintln("a", value, value))
	f("extra argument", fmt.Sprintf(strings.Repeat("%d", 1), 1, value))
	f("error", fmt.Errorf("a: %v", value).Error())
	f("wrapped error", fmt.Errorf("a: %w", keyError{value}).Error())
	f("error that is printed", fmt.Sprintf("%+v %#v", keyError{value}, keyError{value}))
	var b bytes.Buffer
	log.New(&b, "", 0).Println(value)
	f("log", b.String())
	for name, handler := range map[string]slog.Handler{
		"slog, text": slog.NewTextHandler(&b, nil), "slog, JSON": slog.NewJSONHandler(&b, nil),
	} {
		b.Reset()
		slog.New(handler).With("with", value).Info("message", "key", value, slog.Group("g", "key", value))
		f(name, b.String())
	}
	text, err := json.Marshal(value)
	f("JSON", fmt.Sprint(string(text), err))
	text, err = xml.Marshal(value)
	f("XML", fmt.Sprint(string(text), err))
	b.Reset()
	err = gob.NewEncoder(&b).Encode(value)
	f("gob", fmt.Sprint(b.String(), err))
}

// containers calls f with every kind of value that can contain a key.
func containers(key any, f func(what string, value any)) {
	f("alone", key)
	value := reflect.ValueOf(key)
	elem := value.Elem().Interface()
	f("by value", elem)
	f("pointer to pointer", &key)
	for what, key := range map[string]any{"pointer": key, "value": elem} {
		if !reflect.TypeOf(key).Comparable() {
			continue
		}
		h := newHolder(key)
		f("struct with a "+what, h)
		f("pointer to a struct with a "+what, &h)
		f("slice of structs with a "+what, []holder{h})
		f("slice of "+what, []any{key})
		f("map of "+what, map[string]any{"a": key})
	}
	// The fields have the key's own types, by value and by pointer, and names that are not
	// exported.
	typed := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "byValue", PkgPath: "attacks", Type: value.Type().Elem()},
		{Name: "byPointer", PkgPath: "attacks", Type: value.Type()},
		{Name: "Slice", Type: reflect.SliceOf(value.Type().Elem())},
	})).Elem()
	set := func(i int, v reflect.Value) {
		reflect.NewAt(typed.Field(i).Type(), typed.Field(i).Addr().UnsafePointer()).Elem().Set(v)
	}
	set(0, value.Elem())
	set(1, value)
	set(2, reflect.Append(reflect.MakeSlice(reflect.SliceOf(value.Type().Elem()), 0, 1), value.Elem()))
	f("typed fields", typed.Interface())
	f("pointer to typed fields", typed.Addr().Interface())
	f("reflect.Value of a field", typed.Field(0))
	f("reflect.Value of a field that points", typed.Field(1))
	f("reflect.Value", value)
}

// TestPrinting checks that printing a key shows no secret. It prints keys in every way, alone and
// inside every kind of value that can contain one. Where fmt, log or slog can call a method of the
// key, the text must name its type and its KEM.
func TestPrinting(t *testing.T) {
	if testkit.Race || testing.Short() && runtime.GOARCH != "amd64" {
		t.Skip("slow here, and the same on every machine")
	}
	check := func(name, typeName string, key any, c *confession) {
		kemName, _, _ := strings.Cut(name, ", ")
		t.Run(name, func(t *testing.T) {
			some := []string{"X-Wing", "ML-KEM-768", "ML-KEM-768, expanded", "ML-KEM-768, state", "MLKEM768-X25519-SHA3-256"}
			if testing.Short() {
				some = some[:1]
			}
			if !testkit.Sweep() && !slices.Contains(some, name) {
				t.Skip("in a sweep only: the same types with other numbers")
			}
			found := 0
			containers(key, func(what string, value any) {
				printings(value, func(how, text string) {
					if find := c.found(text); find != "" {
						found++
						if found < 10 {
							t.Errorf("%s by %s prints %s: %.300s", what, how, find, text)
						}
					}
					direct := what == "alone" || what == "by value"
					named := strings.Contains(text, typeName) && strings.Contains(text, kemName)
					switch {
					case !direct || how == "%!" || how == "XML" || how == "gob" || strings.ContainsAny(how[len(how)-1:], "Tpw"):
					case how == "JSON":
						if _, err := json.Marshal(value); err == nil || !named {
							t.Errorf("%s as JSON: %q, %v", what, text, err)
						}
					case !named:
						t.Errorf("%s by %s is %q, without type and KEM", what, how, text)
					}
				})
			})
		})
	}
	for _, s := range sets {
		seed := sha3.SumSHAKE256([]byte(s.Name()), 64)
		_, encoded := spec.KeyGenInternal(s.spec, seed[:32], seed[32:])
		c := new(confession)
		c.add(numbersOf(seed[:32]))
		c.add(numbersOf(seed[32:]))
		c.addExpanded(encoded)
		number := strings.TrimPrefix(s.Name(), "ML-KEM-")
		check(s.Name(), "mlkem.DecapsulationKey"+number, must(s.NewDecapsulationKey(seed))(t), c)
		check(s.Name()+", expanded", "mlkem.ExpandedKey"+number, must(s.newExpandedKey(encoded))(t).Decapsulator, c)
	}
	for _, s := range twoSteps {
		x := s.usual(t)
		own, _, _, err := s.derand(x.header, x.m)
		if err != nil {
			t.Fatal(err)
		}
		c := new(confession)
		c.add(numbersOf(x.m))
		random := sha3.Sum512(slices.Concat(x.m, x.header[32:]))
		for _, f := range noiseOf(s.spec.Eta1, random[32:], s.spec.K) {
			f = spec.NTT(f)
			c.add(numbersOf(f[:]))
		}
		check(s.Name()+", state", "mlkem.EncapsulationState"+strings.TrimPrefix(s.Name(), "ML-KEM-"), own, c)
	}
	// All hybrids have keys of three types.
	named := func(k kem.KEM) hybrid {
		return hybrids[slices.IndexFunc(hybrids, func(h hybrid) bool { return h.KEM == k })]
	}
	for _, h := range []hybrid{
		hybrids[0], hybrids[1], hybrids[4], named(composite.MLKEM768X25519SHA3256()), named(composite.MLKEM768ECDHP256SHA3256()),
	} {
		seed := sha3.SumSHAKE256([]byte(h.Name()), 32)
		expanded := sha3.SumSHAKE256(seed, 64+h.group.seedSize)
		_, encoded := spec.KeyGenInternal(h.spec, expanded[:32], expanded[32:64])
		c := new(confession)
		c.add(numbersOf(seed))
		for part := range slices.Chunk(expanded[:96], 32) { // d, z, and the seed of the group
			c.add(numbersOf(part))
		}
		c.addExpanded(encoded)
		dk := must(h.NewDecapsulationKey(h.private(seed)))(t)
		check(h.Name(), reflect.TypeOf(dk).Elem().String(), dk, c)
	}
}

type leakyBytes struct{ b [16]byte }
type leakySlice struct{ b []byte }
type leakyWords struct{ p *leakyInner }
type leakyInner struct{ w []int16 }

// TestConfession checks that TestPrinting finds secrets that are printed.
func TestConfession(t *testing.T) {
	secret := sha3.SumSHAKE256([]byte("a secret"), 16)
	words := []int16{1201, 3017, 202, 77, 2999}
	c := new(confession)
	c.add(numbersOf(secret))
	c.add(numbersOf(words))
	for _, leak := range []struct {
		value any
		verbs string // the verbs that show the secret
	}{
		{leakyBytes{[16]byte(secret)}, "vdxXobqcUts"},
		{struct{ h leakyBytes }{leakyBytes{[16]byte(secret)}}, "vdxXobqcUts"},
		{leakySlice{secret}, "vdxXobqsct"},
		{leakyWords{&leakyInner{words}}, "ts"},
		{&leakyInner{words}, "vdxXobcUts"},
	} {
		for _, verb := range leak.verbs {
			if text := fmt.Sprintf("%"+string(verb), leak.value); c.found(text) == "" {
				t.Errorf("%T by %%%c is not found: %s", leak.value, verb, text)
			}
		}
	}
	if find := c.found(fmt.Sprint(numbersOf(pattern(64)))); find != "" {
		t.Errorf("%s is found where it is not", find)
	}
}
