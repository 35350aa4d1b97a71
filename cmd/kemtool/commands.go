package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hybridkem"
	"hybridkem/internal/envelope"
	"hybridkem/kem"
	"hybridkem/keyfile"
	"hybridkem/xwing"
)

// argument returns the only argument, or "-" if there is none. It records the inputs, because outputs
// must be other files. Only one input may be standard input.
func (t *tool) argument(c *cobra.Command, args []string, others ...string) (string, error) {
	name := "-"
	switch {
	case len(args) > 1 && c.Flags().Lookup("output") != nil:
		return "", usagef("too many arguments: %s; outputs go with -o", strings.Join(args, " "))
	case len(args) > 1:
		return "", usagef("too many arguments: %s", strings.Join(args, " "))
	case len(args) == 1 && args[0] == "":
		return "", usagef("the name of the file is empty")
	case len(args) == 1:
		name = args[0]
	}
	stdin := 0
	for _, other := range append(others, name) {
		in := &input{name: inputName(other)}
		if other != "-" {
			in.info, _ = os.Stat(other) // openInput returns the error
		} else {
			stdin++
			if file, ok := t.stdin.(*os.File); ok {
				in.info, _ = file.Stat()
			}
		}
		t.inputs = append(t.inputs, in)
	}
	if stdin > 1 {
		return "", usagef("only one input can come from standard input")
	}
	return name, nil
}

func addPassphrase(c *cobra.Command, file *string) {
	c.Flags().StringVar(file, "passphrase-file", "", "read the passphrase of an encrypted private key from the first line of `FILE`, as of <(command), and not from the terminal")
}

func addTranscript(c *cobra.Command, allowed *bool) {
	c.Flags().BoolVar(allowed, "transcript-only", false, "allow the KEMs of TLS and SSH: your protocol hashes the public key and the ciphertext into its keys")
}

// checkTranscript returns an error if the shared keys of k are not for use as they are.
func checkTranscript(k kem.KEM, allowed bool) error {
	if kem.NeedsTranscript(k) && !allowed {
		return usagef("%s is for TLS and SSH, which hash the public key and the ciphertext into their keys: nothing else binds its shared key to them. If your protocol does so, use --transcript-only; else use X-Wing", k.Name())
	}
	return nil
}

func (t *tool) keygen() *cobra.Command {
	var out outputFlags
	var name string
	var transcript bool
	c := &cobra.Command{
		Use:        "keygen [--kem NAME] [-o FILE]",
		Short:      "Make a private key",
		SuggestFor: []string{"genkey", "generate", "keypair", "new"},
		Long: `Keygen makes a private key and writes it in PEM, not encrypted. Only its owner can read
the file.`,
		Example: `  kemtool keygen -o alice.pem
  kemtool keygen --kem ML-KEM-768 -o bob.pem`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				if _, err := hybridkem.ByName(args[0]); err == nil {
					return usagef("the name of the KEM goes with --kem: kemtool keygen --kem %s", args[0])
				}
				return usagef("keygen takes no file name; to write the key to %s, use -o %s", args[0], args[0])
			}
			k, err := hybridkem.ByName(name)
			if err != nil {
				return usageError{library(err)}
			}
			if err := checkTranscript(k, transcript); err != nil {
				return err
			}
			o, err := t.create(out, aPrivateKey)
			if err != nil {
				return err
			}
			dk, err := k.GenerateKey()
			if err != nil {
				return library(err)
			}
			defer dk.Destroy()
			file, err := marshalPrivateKey(dk)
			if err != nil {
				return err
			}
			defer clear(file)
			return t.finish(o, file)
		},
	}
	out.add(c)
	c.Flags().StringVar(&name, "kem", xwing.KEM().Name(), "make a key of the KEM `NAME`; kemtool kems lists them")
	c.RegisterFlagCompletionFunc("kem", cobra.FixedCompletions(kemNames(), cobra.ShellCompDirectiveNoFileComp))
	addTranscript(c, &transcript)
	return c
}

// finish writes the only output and moves it into place.
func (t *tool) finish(o *output, b []byte) error {
	if err := o.write(b); err != nil {
		return err
	}
	return t.commit()
}

func kemNames() (names []string) {
	for _, k := range hybridkem.All() {
		names = append(names, k.Name())
	}
	return names
}

