// Exchange draws doc/exchange.svg, the picture of a key exchange in the README. The sizes in it are those of
// the code.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"html"
	"log"
	"os"

	"hybridkem/xwing"
)

//go:generate go run . ../exchange.svg

const (
	width, height = 880, 420

	boxWidth = 330
	alice    = 16                    // where Alice's boxes begin
	bob      = width - 16 - boxWidth // where Bob's boxes begin
	wire     = alice + boxWidth + 6  // where the arrows begin
	wireEnd  = bob - 6               // where they end
	middle   = (alice + bob + boxWidth) / 2
)

// The picture has a background of its own, because a page can be dark while the reader's system is
// light.
const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title desc">
<title id="title">A key exchange with X-Wing</title>
<desc id="desc">%s</desc>
<style>
text { font: 14px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif; fill: #1f2328 }
.name { font-size: 17px; font-weight: 600 }
.small { font-size: 12.5px; fill: #59636e }
.page { fill: #ffffff }
.box { fill: #f6f8fa; stroke: #d1d9e0 }
.secret { fill: #b35900 }
.arrow { stroke: #0b62a4; stroke-width: 2; fill: none }
.tip { fill: #0b62a4 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.small { fill: #9198a1 }
.page { fill: #0d1117 }
.box { fill: #151b23; stroke: #3d444d }
.secret { fill: #f0a04b }
.arrow { stroke: #58a6ff }
.tip { fill: #58a6ff }
}
</style>
<rect class="page" width="%[1]d" height="%[2]d" rx="6"/>
`

// desc tells readers who do not see the picture what it shows.
var desc = fmt.Sprintf("Alice makes a key pair from a seed of %d bytes and sends her encapsulation key of %d bytes. "+
	"Bob encapsulates to it and sends the ciphertext of %d bytes. Alice decapsulates it. Now both have the same shared key of %d bytes. "+
	"Both derive session keys from the shared key and the transcript. Each sends a confirmation and checks the other's. "+
	"Then they exchange messages, with one key for each direction.",
	xwing.SeedSize, xwing.EncapsulationKeySize, xwing.CiphertextSize, xwing.SharedKeySize)

type picture struct{ bytes.Buffer }

func (p *picture) text(x, y int, anchor, class, s string) {
	fmt.Fprintf(p, `<text x="%d" y="%d" text-anchor="%s" class="%s">%s</text>`+"\n", x, y, anchor, class, html.EscapeString(s))
}

func (p *picture) dot(x, y int) {
	fmt.Fprintf(p, `<circle cx="%d" cy="%d" r="4" class="secret"/>`+"\n", x, y)
}

// A line is a line of a box. A dot marks a line that tells of a secret.
type line struct {
	text   string
	secret bool
}

const lineHeight = 24

// box draws a box with lines of text. Its upper left corner is at x, y.
func (p *picture) box(x, y int, lines ...line) {
	fmt.Fprintf(p, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" class="box"/>`+"\n", x, y, boxWidth, lineHeight*len(lines)+14)
	for i, l := range lines {
		y := y + 25 + lineHeight*i
		if l.secret {
			p.dot(x+17, y-5)
		}
		p.text(x+32, y, "start", "", l.text)
	}
}

// arrow draws an arrow to Bob or to Alice at the height y.
func (p *picture) arrow(y int, toBob bool) {
	tip, back := wireEnd, -10
	if !toBob {
		tip, back = wire, 10
	}
	fmt.Fprintf(p, `<path d="M%d %dH%d" class="arrow"/>`+"\n", wire+wireEnd-tip, y, tip+back)
	fmt.Fprintf(p, `<path d="M%d %dl%d -6v12z" class="tip"/>`+"\n", tip, y, back)
}

// message draws an arrow with its contents above it and their sizes below.
func (p *picture) message(y int, toBob bool, contents, size string) {
	p.arrow(y, toBob)
	p.text(middle, y-9, "middle", "", contents)
	p.text(middle, y+19, "middle", "small", size)
}

func draw() []byte {
	p := new(picture)
	fmt.Fprintf(p, head, width, height, desc)
	p.text(alice, 36, "start", "name", "Alice")
	p.text(bob, 36, "start", "name", "Bob")
	p.dot(middle-60, 31)
	p.text(middle-50, 36, "start", "small", "secret, never sent")

	p.box(alice, 52,
		line{fmt.Sprintf("a random seed of %d bytes", xwing.SeedSize), true},
		line{"GenerateKey: decapsulation key", true},
		line{"and encapsulation key", false})
	p.message(118, true, "encapsulation key", fmt.Sprintf("%d bytes", xwing.EncapsulationKeySize))

	p.box(bob, 92,
		line{"NewEncapsulationKey checks it", false},
		line{fmt.Sprintf("Encapsulate: shared key of %d bytes", xwing.SharedKeySize), true},
		line{"and ciphertext", false},
		line{"HKDF with transcript: session keys", true})
	p.message(198, false, "ciphertext, confirmation", fmt.Sprintf("%d + %d bytes", xwing.CiphertextSize, sha256.Size))

	p.box(alice, 182,
		line{"Decapsulate: the same shared key", true},
		line{"HKDF: the same session keys", true},
		line{"checks Bob's confirmation", false})
	p.message(262, true, "confirmation", fmt.Sprintf("%d bytes", sha256.Size))

	p.box(bob, 243, line{"checks Alice's confirmation", false})

	p.text(middle, 319, "middle", "", "messages")
	p.arrow(330, true)
	p.arrow(345, false)
	p.text(middle, 366, "middle", "small", "one key for each direction")

	p.text(alice, 402, "start", "small", "transcript: the protocol's name, the encapsulation key and the ciphertext, as each side sent or received them")
	return append(p.Bytes(), "</svg>\n"...)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: exchange FILE.svg")
	}
	if err := os.WriteFile(os.Args[1], draw(), 0o666); err != nil {
		log.Fatal(err)
	}
}
