package main

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// visible returns a text of the server in one line and without anything that could steer
// a terminal. An escape takes the place of each character that is not graphic, and U+FFFD
// that of each byte that is not UTF-8.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// printPage prints a page like visible, but it keeps newlines and tabs.
func printPage(stdout io.Writer, page io.Reader) error {
	in, out := bufio.NewReader(page), bufio.NewWriter(stdout)
	for {
		r, _, err := in.ReadRune()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if r == '\n' || r == '\t' {
			out.WriteRune(r)
		} else {
			out.WriteString(visible(string(r)))
		}
		if in.Buffered() == 0 { // what comes next may take long
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
