package testkit

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// A Progress shows on a terminal how far a long test is. Elsewhere it shows nothing.
// go test leaves a test the terminal only if it is given no package, as with -C.
type Progress struct {
	name   string
	total  int64
	start  time.Time
	done   atomic.Int64
	shown  atomic.Int64 // when, in nanoseconds from start
	silent bool
}

// NewProgress starts showing how many of total steps are done.
func NewProgress(name string, total int64) *Progress {
	info, err := os.Stderr.Stat()
	return &Progress{
		name: name, total: total, start: time.Now(),
		silent: err != nil || info.Mode()&os.ModeCharDevice == 0,
	}
}

// Add counts n more steps as done. It may be called from several goroutines.
func (p *Progress) Add(n int64) {
	done := p.done.Add(n)
	elapsed := time.Since(p.start)
	shown := p.shown.Load()
	if p.silent || elapsed.Nanoseconds()-shown < 2e8 || !p.shown.CompareAndSwap(shown, elapsed.Nanoseconds()) {
		return
	}
	const width = 30
	part := float64(done) / float64(p.total)
	left := time.Duration(float64(elapsed) * (1/part - 1)).Round(time.Second)
	fmt.Fprintf(os.Stderr, "\r\x1b[K%-32s [%-*s] %3.0f %%, %v left", p.name, width, bar[:int(part*width)], 100*part, left)
}

const bar = "=============================="

// Close erases the line.
func (p *Progress) Close() {
	if !p.silent {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
