package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
)

// A Block is a block of a file.
type Block struct {
	Label   string
	Headers bool // there are headers
	Bytes   []byte
}

// Split returns the blocks of a file. Text around the blocks and a byte order mark are skipped.
// A file without a block is an error, and so is one with a damaged block: [pem.Decode] would skip
// it, and return the next block, which may be somebody else's key.
//
// If a line of a block contains spaces or tabs, or if its base64 is invalid, a copy of its contents
// may stay in memory.
func Split(file []byte) (blocks []Block, err error) {
	defer func() {
		if err != nil {
			Clear(blocks)
			blocks = nil
		}
	}()
	rest := bytes.TrimPrefix(file, []byte("\ufeff"))
	for {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		blocks = append(blocks, Block{block.Type, len(block.Headers) > 0, block.Bytes})
		if skipped := rest[:len(rest)-len(after)]; lines(skipped, beginLine) != 1 || lines(skipped, endLine) != 1 {
			return blocks, errDamaged
		}
		rest = after
	}
	switch {
	case lines(rest, beginLine) > 0 || lines(rest, endLine) > 0:
		return blocks, errDamaged
	case len(blocks) > 0:
		return blocks, nil
	case bytes.Contains(rest, []byte(beginLine)):
		return nil, errors.New("no PEM block: " + beginLine + " is not at the beginning of a line")
	}
	return nil, errors.New("no PEM block")
}

const (
	beginLine = "-----BEGIN"
	endLine   = "-----END"
)

var errDamaged = errors.New("a damaged PEM block")

// lines counts the lines of text that begin with prefix.
func lines(text []byte, prefix string) int {
	n := bytes.Count(text, []byte("\n"+prefix))
	if bytes.HasPrefix(text, []byte(prefix)) {
		n++
	}
	return n
}

// Clear overwrites the contents of blocks.
func Clear(blocks []Block) {
	for _, b := range blocks {
		clear(b.Bytes)
	}
}

// Encode returns a block with a label, in PEM. encoding/pem would leave copies of contents in memory.
func Encode(label string, contents []byte) []byte {
	const line = 48 // bytes, which are 64 characters
	begin, end := beginLine+" "+label+"-----\n", endLine+" "+label+"-----\n"
	lines := (len(contents) + line - 1) / line
	file := make([]byte, len(begin)+base64.StdEncoding.EncodedLen(len(contents))+lines+len(end))
	at := copy(file, begin)
	for rest := contents; len(rest) > 0; {
		n := min(line, len(rest))
		base64.StdEncoding.Encode(file[at:], rest[:n])
		at += base64.StdEncoding.EncodedLen(n)
		file[at] = '\n'
		rest, at = rest[n:], at+1
	}
	copy(file[at:], end)
	return file
}
