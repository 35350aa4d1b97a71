//go:build unix

package main

import (
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDevices checks that devices and FIFOs are written in place.
func TestDevices(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o /dev/null")
	ok(t, "", "keygen -f -o /dev/null")
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Fatalf("/dev/null is %v, %v", info.Mode(), err)
	}
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	for _, line := range []string{"keygen -o fifo", "keygen -f -o fifo", "encap --secret fifo -o message public"} {
		got := make(chan string)
		go func() {
			b, _ := os.ReadFile("fifo")
			got <- string(b)
		}()
		ok(t, "", line)
		if out := <-got; out == "" {
			t.Errorf("kemtool %s writes nothing to the FIFO", line)
		}
	}
	if info, err := os.Stat("fifo"); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the FIFO is %v, %v", info.Mode(), err)
	}
	fails(t, "", "pub -o fifo fifo", 2, "fifo is both read and written") // it would wait for itself
	if err := os.Symlink("/dev/null", "null"); err != nil {
		t.Fatal(err)
	}
	ok(t, "", "keygen -f -o null")
	if target, err := os.Readlink("null"); err != nil || target != "/dev/null" {
		t.Errorf("the link to a device is %q, %v", target, err)
	}
}

// TestFull writes to a full disk. The other output is not left.
func TestFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	fails(t, "", "keygen -o /dev/full", 1, "/dev/full: no space left on device")
	fails(t, "", "encap --secret secret -o /dev/full public", 1, "no space left on device")
	fails(t, "", "encap --secret /dev/full -o message public", 1, "no space left on device")
	fails(t, "letter", "seal -r public -o /dev/full", 1, "kemtool seal: /dev/full: no space left on device")
	ok(t, strings.Repeat("letter", 100000), "seal -a -r public -o letter.age")
	fails(t, "", "seal -a -r public -o /dev/full letter.age", 1, "kemtool seal: /dev/full: no space left on device")
	fails(t, "", "open -i key -o /dev/full letter.age", 1, "kemtool open: /dev/full: no space left on device")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	before := filesHere(t)
	var stderr strings.Builder
	for _, line := range []string{"help", "keygen --help", "--version", "kems", "completion bash"} {
		stderr.Reset()
		tool := &tool{env: env{stdout: full, stderr: &stderr}}
		if status := tool.run(strings.Fields(line)); status != 1 || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("kemtool %s: exit status %d, %s", line, status, stderr.String())
		}
	}
	stderr.Reset()
	tool := &tool{env: env{stdout: full, stderr: &stderr}}
	if status := tool.run(strings.Fields("encap --secret secret public")); status != 1 || stderr.String() != "kemtool encap: standard output: no space left on device\n" {
		t.Errorf("exit status %d, %s", status, stderr.String())
	}
	if after := filesHere(t); len(after) != len(before) {
		t.Errorf("left behind: %q", after)
	}
}

// TestSocket reads and writes one socket, as a program that inetd starts.
func TestSocket(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	io.WriteString(ours, ok(t, "", "keygen"))
	if err := syscall.Shutdown(fds[0], syscall.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	tool := &tool{env: env{stdin: theirs, stdout: theirs, stderr: &stderr}}
	if status := tool.run([]string{"pub"}); status != 0 {
		t.Errorf("exit status %d, %s", status, stderr.String())
	}
}

// TestBrokenPipe writes to a program that does not read.
func TestBrokenPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	var stderr strings.Builder
	c := command("encap", "--secret", "secret", "public")
	c.Stdout, c.Stderr = w, &stderr
	c.Run()
	if status := c.ProcessState.ExitCode(); status != 1 || stderr.String() != "kemtool encap: standard output: broken pipe\n" {
		t.Errorf("exit status %d, %s", status, stderr.String())
	}
	if got := strings.Join(filesHere(t), " "); got != "key public" {
		t.Errorf("left behind: %s", got)
	}
}

// TestUmask checks the permissions of new files.
func TestUmask(t *testing.T) {
	t.Chdir(t.TempDir())
	defer syscall.Umask(syscall.Umask(0o027))
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	ok(t, "", "seal -r public key -o sealed")
	ok(t, "", "open -i key -o opened sealed")
	ok(t, "", "pub -f key -o public")
	for name, perm := range map[string]os.FileMode{"key": 0o600, "public": 0o640, "sealed": 0o640, "opened": 0o600} {
		checkMode(t, name, perm)
	}
}

// TestSignals interrupts kemtool while it waits for its input, and looks for what is left.
func TestSignals(t *testing.T) {
	t.Chdir(t.TempDir())
	ok(t, "", "keygen -o key")
	ok(t, "", "pub key -o public")
	write(t, "old", "old")
	for _, test := range []struct {
		signal syscall.Signal
		line   string
	}{
		{syscall.SIGINT, "seal -r public -o new"},
		{syscall.SIGTERM, "seal -f -r public -o old"},
		{syscall.SIGHUP, "encap -f --secret new -o old"},
		{syscall.SIGQUIT, "decap -f --key key -o old"},
	} {
		// A program that is started must not inherit that the signal is ignored, as under nohup.
		signal.Notify(make(chan os.Signal, 1), test.signal)
		defer signal.Reset(test.signal)
		c := command(strings.Fields(test.line)...)
		stdin, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(10*time.Second, func() { c.Process.Kill() }).Stop()
		io.WriteString(stdin, "beginning")
		waitFor(t, func() bool { return len(filesHere(t)) > 3 }) // a temporary file
		c.Process.Signal(test.signal)
		c.Wait()
		if status := c.ProcessState.ExitCode(); status != 128+int(test.signal) {
			t.Errorf("kemtool %s: exit status %d after %v", test.line, status, test.signal)
		}
		if got := strings.Join(filesHere(t), " "); got != "key old public" || read(t, "old") != "old" {
			t.Errorf("kemtool %s: %v leaves %q, and old has %q", test.line, test.signal, got, read(t, "old"))
		}
	}
	c := command()
	c.Path, c.Args = "/bin/sh", []string{"sh", "-c", "trap '' HUP; exec \"$0\" seal -r public -o new", os.Args[0]}
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(filesHere(t)) > 3 })
	c.Process.Signal(syscall.SIGHUP)
	io.WriteString(stdin, "end")
	stdin.Close()
	if err := c.Wait(); err != nil || !strings.HasPrefix(read(t, "new"), ageIntro) {
		t.Errorf("with SIGHUP ignored, as by nohup: %v", err)
	}
}

// waitFor waits until something is so, for at most ten seconds.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing happens")
}
