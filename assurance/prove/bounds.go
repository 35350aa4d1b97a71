package main

import (
	"errors"
	"fmt"
	"go/ast"
	gobuild "go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Bounds are those that the comments of kernels state. The prover assumes those after "In:",
// and what it finds must be exactly what is written after "Out:". So a comment cannot go stale.

// An interval has the numbers from lo to hi.
type interval struct{ lo, hi int64 }

// union returns the smallest interval with all numbers of both.
func (i interval) union(j interval) interval { return interval{min(i.lo, j.lo), max(i.hi, j.hi)} }

// within reports whether j has all numbers of i.
func (i interval) within(j interval) bool { return j.lo <= i.lo && i.hi <= j.hi }

// of returns the interval as a bound of a name, which may have a condition.
func (i interval) of(name string) string {
	parts := conditionRE.FindStringSubmatch(name)
	if i.lo == -i.hi {
		return fmt.Sprintf("|%s| <= %d%s", parts[1], i.hi, parts[2])
	}
	return fmt.Sprintf("%d <= %s <= %d%s", i.lo, parts[1], i.hi, parts[2])
}

var int16s = interval{-1 << 15, 1<<15 - 1}

const numberRE = `(-?\d+q?|-?2\^\d+|q)`

var (
	absoluteRE  = regexp.MustCompile(`^\|(\w+)\| (<=?) ` + numberRE + `$`)
	betweenRE   = regexp.MustCompile(`^` + numberRE + ` <= (\w+) (<=?) ` + numberRE + `$`)
	anyRE       = regexp.MustCompile(`^any (\w+)$`)
	canonicalRE = regexp.MustCompile(`^(\w+) canonical$`)
	conditionRE = regexp.MustCompile(`^(.*?)( if .*)?$`)
)

// parseBounds parses bounds of words of 16 bits, such as these:
//
//	|f| < q
//	|a| <= 3328; -1846 <= b <= 1872
//	any f
//	0 <= f < 2^12; f canonical if it returns 1
//
// It returns them by name. A condition belongs to the name.
func parseBounds(text string) (map[string]interval, error) {
	bounds := map[string]interval{}
	for clause := range strings.SplitSeq(text, "; ") {
		parts := conditionRE.FindStringSubmatch(clause)
		bound, condition := parts[1], parts[2]
		var name string
		var i interval
		if m := absoluteRE.FindStringSubmatch(bound); m != nil {
			hi := upper(m[2], m[3])
			name, i = m[1], interval{-hi, hi}
		} else if m := betweenRE.FindStringSubmatch(bound); m != nil {
			name, i = m[2], interval{parseNumber(m[1]), upper(m[3], m[4])}
		} else if m := anyRE.FindStringSubmatch(bound); m != nil {
			name, i = m[1], int16s
		} else if m := canonicalRE.FindStringSubmatch(bound); m != nil {
			name, i = m[1], interval{0, q - 1}
		} else {
			return nil, fmt.Errorf("%q is no bound", bound)
		}
		if name += condition; i.lo > i.hi {
			return nil, fmt.Errorf("%q holds for no number", bound)
		}
		if _, ok := bounds[name]; ok {
			return nil, fmt.Errorf("%q has two bounds", name)
		}
		bounds[name] = i
	}
	return bounds, nil
}

// upper returns the largest number that is at most n, or less than n.
func upper(relation, n string) int64 {
	if relation == "<" {
		return parseNumber(n) - 1
	}
	return parseNumber(n)
}

// parseNumber returns the value of a number that matches numberRE.
func parseNumber(s string) int64 {
	positive, negative := strings.CutPrefix(s, "-")
	factor := int64(1)
	if negative {
		factor = -1
	}
	if exponent, ok := strings.CutPrefix(positive, "2^"); ok {
		k, _ := strconv.Atoi(exponent)
		return factor << min(k, 62)
	}
	if times, ok := strings.CutSuffix(positive, "q"); ok {
		if factor *= q; times == "" {
			return factor
		}
		positive = times
	}
	n, _ := strconv.ParseInt(positive, 10, 32)
	return factor * n
}

// comments returns the comments of all functions of package ring, by names such as nttAVX2 and
// Poly.NTT. Lines of a comment are joined.
var comments = sync.OnceValues(func() (map[string]string, error) {
	pkg, err := gobuild.Import("hybridkem/internal/ring", ".", 0)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, name := range append(pkg.GoFiles, "stubs_amd64.go", "stubs_arm64.go") {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Doc == nil {
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				if p, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
					name = p.X.(*ast.Ident).Name + "." + name
				}
			}
			found[name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
	}
	return found, nil
})

var (
	headerRE   = map[string]*regexp.Regexp{"In": regexp.MustCompile(` In: (.*?)\. `), "Out": regexp.MustCompile(` Out: (.*?)\. `)}
	methodRE   = map[string]*regexp.Regexp{"In": regexp.MustCompile(`\. In (.*?)[;.]`), "Out": regexp.MustCompile(`(?:\. O|In [^.]*; o)ut (.*?)\.`)}
	portableRE = regexp.MustCompile(`^\w+ is the portable (\w+\.\w+)`)
)

// stated returns what the header of the kernel states of a name after "In" or "Out". The
// header must promise what the comment of the portable method promises.
func (p *proof) stated(where, name string) (interval, error) {
	all, err := comments()
	if err != nil {
		return interval{}, err
	}
	_, kernel, _ := strings.Cut(p.kernel, ".")
	header := all[kernel]
	line := headerRE[where].FindStringSubmatch(header)
	if line == nil {
		return interval{}, fmt.Errorf("the header has no line %q", where+":")
	}
	bounds, err := parseBounds(line[1])
	if err != nil {
		return interval{}, fmt.Errorf("the header: %w", err)
	}
	i, ok := bounds[name]
	if !ok {
		return interval{}, fmt.Errorf("the header states nothing of %s after %q", name, where+":")
	}
	method := portableRE.FindStringSubmatch(header)
	if method == nil {
		return interval{}, errors.New("the header does not say what method the kernel is")
	}
	if line := methodRE[where].FindStringSubmatch(all[method[1]]); line != nil {
		promised, err := parseBounds(line[1])
		if err != nil {
			return interval{}, fmt.Errorf("the comment of %s: %w", method[1], err)
		}
		j, ok := promised[name]
		if good := where == "In" && j.within(i) || where == "Out" && i.within(j); ok && !good {
			return interval{}, fmt.Errorf("%s: the header has %s, but %s has %s", where, i.of(name), method[1], j.of(name))
		}
	}
	return i, nil
}

// assume returns the bounds of an argument that the header states after "In".
func (p *proof) assume(name string) (interval, error) {
	i, err := p.stated("In", name)
	p.found(i.of(name) + " before")
	return i, err
}

// conclude compares bounds that were found with those that the header states after "Out".
func (p *proof) conclude(name string, found interval) error {
	i, err := p.stated("Out", name)
	if err == nil && i != found {
		err = fmt.Errorf("the header states %s, but %s is found", i.of(name), found.of(name))
	}
	p.found(found.of(name) + " after")
	return err
}

// found adds to the details.
func (p *proof) found(detail string) {
	if p.detail != "" {
		p.detail += ", "
	}
	p.detail += detail
}