func (t *tool) pub() *cobra.Command {
	var out outputFlags
	var passphraseFile string
	c := &cobra.Command{
		Use:                   "pub [-o FILE] [PRIVATE-KEY]",
		Short:                 "Write the public key of a private key",
		Long:                  `Pub writes the public key of a private key, in PEM, for those who encrypt to it.`,
		Example:               `  kemtool pub -o alice.pub alice.pem`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := t.argument(c, args, passphraseFile)
			if err != nil {
				return err
			}
			o, err := t.create(out, text)
			if err != nil {
				return err
			}
			key, err := t.readPrivate(name, passphraseFile)
			if err != nil {
				return err
			}
			defer key.Destroy()
			file, err := marshalPublicKey(key.PublicKey())
			if err != nil {
				return err
			}
			return t.finish(o, file)
		},
	}
	out.add(c)
	addPassphrase(c, &passphraseFile)
	return c
}

func (t *tool) encap() *cobra.Command {
	var out outputFlags
	secret := outputFlags{flag: "--secret", forceFlag: "--force-secret"}
	var transcript bool
	c := &cobra.Command{
		Use:   "encap --secret FILE [-o FILE] [PUBLIC-KEY]",
		Short: "Make a shared key and its ciphertext",
		Long: `Encap makes a shared key, and a ciphertext from which the owner of the public key gets
the same shared key with kemtool decap. Both are raw bytes.

A shared key is for a protocol that derives its keys from it. It is no password: programs
that read it as text, such as openssl enc -kfile, stop at the first newline or zero byte.
To encrypt a file, use kemtool seal.`,
		Example:               `  kemtool encap --secret bob.key -o message alice.pub`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case secret.name == "":
				return usagef("--secret is missing: where to put the shared key")
			case secret.name == "-" && (out.name == "-" || out.name == ""):
				return usagef("the shared key and the ciphertext would both go to standard output")
			}
			name, err := t.argument(c, args)
			if err != nil {
				return err
			}
			s, err := t.create(secret, aSharedKey)
			if err != nil {
				return err
			}
			o, err := t.create(out, aCiphertext)
			if err != nil {
				return err
			}
			ek, err := t.readPublic(name)
			if err != nil {
				return err
			}
			if err := checkTranscript(ek.KEM(), transcript); err != nil {
				return err
			}
			sharedKey, ciphertext := ek.Encapsulate()
			defer clear(sharedKey)
			writes := []func() error{
				func() error { return s.write(sharedKey) },
				func() error { return o.write(ciphertext) },
			}
			if s.temp == nil {
				slices.Reverse(writes) // what cannot be taken back comes last
			}
			for _, write := range writes {
				if err := write(); err != nil {
					return err
				}
			}
			return t.commit()
		},
	}
	out.add(c)
	c.Flags().StringVarP(&secret.name, "secret", "s", "", "write the shared key to `FILE`")
	c.Flags().BoolVar(&secret.force, "force-secret", false, "overwrite the file of the shared key")
	addTranscript(c, &transcript)
	return c
}

func (t *tool) decap() *cobra.Command {
	var out outputFlags
	var keyName, passphraseFile string
	var transcript bool
	c := &cobra.Command{
		Use:   "decap --key PRIVATE-KEY [-o FILE] [CIPHERTEXT]",
		Short: "Get the shared key of a ciphertext",
		Long: `Decap gives the shared key of a ciphertext that kemtool encap made.

It gives some shared key for nearly every ciphertext of the right length. Only a ciphertext
that was made for the key gives the shared key that encap gave: the protocol must find out.`,
		Example:               `  kemtool decap --key alice.pem -o alice.key message`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			if keyName == "" {
				return usagef("no private key: name its file with --key")
			}
			name, err := t.argument(c, args, keyName, passphraseFile)
			if err != nil {
				return err
			}
			o, err := t.create(out, aSharedKey)
			if err != nil {
				return err
			}
			key, err := t.readPrivate(keyName, passphraseFile)
			if err != nil {
				return err
			}
			defer key.Destroy()
			if err := checkTranscript(key.KEM(), transcript); err != nil {
				return err
			}
			in, ciphertext, err := t.read(name, "the ciphertext")
			if err != nil {
				return err
			}
			var sharedKey []byte
			if err = checkCiphertext(key.KEM(), ciphertext); err == nil {
				sharedKey, err = key.Decapsulate(ciphertext)
				err = library(err)
			}
			if err != nil {
				return in.wrap(err)
			}
			defer clear(sharedKey)
			return t.finish(o, sharedKey)
		},
	}
	out.add(c)
	c.Flags().StringVarP(&keyName, "key", "i", "", "decapsulate with the private key in `FILE`")
	addPassphrase(c, &passphraseFile)
	addTranscript(c, &transcript)
	return c
}

