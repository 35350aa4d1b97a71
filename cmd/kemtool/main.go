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
// place when everything has succeeded. It writes a secret to a terminal only if the output is
// named -. It exits with status 1 if an operation fails, and with status 2 if its arguments are
// wrong.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
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
	phrase  []byte   // of --passphrase-file, if it has been read
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

var errKeyArgument = usagef("an argument is a key itself; give the name of its file")

// holdsKey reports whether an argument has the contents of a key file, as of $(cat FILE). No error
// may show them.
func holdsKey(arg string) bool {
	const derTags = "\x02\x06" // INTEGER and OBJECT IDENTIFIER: each key has one
	arg = strings.ToUpper(arg)
	return strings.ContainsAny(arg, derTags) || strings.Contains(arg, "-----BEGIN") || strings.Contains(arg, ageIdentity+"1") || strings.Contains(arg, "AGE-SECRET-KEY-1")
}

// run returns the exit status.
func (t *tool) run(args []string) int {
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.removeTemporary()
		clear(t.phrase)
	}()
	root := t.root()
	help := &output{outputFlags: outputFlags{name: "standard output"}, w: t.stdout} // cobra drops its errors
	root.SetIn(t.stdin)
	root.SetOut(help)
	root.SetErr(t.stderr)
	root.SetArgs(twoHyphens(root, args))
	command, err := root, errKeyArgument
	if !slices.ContainsFunc(args, holdsKey) {
		command, err = root.ExecuteC()
		err = cmp.Or(err, help.failed)
	}
	if err == nil {
		return 0
	}
	if err == errNoCommand {
		root.SetOut(t.stderr)
		root.Help()
		return 2
	}
	fmt.Fprintf(t.stderr, "%s: %v\n", command.CommandPath(), err)
	if !errors.As(err, new(usageError)) {
		return 1
	}
	more := "kemtool help"
	if command != root && command.Name() != "help" {
		fmt.Fprintf(t.stderr, "usage: %s\n", command.UseLine())
		more += " " + command.Name()
	}
	fmt.Fprintf(t.stderr, "%q says more\n", more)
	return 2
}

// library returns an error of the library in words for users of kemtool: without the name of the
// package, and with that of a command in place of a function.
func library(err error) error {
	if err == nil {
		return nil
	}
	_, text, _ := strings.Cut(err.Error(), ": ")
	if form, _, ok := strings.Cut(text, ": ParseLegacyPrivateKey"); ok {
		text = form + ": kemtool convert reads it"
	}
	return errors.New(text)
}

func (t *tool) warn(format string, args ...any) {
	fmt.Fprintf(t.stderr, "kemtool: warning: %s\n", fmt.Sprintf(format, args...))
}

// twoHyphens writes long flags with two hyphens where they have one, as in -kem. No short flags
// together spell a long one. The values of flags stay as they are.
func twoHyphens(root *cobra.Command, args []string) []string {
	command, _, _ := root.Find(args)
	command.InitDefaultHelpFlag()
	command.InitDefaultVersionFlag()
	args = append([]string{}, args...) // not nil: cobra would take os.Args
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		word, isFlag := strings.CutPrefix(args[i], "-")
		if !isFlag {
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(word, "-"), "=")
		flag := command.Flags().Lookup(name)
		if flag != nil {
			args[i] = "--" + strings.TrimPrefix(word, "-")
		} else {
			for word != "" { // the first short flag with a value takes the rest
				if flag = command.Flags().ShorthandLookup(word[:1]); flag == nil || flag.NoOptDefVal == "" {
					break
				}
				word = word[1:]
			}
			hasValue = len(word) != 1
		}
		if flag != nil && flag.NoOptDefVal == "" && !hasValue {
			i++
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
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(t.keygen(), t.pub(), t.seal(), t.openCommand(), t.encap(), t.decap(), t.inspect(), t.convert(), t.kems())
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "string" || f.Value.Type() == "stringArray" {
				f.DefValue = strings.TrimSuffix(f.DefValue, "[]") // which help would show
				f.Value = &checked{Value: f.Value, flag: f}
			}
		})
	}
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

// A checked is the value of a flag. It is not empty, as that of an unset variable, and a single one
// is given once.
type checked struct {
	pflag.Value
	flag *pflag.Flag
}

func (c *checked) Set(value string) error {
	switch {
	case value == "":
		return usagef("the value of --%s is empty", c.flag.Name)
	case c.flag.Changed && c.Type() == "string":
		return usagef("--%s is given twice", c.flag.Name)
	}
	return c.Value.Set(value)
}

func flagError(c *cobra.Command, err error) error {
	if own := (usageError{}); errors.As(err, &own) {
		return own
	}
	if strings.HasPrefix(err.Error(), "unknown flag: --pass") && c.Flags().Lookup("passphrase-file") != nil {
		return usagef("%w; did you mean --passphrase-file?", err)
	}
	return usageError{err}
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
