package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOverwriting(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	first := read(t, "key")
	fails(t, "", "keygen -o key", 1, "key exists; -f overwrites it")
	if read(t, "key") != first {
		t.Fatal("the key was overwritten")
	}
	if err := os.Chmod("key", 0o644); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "keygen -f -o key")
	if read(t, "key") == first {
		t.Error("-f does not overwrite the key")
	}
	checkMode(t, "key", 0o600)

	// -f is for one output, and so is --force-secret.
	ok(t, "", "pub key -o public")
	write(t, "secret", "old")
	write(t, "message", "old")
	for _, test := range []struct{ line, want string }{
		{"encap --secret secret -o message public", "secret exists; --force-secret overwrites it"},
		{"encap -f --secret secret -o message public", "secret exists; --force-secret overwrites it"},
		{"encap --force-secret --secret secret -o message public", "message exists; -f overwrites it"},
		{"encap -f --force-secret --secret secret -o message key", "key: holds a private key"},
		{"encap -f --force-secret --secret secret -o secret public", "secret and secret are the same file"},
		{"encap -f --force-secret --secret secret -o no/such/message public", "no file can be made"},
		{"encap --secret no/such/secret -o new public", "no file can be made"},
		{"encap --secret new -o no/such/message public", "no file can be made"},
	} {
		status := 1
		if strings.Contains(test.want, "same") {
			status = 2
		}
		fails(t, "", test.line, status, test.want)
		if read(t, "secret") != "old" || read(t, "message") != "old" {
			t.Fatalf("kemtool %s: an output was overwritten", test.line)
		}
	}
	ok(t, "", "encap -f --force-secret --secret secret -o message public")
	if len(read(t, "secret")) != 32 || len(read(t, "message")) != 1120 {
		t.Error("the outputs were not overwritten")
	}
	if got := strings.Join(filesHere(t), " "); got != "key message public secret" {
		t.Errorf("left behind: %s", got)
	}
}

// TestSameFile uses one file as two outputs, or as an input and an output.
func TestSameFile(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	write(t, "file", "old")
	if err := errors.Join(os.Symlink("file", "soft"), os.Link("file", "hard"), os.Symlink("key", "softkey"), os.Mkdir("dir", 0o755), os.Symlink(".", "here")); err != nil {
		t.Skip(err) // Windows
	}
	key, public := read(t, "key"), read(t, "public")
	for _, line := range []string{
		"encap -f --force-secret --secret file -o soft public",
		"encap -f --force-secret --secret soft -o file public",
		"encap -f --force-secret --secret file -o hard public",
		"encap -f --force-secret --secret new -o here/new public",
		"encap -f --force-secret --secret new -o dir/../new public",
		"encap -f --secret new -o public public",
		"encap --force-secret --secret public -o new public",
		"pub -f -o key key",
		"pub -f -o softkey key",
		"pub -f -o key softkey",
		"seal -f -r public -o file file",
		"seal -f -r public -o public file",
		"open -f -i key -o key file",
		"open -f -i key -o file --passphrase-file file public",
		"convert -f -o key key",
		"convert -f --der -o key softkey",
		"convert -f -o public public",
		"decap -f -i key -o file hard",
	} {
		fails(t, "", line, 2, "")
		if r := call("", false, line); !strings.Contains(r.stderr, "same file") && !strings.Contains(r.stderr, "both read and written") {
			t.Errorf("kemtool %s: %s", line, r.stderr)
		}
		if read(t, "file") != "old" || read(t, "key") != key || read(t, "public") != public {
			t.Fatalf("kemtool %s changes a file", line)
		}
	}
	// Standard output can be a file, too.
	stdout, err := os.OpenFile("key", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	var stderr bytes.Buffer
	tool := &tool{env: env{stdout: stdout, stderr: &stderr}}
	if status := tool.run(strings.Fields("pub key")); status != 2 || !strings.Contains(stderr.String(), "key is both read and written") {
		t.Errorf("exit status %d, %s", status, stderr.String())
	}
}

// TestLinks checks that a symbolic link is followed, and stays a link.
func TestLinks(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir("dir", 0o755), os.Symlink("dir/key", "link"), os.Symlink("nowhere", "dangling")); err != nil {
		t.Skip(err) // Windows
	}
	write(t, "dir/key", "old")
	fails(t, "", "keygen -o link", 1, "link exists; -f overwrites it")
	fails(t, "", "keygen -f -o dangling", 1, "dangling is a symbolic link to a file that does not exist")
	ok(t, "", "keygen -f -o link")
	if target, err := os.Readlink("link"); err != nil || target != filepath.FromSlash("dir/key") {
		t.Errorf("the link points to %q, %v", target, err)
	}
	if !strings.HasPrefix(read(t, "dir/key"), "-----BEGIN") {
		t.Error("the file behind the link is not written")
	}
	// The parent of a directory behind a link is not the parent of the link.
	if err := errors.Join(os.Mkdir("dir/sub", 0o755), os.Symlink("dir/sub", "sub")); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "keygen -o sub/../new")
	if !strings.HasPrefix(read(t, "dir/new"), "-----BEGIN") {
		t.Error("the file is not where its name says")
	}
	if entries, err := os.ReadDir("dir"); err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestRace lets another program make the output while kemtool works.