// checkCiphertext returns an error that says what ciphertext is, if its length is wrong.
func checkCiphertext(k kem.KEM, ciphertext []byte) error {
	if len(ciphertext) == k.CiphertextSize() {
		return nil
	}
	if isSealed(ciphertext) {
		return errSealed
	}
	if parts, err := split(ciphertext); err == nil {
		defer wipe(parts)
		return fmt.Errorf("holds %s, and no ciphertext", list(parts))
	}
	hint := ""
	if names := namesWith(kem.KEM.CiphertextSize, len(ciphertext)); names != "" {
		hint = ", and one of " + names + " has this length"
	}
	return fmt.Errorf("%d bytes; a ciphertext of %s has %d%s", len(ciphertext), k.Name(), k.CiphertextSize(), hint)
}

func (t *tool) inspect() *cobra.Command {
	var passphraseFile string
	c := &cobra.Command{
		Use:   "inspect [FILE]",
		Short: "Tell what a file is",
		Long: `Inspect tells what a key is, and shows no secret of it. For a certificate, it checks
nothing. It guesses what a ciphertext or a shared key is by its length. An encrypted
private key stays closed without --passphrase-file.`,
		Example:               `  kemtool inspect alice.pub`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := t.argument(c, args, passphraseFile)
			if err != nil {
				return err
			}
			in, parts, err := t.readParts(name, "the key")
			if known := notKey(""); errors.As(err, &known) {
				_, err := fmt.Fprintln(t.stdout, known)
				return err
			}
			if err != nil {
				return err
			}
			defer wipe(parts)
			var texts []string
			var errs []error
			for _, p := range parts {
				text, err := t.describePart(in, p, passphraseFile)
				if err != nil {
					errs = append(errs, err)
					text = fmt.Sprintf("%s that kemtool cannot use: %s\n", p.kind, err)
				}
				texts = append(texts, text)
			}
			if len(errs) == len(parts) {
				return in.wrap(errs[0])
			}
			_, err = fmt.Fprint(t.stdout, strings.Join(texts, "\n"))
			return err
		},
	}
	addPassphrase(c, &passphraseFile)
	return c
}

// describePart describes a part of a file, in lines.
func (t *tool) describePart(in *input, p part, passphraseFile string) (string, error) {
	title := string(p.kind)
	var ek kem.EncapsulationKey
	switch {
	case p.kind == envelope.EncryptedKey && passphraseFile == "":
		return title + "; --passphrase-file shows more\n", nil
	case isPrivate(p.kind):
		key, err := t.privateKey(in, []part{p}, passphraseFile, false)
		if err != nil {
			return "", err
		}
		defer key.Destroy()
		ek = key.PublicKey()
		if _, ok := key.Decapsulator.(kem.DecapsulationKey); !ok {
			title = "an expanded private key, without its seed,"
		}
	case isPublic(p.kind):
		var notes []string
		var err error
		if ek, notes, err = p.public(); err != nil {
			return "", err
		}
		if notes != nil {
			title += " (" + strings.Join(notes, "; ") + ") for a public key"
		}
	default:
		return "", fmt.Errorf("holds %s, which is no key of a KEM of kemtool", p.kind)
	}
	k, b := ek.KEM(), ek.Bytes()
	return fmt.Sprintf("%s of %s\nencapsulation key  %5d bytes, SHA-256 %x\nciphertext         %5d bytes\nshared key         %5d bytes\n",
		title, k.Name(), len(b), sha256.Sum256(b), k.CiphertextSize(), k.SharedKeySize()), nil
}

