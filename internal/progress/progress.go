// Package progress shows the progress of long work on a terminal.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A Bar shows how many steps are done and how long the rest will take. It shows nothing
// if its writer is not a terminal. Several goroutines may call its methods.
type Bar struct {
	w     io.Writer // nil if silent
	name  string
	total int64
	start time.Time

	mu    sync.Mutex
	done  int64
	shown time.Time
}

// New returns a bar for work of total steps, shown on w.
//
// Under go test, w is a terminal only if go test is given no package, as with -C.
func New(w io.Writer, name string, total int64) *Bar {
	if !isTerminal(w) {
		w = nil
	}
	return &Bar{w: w, name: name, total: total, start: time.Now()}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Add counts n more steps as done.
func (b *Bar) Add(n int64) {
	if b.w == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	if now := time.Now(); now.Sub(b.shown) >= 200*time.Millisecond {
		b.shown = now
		fmt.Fprintf(b.w, "\r\x1b[K%s", line(b.name, b.done, b.total, now.Sub(b.start)))
	}
}

// line returns the bar as text.
func line(name string, done, total int64, elapsed time.Duration) string {
	const width = 40
	part := min(1, float64(done)/float64(total))
	full := int(part * width)
	left := time.Duration(float64(elapsed) * (1/part - 1)).Round(time.Second)
	return fmt.Sprintf("%s [%s%s] %3.0f %%, %v left", name, strings.Repeat("=", full), strings.Repeat(" ", width-full), 100*part, left)
}

// Close erases the bar.
func (b *Bar) Close() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