func TestRace(t *testing.T) {
	t.Chdir(t.TempDir())
	defer func() { link = os.Link }()
	for i := range 4 {
		force := i%2 == 1
		if i >= 2 { // on a file system without links
			link = func(string, string) error { return errors.ErrUnsupported }
		}
		ok(t, "", "keygen -o file")
		os.Remove("file")
		tool := &tool{env: env{stderr: io.Discard}}
		o, err := tool.create(outputFlags{name: "file", force: force}, text)
		if err != nil {
			t.Fatal(err)
		}
		write(t, "file", "theirs")
		if err := tool.finish(o, []byte("ours")); err == nil || !strings.Contains(err.Error(), "file: another program has just made this file") {
			t.Errorf("%v", err)
		}
		tool.removeTemporary()
		if got := filesHere(t); read(t, "file") != "theirs" || len(got) != 1 {
			t.Errorf("the file has %q; left behind: %q", read(t, "file"), got)
		}
		os.Remove("file")
	}
}

// TestBothOrNone lets the second of two outputs fail at the last moment.
func TestBothOrNone(t *testing.T) {
	defer func() { link, rename = os.Link, os.Rename }()
	noLink := func(string, string) error { return errors.ErrUnsupported }
	only := func(allowed func(from, to string) bool) func(from, to string) error {
		return func(from, to string) error {
			if !allowed(from, to) {
				return errors.ErrUnsupported
			}
			return os.Rename(from, to)
		}
	}
	noBackup := only(func(_, to string) bool { return !strings.HasSuffix(to, "-old") })
	noRestore := only(func(from, _ string) bool { return !strings.HasSuffix(from, "-old") })
	noReplace := only(func(from, to string) bool { return strings.Contains(from+to, "-old") })
	for _, test := range []struct {
		name         string
		exists       bool // the first output
		link, rename func(string, string) error
		restored     bool
	}{
		{"new", false, os.Link, os.Rename, true},
		{"existing", true, os.Link, os.Rename, true},
		{"existing, without links", true, noLink, os.Rename, true},
		{"existing, that cannot be restored", true, os.Link, noRestore, false},
		{"existing, that cannot be restored, without links", true, noLink, noRestore, false},
		{"existing, without backup", true, noLink, noBackup, true},
		{"existing, that cannot be replaced", true, os.Link, noReplace, true},
		{"existing, that cannot be replaced, without links", true, noLink, noReplace, true},
	} {
		t.Chdir(t.TempDir())
		if test.exists {
			write(t, "first", "old")
		}
		tool := &tool{env: env{stderr: io.Discard}}
		first, err1 := tool.create(outputFlags{name: "first", force: true}, aSharedKey)
		second, err2 := tool.create(outputFlags{name: "second"}, aCiphertext)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(first.write([]byte("new")), second.write([]byte("new")), os.Mkdir("second", 0o755)); err != nil {
			t.Fatal(err)
		}
		link, rename = test.link, test.rename
		err := tool.commit()
		if err == nil {
			t.Errorf("%s: a directory was replaced", test.name)
			continue
		}
		tool.removeTemporary()
		files := filesHere(t)
		want := 1
		if test.exists {
			want = 2
		}
		if !test.restored {
			want = 3
			_, old, _ := strings.Cut(err.Error(), "first cannot be restored; ")
			if old, _, _ = strings.Cut(old, " has its old contents"); old == "" || read(t, old) != "old" {
				t.Errorf("%s: %v", test.name, err)
			}
		} else if test.exists && read(t, "first") != "old" {
			t.Errorf("%s: the first output was overwritten", test.name)
		}
		if len(files) != want {
			t.Errorf("%s: the files are %q", test.name, files)
		}
	}
}