func (t *tool) convert() *cobra.Command {
	var out outputFlags
	var passphraseFile, to string
	var der bool
	c := &cobra.Command{
		Use:   "convert [--to FORMAT | --der] [-o FILE] [KEY]",
		Short: "Rewrite a key in today's form",
		Long: `Convert rewrites a private key in the form of RFC 9935: its seed, if the file has it, in
PKCS #8. It also reads the forms that older programs wrote, such as Botan, Bouncy Castle
and oqs-provider, and decrypts keys. What it writes is not encrypted. Of a public key, a
certificate or a certificate request it writes the public key.

The formats are pem; der, which --der means, too; and age, for keys of X-Wing.`,
		Example: `  kemtool convert -o new.pem old.pem
  kemtool convert --to age -o alice.txt alice.pem`,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			name, err := t.argument(c, args, passphraseFile)
			if err != nil {
				return err
			}
			if der {
				if c.Flags().Changed("to") && to != "der" {
					return usagef("--der and --to %s contradict each other", to)
				}
				to = "der"
			}
			if !slices.Contains(keyFormats, to) {
				return usagef("there is no format %q; the formats are %s", to, strings.Join(keyFormats, ", "))
			}
			o, err := t.place(out)
			if err != nil {
				return err
			}
			in, parts, err := t.readParts(name, "the key")
			if err != nil {
				return err
			}
			defer wipe(parts)
			if len(only(parts, isPrivate)) > 0 {
				return t.convertPrivate(o, in, parts, passphraseFile, to)
			}
			return t.convertPublic(o, in, parts, to)
		},
	}
	out.add(c)
	addPassphrase(c, &passphraseFile)
	c.Flags().StringVar(&to, "to", "pem", "write the `FORMAT` pem, der or age")
	c.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(keyFormats, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().BoolVar(&der, "der", false, "write DER")
	return c
}

var keyFormats = []string{"pem", "der", "age"}

func (t *tool) convertPrivate(o *output, in *input, parts []part, passphraseFile, to string) error {
	if err := t.openOutput(o, aPrivateKey); err != nil {
		return err
	}
	key, err := t.privateKey(in, parts, passphraseFile, true)
	if err != nil {
		return in.wrap(err)
	}
	defer key.Destroy()
	file, err := encodePrivate(in.name, key, to)
	if err != nil {
		return err
	}
	defer clear(file)
	return t.finish(o, file)
}

func encodePrivate(name string, key privateKey, to string) ([]byte, error) {
	dk, ok := key.Decapsulator.(kem.DecapsulationKey)
	switch {
	case to == "age":
		if err := checkAge(name, key.KEM()); err != nil {
			return nil, err
		}
		identity, err := encodeIdentity(dk)
		return fmt.Appendf(nil, "# public key: %s\n%s\n", encodeRecipient(dk.PublicKey()), identity), err
	case to == "der" && ok:
		return keyfile.MarshalPKCS8PrivateKey(dk)
	case ok:
		return marshalPrivateKey(dk)
	}
	der, err := expandedForm(key)
	if err != nil || to == "der" {
		return der, err
	}
	defer clear(der)
	return envelope.Encode("PRIVATE KEY", der), nil
}

func (t *tool) convertPublic(o *output, in *input, parts []part, to string) error {
	kind := text
	if to == "der" {
		kind = aPublicKey
	}
	if err := t.openOutput(o, kind); err != nil {
		return err
	}
	ek, err := t.publicKey(in.name, parts)
	if err != nil {
		return err
	}
	var file []byte
	switch to {
	case "age":
		err = checkAge(in.name, ek.KEM())
		file = []byte(encodeRecipient(ek) + "\n")
	case "der":
		file, err = keyfile.MarshalPKIXPublicKey(ek)
	default:
		file, err = marshalPublicKey(ek)
	}
	if err != nil {
		return err
	}
	return t.finish(o, file)
}

func (t *tool) kems() *cobra.Command {
	var names bool
	c := &cobra.Command{
		Use:   "kems [-q]",
		Short: "List the KEMs",
		Long:  `Kems lists the KEMs, with their sizes in bytes and their uses.`,
		Example: `  kemtool kems
  kemtool kems -q      the names only`,
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("kems takes no argument; kemtool inspect describes a file")
			}
			if names {
				_, err := fmt.Fprintln(t.stdout, strings.Join(kemNames(), "\n"))
				return err
			}
			w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "name\tprivate key\tpublic key\tciphertext\tshared key\tuse")
			for _, k := range hybridkem.All() {
				use := "encap, decap"
				switch {
				case k == xwing.KEM():
					use = "seal, open, encap, decap"
				case kem.NeedsTranscript(k):
					use = "protocols that hash the transcript, with --transcript-only"
				}
				fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", k.Name(), k.SeedSize(), k.EncapsulationKeySize(), k.CiphertextSize(), k.SharedKeySize(), use)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVarP(&names, "names", "q", false, "list the names only")
	return c
}
