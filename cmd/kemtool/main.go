// Command kemtool makes keys, encrypts files, and exchanges keys with every KEM of hybridkem.
//
//	kemtool keygen -o alice.pem                    alice, once
//	kemtool pub -o alice.pub alice.pem
//	kemtool seal -r alice.pub letter               bob, who trusts alice.pub: writes letter.age
//	kemtool open -i alice.pem letter.age           alice: writes letter
//
// Seal and open use the age format, which other programs read too. Encap and decap are the
// bare KEM, for protocols that derive their keys from a shared key:
//
//	kemtool encap --secret bob.key -o message alice.pub
//	kemtool decap --key alice.pem -o alice.key message
//
// Kemtool overwrites a file only with -f. It writes to a temporary file, and moves that into
// place when everything has succeeded. It writes a secret to a terminal only with -o -. It
// exits with status 1 if an operation fails, and with status 2 if its arguments are wrong.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// An env is what the process gets from outside.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool                                // whether stdout is a terminal
	ask            func(prompt string) ([]byte, error) // asks a person for a passphrase
}

// A tool is one run of the program.
type tool struct {
	env
	inputs  []*input // as they were before any output was made
	outputs []*output

	mu      sync.Mutex // held while files are made or moved, and by a signal for ever
	restore func()     // restores the terminal
}

func main() {
	t := &tool{env: env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, terminal: term.IsTerminal(int(os.Stdout.Fd()))}}
	t.ask = t.askTerminal
	t.catchSignals()
	status := t.run(os.Args[1:])
	if err := os.Stdout.Close(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, "kemtool:", err)
		status = 1
	}
	os.Exit(status)
}

// catchSignals makes the program end without traces when it is interrupted.
func (t *tool) catchSignals() {
	c := make(chan os.Signal, 1)
	const hangup, brokenPipe = syscall.Signal(1), syscall.Signal(13) // which js does not have
	signal.Ignore(brokenPipe)                                        // a write returns an error
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, hangup} {
		if !signal.Ignored(s) { // nohup ignores it
			signal.Notify(c, s)
		}
	}
	go func() {
		s := <-c
		t.mu.Lock() // for ever: nothing is moved into place any more
		t.removeTemporary()
		if t.restore != nil {
			t.restore()
		}
		os.Exit(128 + int(s.(syscall.Signal)))
	}()
}

// A usageError is a mistake in the arguments.
type usageError struct{ error }

var errNoCommand = errors.New("no command")

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run returns the exit status.
func (t *tool) run(args []string) int {
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.removeTemporary()
	}()
	root := t.root()
	root.SetIn(t.stdin)
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	root.SetArgs(twoHyphens(root, args))
	command, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	if err == errNoCommand {
		root.SetOut(t.stderr)
		root.Help()
		return 2
	}
	fmt.Fprintf(t.stderr, "%s: %s\n", command.CommandPath(), message(err))
	if !errors.As(err, new(usageError)) {
		return 1
	}
	help := "kemtool help"
	if command != root && command.Name() != "help" {
		fmt.Fprintf(t.stderr, "usage: %s\n", command.UseLine())
		help += " " + command.Name()
	}
	fmt.Fprintf(t.stderr, "%q says more\n", help)
	return 2
}

// message returns the text of err without the names of the library's packages.
func message(err error) string {
	text := err.Error()
	for _, name := range []string{"hybridkem", "keyfile", "mlkem", "xwing", "combiner", "kem"} {
		text = strings.TrimPrefix(text, name+": ")
		text = strings.ReplaceAll(text, ": "+name+": ", ": ")
	}
	return text
}

func (t *tool) warn(format string, args ...any) {
	fmt.Fprintf(t.stderr, "kemtool: warning: %s\n", fmt.Sprintf(format, args...))
}

// twoHyphens writes long flags with two hyphens where they have one, as in -kem. No short flags
// together spell a long one.
func twoHyphens(root *cobra.Command, args []string) []string {
	long := map[string]bool{"help": true, "version": true, "identity": true}
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { long[f.Name] = true })
	}
	args = append([]string{}, args...) // not nil: cobra would take os.Args
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && long[name] {
			args[i] = "-" + arg
		}
	}
	return args
}

func (t *tool) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "kemtool",
		Short: "Make keys, encrypt files and exchange keys with hybrid KEMs",
		Long: `Kemtool makes keys, encrypts files, and exchanges keys with ML-KEM and its hybrids.

Input that is not named comes from standard input, as does -; output goes to standard
output. Keys are read in every usual form: PEM or DER, PKCS #8 (also encrypted with a
password), public keys, certificates, and the keys of age.`,
		Example: `  kemtool keygen -o alice.pem            make a private key
  kemtool pub -o alice.pub alice.pem     its public key, for others
  kemtool seal -r alice.pub letter       encrypt a file for alice: letter.age
  kemtool open -i alice.pem letter.age   decrypt it`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(c, args[0])
		},
		DisableFlagsInUseLine: true,
		RunE:                  func(*cobra.Command, []string) error { return errNoCommand },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(t.keygen(), t.pub(), t.seal(), t.openCommand(), t.encap(), t.decap(), t.inspect(), t.convert(), t.kems())
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		if c, _, err := root.Find(args); len(args) > 0 && (err != nil || c == root) {
			return unknownCommand(root, args[0])
		}
		return nil
	}
	return root
}

func unknownCommand(root *cobra.Command, name string) error {
	root.SuggestionsMinimumDistance = 2
	hint := ""
	if near := root.SuggestionsFor(name); len(near) > 0 {
		hint = fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
	}
	return usagef("there is no command %q%s", name, hint)
}

// version returns the version of the module, which in a build from a clone names the commit, and
// what the program was built with.
func version() string {
	version := "of unknown version"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return fmt.Sprintf("kemtool %s, %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