// TestReplaced lets another program replace an output while kemtool works.
func TestReplaced(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, replace := range []func() error{
		func() error { return os.Mkdir("file", 0o755) },
		func() error { return os.WriteFile("file", []byte("theirs"), 0o600) },
		func() error { return os.Symlink("other", "file") },
		func() error { return nil },
	} {
		write(t, "file", "old")
		tool := &tool{env: env{stderr: io.Discard}}
		o, err := tool.create(outputFlags{name: "file", force: true}, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Rename("file", "old"), replace()); err != nil {
			t.Skip(err) // symbolic links on Windows
		}
		before := len(filesHere(t)) - 1 // without the temporary file
		if err := tool.finish(o, []byte("ours")); err == nil || err.Error() != "file: another program has just replaced this file" {
			t.Errorf("%v", err)
		}
		tool.removeTemporary()
		if after := filesHere(t); len(after) != before {
			t.Errorf("the files are %q", after)
		}
		os.RemoveAll("file")
	}
}

// TestReadable checks the warnings about secrets that others can read.
func TestReadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are different")
	}
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	ok(t, "", "encap --secret secret -o message public")
	ok(t, "", "seal -r public message")
	for _, test := range []struct {
		perm os.FileMode
		warn bool
	}{{0o600, false}, {0o400, false}, {0o640, true}, {0o604, true}, {0o620, false}, {0o601, false}} {
		if err := os.Chmod("key", test.perm); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"pub key", "decap --key key message", "open -i key -o - message.age", "convert key", "inspect key"} {
			r := call("", false, line)
			if warned := strings.Contains(r.stderr, "kemtool: warning: key: others can read this private key"); r.status != 0 || warned != test.warn {
				t.Errorf("%v: kemtool %s: %+v", test.perm, line, r)
			}
		}
	}
	os.Chmod("key", 0o600)
	for _, test := range []struct {
		line string
		perm os.FileMode
		warn bool
	}{
		{"keygen", 0o644, true}, {"keygen", 0o600, false}, {"pub key", 0o644, false}, {"decap --key key message", 0o640, true},
		{"convert key", 0o644, true}, {"convert public", 0o644, false}, {"encap --secret - -o message2 public", 0o644, true},
	} {
		stdout, err := os.OpenFile("stdout", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, test.perm)
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod("stdout", test.perm)
		var stderr bytes.Buffer
		tool := &tool{env: env{stdout: stdout, stderr: &stderr}}
		status := tool.run(strings.Fields(test.line))
		if warned := strings.Contains(stderr.String(), "standard output is a file that others can read"); status != 0 || warned != test.warn {
			t.Errorf("kemtool %s > file of mode %v: exit status %d, %s", test.line, test.perm, status, stderr.String())
		}
		stdout.Close()
		os.Remove("stdout")
	}
}
