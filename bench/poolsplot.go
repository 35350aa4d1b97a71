package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A poolPlot is a picture with a panel for each KEM and a row for each mode.
type poolPlot struct {
	*svg
	kems, modes []string
	rowStep     float64
}

const (
	poolMargin, poolLabel, poolPanel, poolGap = 24, 290, 330, 76
	poolTop                                   = 124
)

// newPoolPlot draws everything but the values. Of all modes, it has those that were
// measured under the load.
func newPoolPlot(r *poolReport, title, subtitle string, l load, rowStep float64) poolPlot {
	p := poolPlot{kems: r.kems(), rowStep: rowStep}
	for _, x := range r.Results {
		if x.load() == l && !slices.Contains(p.modes, x.Mode) {
			p.modes = append(p.modes, x.Mode)
		}
	}
	columns := float64(len(p.kems))
	p.svg = newSVG(2*poolMargin+poolLabel+columns*(poolPanel+poolGap), poolTop+rowStep*float64(len(p.modes))+24, title)
	p.text(poolMargin, 54, 12.5, "start", faint, "400", subtitle)
	p.text(poolMargin, 72, 12.5, "start", faint, "400", fmt.Sprintf("%s, GOMAXPROCS=%d, %s; medians over %d rounds", r.Machine.CPU, r.Machine.MaxProcs, r.Machine.Go, r.Rounds))
	for i, mode := range p.modes {
		p.text(poolMargin, p.y(i)+rowStep/2, 13, "start", ink, "400", mode)
	}
	for i, kem := range p.kems {
		p.text(p.x(i), poolTop-8, 15, "start", ink, "600", kem)
	}
	return p
}

func (p poolPlot) x(column int) float64 {
	return poolMargin + poolLabel + float64(column)*(poolPanel+poolGap)
}
func (p poolPlot) y(row int) float64 { return poolTop + 6 + p.rowStep*float64(row) }

// poolColours are for the loads or quantiles of a picture.
var poolColours = []string{"#7fc4e8", "#0b62a4", "#2a9d6f", "#d9592b"}

// poolThroughputPicture shows the throughputs of each mode, as parts of the first mode's.
func poolThroughputPicture(r *poolReport) string {
	loads := []load{{1, false}, many, burst}
	const bar = 10
	p := newPoolPlot(r, "Decapsulations per second, compared with DecapsulateTo", "bars: part of DecapsulateTo's throughput in the same round; numbers: per second",
		many, float64(bar*len(loads)+10))
	var names []string
	longest := 1.0
	for _, l := range loads {
		names = append(names, l.String())
	}
	for _, x := range r.Results {
		longest = max(longest, x.Ratio.Median)
	}
	p.legend(poolMargin, 98, names, poolColours)
	for column, kem := range p.kems {
		one := p.x(column) + poolPanel/longest
		p.line(one, poolTop, one, p.y(len(p.modes)), grid)
		for row, mode := range p.modes {
			for i, l := range loads {
				if x := r.find(kem, mode, l); x != nil {
					length := x.Ratio.Median / longest * poolPanel
					y := p.y(row) + float64(bar*i)
					p.rect(p.x(column), y, length, bar-1, poolColours[i])
					p.text(p.x(column)+length+6, y+bar-1.5, 10, "start", ink, "400", fmt.Sprintf("%.0fk", x.PerSecond.Median/1e3))
				}
			}
		}
	}
	return p.String()
}

// poolLatencyPicture shows quantiles of each mode with 256 goroutines.
func poolLatencyPicture(r *poolReport) string {
	p := newPoolPlot(r, "Latency with 256 goroutines", "from when a goroutine is ready for a request until it has the answer; logarithmic scale", many, 30)
	p.legend(poolMargin, 98, []string{"p50", "p99", "p99.9", "longest"}, poolColours)
	quantiles := func(x *poolResult) []float64 {
		return []float64{x.P50.Median, x.P99.Median, x.P999.Median, x.Max.Median}
	}
	low, high := math.Inf(1), 0.0
	for _, x := range r.Results {
		if x.load() == many {
			low, high = min(low, slices.Min(quantiles(x))), max(high, slices.Max(quantiles(x)))
		}
	}
	low, high = math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	for column, kem := range p.kems {
		at := func(ns float64) float64 { return p.x(column) + poolPanel*(math.Log10(ns)-low)/(high-low) }
		for e := low; e <= high; e++ {
			x := at(math.Pow(10, e))
			p.line(x, poolTop+4, x, p.y(len(p.modes)), grid)
			p.text(x, p.y(len(p.modes))+14, 11, "middle", faint, "400", strings.Replace(formatTime(math.Pow(10, e)), ".00", "", 1))
		}
		for row, mode := range p.modes {
			x := r.find(kem, mode, many)
			if x == nil {
				continue
			}
			y := p.y(row) + p.rowStep/2 - 4
			values := quantiles(x)
			p.line(at(values[0]), y, at(values[len(values)-1]), y, faint)
			for i, v := range slices.Backward(values) {
				p.circle(at(v), y, 4.5, poolColours[i])
			}
		}
	}
	return p.String()
}

// poolStackPicture shows the stacks of many goroutines that have each made one request.
func poolStackPicture(r *poolReport) string {
	p := newPoolPlot(r, "Stacks of 10,000 goroutines that have each made one request", "beyond what the process had before", burst, 24)
	largest := 1.0
	for _, x := range r.Results {
		if x.load() == burst {
			largest = max(largest, x.Stack.Median)
		}
	}
	for column, kem := range p.kems {
		for row, mode := range p.modes {
			if x := r.find(kem, mode, burst); x != nil {
				length := x.Stack.Median / largest * poolPanel
				p.rect(p.x(column), p.y(row), length, 16, poolColours[1])
				p.text(p.x(column)+length+6, p.y(row)+12.5, 12, "start", ink, "400", formatBytes(x.Stack.Median))
			}
		}
	}
	return p.String()
}
