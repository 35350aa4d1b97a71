package overlay

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOverlay(t *testing.T) {
	root := t.TempDir()
	const source = "package main\n\nfunc main() { println(once, text) }\n" // does not build
	for name, text := range map[string]string{"go.mod": "module m\n", "main.go": source} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	o := New(root)
	if err := o.Replace("main.go", "twice", ""); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
	if err := o.Replace("main.go", "n", ""); !errors.Is(err, ErrAmbiguous) {
		t.Error(err)
	}
	if err := o.Replace("none.go", "", ""); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	changed := o.Clone()
	if err := changed.Replace("./main.go", "once", `"changed"`); err != nil {
		t.Error(err)
	}
	if err := changed.Replace("main.go", "once", ""); !errors.Is(err, ErrStale) {
		t.Error("a second change does not begin with the first:", err)
	}
	changed.Set("text.go", "package main\n\nconst text = \"new\"\n")
	if out, err := o.Go(root, "build", "-o", os.DevNull, "."); err == nil {
		t.Errorf("it builds without the changes: %s", out)
	}
	if out, err := changed.Go(root, "build", "-o", os.DevNull, "."); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if text, err := o.Text("main.go"); err != nil || text != source {
		t.Errorf("the file, or another overlay, is %q: %v", text, err)
	}
}
