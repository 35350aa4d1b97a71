// Command kemtool makes keys and exchanges secrets with every KEM of hybridkem, from
// files and pipes:
//
//	kemtool keygen -o alice.pem                           alice, once
//	kemtool pub -o alice.pub alice.pem
//	kemtool encap -secret bob.key -o message alice.pub    bob, who trusts alice.pub
//	kemtool decap -key alice.pem -o alice.key message     alice; her key equals bob's
//
// Keys are in PEM. Keys of ML-KEM and X-Wing have the standard formats that other
// programs read, and the others have a format of kemtool's own. Ciphertexts and shared
// keys are plain bytes. Kemtool overwrites a file only with -f, and writes a secret to a
// terminal only with -o -. It exits with status 1 if an operation fails, and with status 2
// if its arguments are wrong.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"hybridkem"
	"hybridkem/kem"
	"hybridkem/xwing"
)

const usage = `usage:
  kemtool keygen  [-kem name] [-o file] [-f]              make a private key
  kemtool pub     [-o file] [-f] [private key]            its public key
  kemtool encap   -secret file [-o file] [-f] [public key]
                                                          make a shared key, in the file, and a ciphertext
  kemtool decap   -key private-key [-o file] [-f] [ciphertext]
                                                          the shared key of a ciphertext
  kemtool inspect [key]                                   what a key is, and no secret of it
  kemtool kems                                            the names of the KEMs

Input that is not named comes from standard input, as does -; output goes to standard output.
decap gives a shared key for every ciphertext of the right length. Only one that was made for
the key gives the key that encap gave.
`

// An env is the process's environment: its standard streams, and whether output goes to a
// terminal.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool
}

func main() {
	os.Exit(run(env{os.Stdin, os.Stdout, os.Stderr, isTerminal(os.Stdout)}, os.Args[1:]))
}

// A usageError is a mistake in the arguments.
type usageError struct{ error }

var commands = map[string]func(e env, flags *flag.FlagSet, args []string) error{
	"keygen": keygen, "pub": pub, "encap": encap, "decap": decap, "inspect": inspect, "kems": kems,
}

// run returns the exit status.
func run(e env, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(e.stderr, usage)
		return 2
	}
	command, ok := commands[args[0]]
	if !ok {
		switch args[0] {
		case "help", "-h", "-help", "--help":
			fmt.Fprint(e.stdout, usage)
			return 0
		}
		fmt.Fprintf(e.stderr, "kemtool: unknown command %q\n%s", args[0], usage)
		return 2
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	err := command(e, flags, args[1:])
	switch wrong := (usageError{}); {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(e.stdout, usage)
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(e.stderr, "kemtool: %s: %v\n%s", args[0], err, usage)
		return 2
	}
	fmt.Fprintf(e.stderr, "kemtool: %s: %v\n", args[0], err)
	return 1
}

// parse parses the flags and returns the argument after them, or "-" if there is none. It
// allows one such argument if input is set, and none otherwise.
func parse(flags *flag.FlagSet, args []string, input bool) (name string, err error) {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return "", err
		}
		return "", usageError{err}
	}
	switch {
	case flags.NArg() == 0:
		return "-", nil
	case !input || flags.NArg() > 1:
		return "", usageError{fmt.Errorf("too many arguments: %s", strings.Join(flags.Args(), " "))}
	}
	return flags.Arg(0), nil
}

func keygen(e env, flags *flag.FlagSet, args []string) error {
	out := newOutput(flags)
	name := flags.String("kem", xwing.KEM().Name(), "")
	if _, err := parse(flags, args, false); err != nil {
		return err
	}
	k, err := hybridkem.ByName(*name)
	if err != nil {
		return usageError{err}
	}
	dk, err := k.GenerateKey()
	if err != nil {
		return err
	}
	defer dk.Destroy()
	file, err := marshalPrivateKey(dk)
	if err != nil {
		return err
	}
	defer clear(file)
	return out.write(e, secret, file)
}

func pub(e env, flags *flag.FlagSet, args []string) error {
	out := newOutput(flags)
	name, err := parse(flags, args, true)
	if err != nil {
		return err
	}
	key, err := readPrivateKey(e, name)
	if err != nil {
		return err
	}
	defer key.Destroy()
	file, err := marshalPublicKey(key.PublicKey())
	if err != nil {
		return err
	}
	return out.write(e, text, file)
}

func encap(e env, flags *flag.FlagSet, args []string) error {
	out := newOutput(flags)
	secretName := flags.String("secret", "", "")
	name, err := parse(flags, args, true)
	if err != nil {
		return err
	}
	if *secretName == "" {
		return usageError{errors.New("-secret is missing: where to put the shared key")}
	}
	if *secretName == "-" && (out.name == "-" || out.name == "") {
		return usageError{errors.New("the shared key and the ciphertext would both go to standard output")}
	}
	ek, err := readPublicKey(e, name)
	if err != nil {
		return err
	}
	sharedKey, ciphertext := ek.Encapsulate()
	defer clear(sharedKey)
	// The ciphertext comes last: whoever sees it can rely on the shared key having been
	// written.
	if err := (&output{name: *secretName, force: out.force}).write(e, secret, sharedKey); err != nil {
		return err
	}
	return out.write(e, binary, ciphertext)
}

func decap(e env, flags *flag.FlagSet, args []string) error {
	out := newOutput(flags)
	keyName := flags.String("key", "", "")
	name, err := parse(flags, args, true)
	if err != nil {
		return err
	}
	if *keyName == "" {
		return usageError{errors.New("-key is missing: the private key")}
	}
	if *keyName == "-" && name == "-" {
		return usageError{errors.New("the private key and the ciphertext cannot both come from standard input")}
	}
	key, err := readPrivateKey(e, *keyName)
	if err != nil {
		return err
	}
	defer key.Destroy()
	ciphertext, err := readInput(e, name)
	if err != nil {
		return err
	}
	sharedKey, err := key.Decapsulate(ciphertext)
	if err != nil {
		return err
	}
	defer clear(sharedKey)
	return out.write(e, secret, sharedKey)
}

func inspect(e env, flags *flag.FlagSet, args []string) error {
	name, err := parse(flags, args, true)
	if err != nil {
		return err
	}
	key, err := readKey(e, name)
	if err != nil {
		return err
	}
	kind := "public key"
	public, _ := key.(kem.EncapsulationKey)
	if dk, ok := key.(kem.Decapsulator); ok {
		defer dk.Destroy()
		public, kind = dk.PublicKey(), "private key"
		if _, ok := key.(kem.DecapsulationKey); !ok {
			kind = "expanded private key, without its seed,"
		}
	}
	k, b := public.KEM(), public.Bytes()
	fmt.Fprintf(e.stdout, "%s of %s\n", kind, k.Name())
	fmt.Fprintf(e.stdout, "encapsulation key  %5d bytes, SHA-256 %x\n", len(b), sha256.Sum256(b))
	fmt.Fprintf(e.stdout, "ciphertext         %5d bytes\n", k.CiphertextSize())
	fmt.Fprintf(e.stdout, "shared key         %5d bytes\n", k.SharedKeySize())
	return nil
}

func kems(e env, flags *flag.FlagSet, args []string) error {
	if _, err := parse(flags, args, false); err != nil {
		return err
	}
	for _, k := range hybridkem.All() {
		fmt.Fprintln(e.stdout, k.Name())
	}
	return nil
}
