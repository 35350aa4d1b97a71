//go:build ignore

// This program makes mlkem512.go and mlkem1024.go from mlkem768.go. It only replaces
// the number.
package main

import (
	"bytes"
	"log"
	"os"
)

func main() {
	source, err := os.ReadFile("mlkem768.go")
	if err != nil {
		log.Fatal(err)
	}
	for _, number := range []string{"512", "1024"} {
		b := bytes.ReplaceAll(source, []byte("768"), []byte(number))
		b = append([]byte("// Code generated from mlkem768.go by generate.go. DO NOT EDIT.\n\n"), b...)
		if err := os.WriteFile("mlkem"+number+".go", b, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
