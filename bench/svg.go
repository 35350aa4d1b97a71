package main

import (
	"fmt"
	"html"
	"strings"
)

// Colours of everything but the data. The background is white on light and dark pages.
const (
	ink   = "#1f2328"
	faint = "#59636e"
	grid  = "#e4e8ec"
)

// An svg is a picture under construction. Coordinates are in pixels, and y grows
// downwards.
type svg struct{ b strings.Builder }

func newSVG(width, height float64, title string) *svg {
	p := new(svg)
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&p.b, "<title>%s</title>\n", html.EscapeString(title))
	p.rect(0, 0, width, height, "#ffffff")
	p.text(24, 34, 17, "start", ink, "600", title)
	return p
}

func (p *svg) rect(x, y, width, height float64, fill string) {
	fmt.Fprintf(&p.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`+"\n", x, y, width, height, fill)
}

func (p *svg) line(x1, y1, x2, y2 float64, stroke string) {
	fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`+"\n", x1, y1, x2, y2, stroke)
}

func (p *svg) circle(x, y, r float64, fill string) {
	fmt.Fprintf(&p.b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`+"\n", x, y, r, fill)
}

// curve draws a line through points, a sequence of alternating x and y.
func (p *svg) curve(points []float64, stroke string) {
	var s strings.Builder
	for i := 0; i < len(points); i += 2 {
		fmt.Fprintf(&s, "%.1f,%.1f ", points[i], points[i+1])
	}
	fmt.Fprintf(&p.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2.5"/>`+"\n", strings.TrimSpace(s.String()), stroke)
}

// text writes s with its start, middle or end at x, and its baseline at y.
func (p *svg) text(x, y, size float64, anchor, fill, weight, s string) {
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s" fill="%s" font-weight="%s">%s</text>`+"\n",
		x, y, size, anchor, fill, weight, html.EscapeString(s))
}

// legend writes names with their colours in a row that begins at x.
func (p *svg) legend(x, y float64, names, colours []string) {
	for i, name := range names {
		p.rect(x, y-10, 12, 12, colours[i])
		p.text(x+18, y, 13, "start", ink, "400", name)
		x += 18 + 13*width(name) + 22
	}
}

// width returns the approximate width of s as a multiple of its font size.
func width(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("fijlrt .,-/", r):
			w += 0.31
		case r >= 'A' && r <= 'Z':
			w += 0.68
		default:
			w += 0.55
		}
	}
	return w
}

func (p *svg) String() string { return p.b.String() + "</svg>\n" }
