package secret

import (
	"fmt"
	"io"
)

// Print writes the names of a key's type and KEM instead of the key.
func Print(s fmt.State, typeName, kemName string) {
	io.WriteString(s, typeName+"("+kemName+")")
}

// NotJSON returns the error of a key's MarshalJSON.
func NotJSON(typeName, kemName string) error {
	return fmt.Errorf("%s(%s) is secret and has no JSON form", typeName, kemName)
}
