package secret

import (
	"fmt"
	"io"
)

// Print prints a key as the names of its type and its KEM.
func Print(s fmt.State, typeName, kemName string) {
	io.WriteString(s, typeName+"("+kemName+")")
}

// NotJSON returns the error for a key that is to be written as JSON.
func NotJSON(typeName, kemName string) error {
	return fmt.Errorf("%s(%s) is secret and has no JSON form", typeName, kemName)
}
