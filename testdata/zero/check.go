// This program is one half of TestZero, which writes the other half: the variables functions and
// types, with every exported function and struct of the public packages.
//
// It calls functions and methods with invalid keys: nil, a nil pointer to each key type, and a
// pointer to the zero value of each key type.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"hybridkem"
	"hybridkem/kem"
)

// A function is an exported function or a method.
type function struct {
	name string
	f    reflect.Value
	own  bool // a method of an invalid key
}

var calls, failures int

func fail(format string, args ...any) {
	failures++
	fmt.Printf(format+"\n", args...)
}

func main() {
	// The key types of hybrids are not exported.
	for _, k := range hybridkem.All() {
		dk, err := k.GenerateKey()
		if err != nil {
			fail("%s: %v", k.Name(), err)
			continue
		}
		for _, t := range []reflect.Type{reflect.TypeOf(dk).Elem(), reflect.TypeOf(dk.PublicKey()).Elem()} {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	var none []reflect.Value // invalid keys
	var all []function
	for _, t := range types {
		if !isKey(t) {
			continue
		}
		none = append(none, reflect.Zero(reflect.PointerTo(t)), reflect.New(t))
	}
	for name, f := range functions {
		all = append(all, function{name: name, f: reflect.ValueOf(f)})
	}
	for _, key := range none {
		t := key.Type()
		for i := range t.NumMethod() {
			m := t.Method(i)
			if _, ok := t.Elem().MethodByName(m.Name); ok {
				// Its receiver is a value, so it cannot be called on a nil pointer. Its
				// callers, fmt and encoding/json, take care of that.
				continue
			}
			if (m.Name == "Reset" || m.Name == "Regenerate") && !key.IsNil() {
				continue // They make a key of the zero value, or return an error: see internal/attacks.
			}
			all = append(all, function{name: fmt.Sprintf("%v(%v).%s", t, describe(key), m.Name), f: key.Method(i), own: true})
		}
	}
	for _, f := range all {
		f.try(none)
	}
	fmt.Printf("%d calls of %d functions and methods with %d keys, %d failures\n", calls, len(all), len(none), failures)
	if failures > 0 || calls < 800 {
		os.Exit(1)
	}
}

// isKey reports whether t is the type of a key.
func isKey(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[kem.EncapsulationKey]()) || p.Implements(reflect.TypeFor[kem.Decapsulator]())
}

func describe(v reflect.Value) string {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "nil"
	}
	return "zero"
}

// try calls f with nil and with each invalid key that fits its key argument. It skips
// functions without a key argument, unless they are methods of an invalid key.
func (f function) try(none []reflect.Value) {
	t := f.f.Type()
	arguments := make([]reflect.Value, t.NumIn())
	keys := -1
	for i := range arguments {
		in := t.In(i)
		switch {
		case in.Kind() == reflect.Slice && in.Elem().Kind() == reflect.Uint8:
			arguments[i] = reflect.ValueOf(make([]byte, 32))
		case in.Kind() == reflect.String:
			arguments[i] = reflect.ValueOf("label")
		case in.String() == "*testing.T" || in.String() == "fmt.State":
			return
		default:
			arguments[i] = reflect.Zero(in)
			if slices.ContainsFunc(none, func(key reflect.Value) bool { return key.Type().AssignableTo(in) }) {
				keys = i
			}
		}
	}
	if keys < 0 {
		if f.own {
			f.call(f.name, arguments)
		}
		return
	}
	f.call(f.name+"(nil)", arguments)
	for _, key := range none {
		if key.Type().AssignableTo(t.In(keys)) {
			arguments[keys] = key
			f.call(fmt.Sprintf("%s(%v %s)", f.name, key.Type(), describe(key)), arguments)
		}
	}
}

// call checks that f reports the invalid key. If f can return an error, it must. Otherwise
// it must return false or nil, or panic with a text that says what is wrong.
func (f function) call(name string, arguments []reflect.Value) {
	calls++
	t := f.f.Type()
	n := t.NumOut()
	hasError := n > 0 && t.Out(n-1) == reflect.TypeFor[error]()
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if _, ok := value.(runtime.Error); ok || hasError || !strings.Contains(fmt.Sprint(value), ": ") {
			fail("%s panics: %v", name, value)
		}
	}()
	results := f.f.Call(arguments)
	if hasError {
		err, _ := results[n-1].Interface().(error)
		if err == nil {
			fail("%s returns no error", name)
		}
		results = results[:n-1]
	}
	for _, r := range results {
		switch r.Kind() {
		case reflect.Bool, reflect.Slice:
			if !r.IsZero() {
				fail("%s returns %v", name, r)
			}
		case reflect.Interface:
			if key := r.Elem(); !r.IsNil() && isKeyValue(key) {
				fail("%s returns a key, %v", name, key.Type())
			}
		case reflect.Pointer:
			if !r.IsNil() && isKeyValue(r) {
				fail("%s returns a key, %v", name, r.Type())
			}
		}
	}
}

func isKeyValue(v reflect.Value) bool { return v.Kind() == reflect.Pointer && isKey(v.Type().Elem()) }
