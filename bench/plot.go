package main

import (
	"fmt"
	"math"
	"slices"
)

// timesPicture shows the time of each operation, with a panel for each KEM of the README.
func timesPicture(r *report) string {
	const (
		margin, top, bottom = 24, 112, 34
		panel, gap          = 290, 26
		barHeight, barStep  = 15, 18
		valueWidth          = 58 // right of the longest bar
	)
	operations := []string{keyGeneration, parseEncapsulate, decapsulate}
	shown := r.measuredFamilies()
	groupStep := 30 + barStep*float64(len(shown))
	height := top + groupStep*float64(len(operations)) + bottom
	p := newSVG(2*margin+3*panel+2*gap, height, "Time per operation, in µs: shorter is better")
	p.text(margin, 54, 12.5, "start", faint, "400", r.Machine.CPU+", "+r.Machine.Go+"; each KEM has a scale of its own")
	var names, colours []string
	for _, f := range shown {
		names, colours = append(names, f.name), append(colours, f.colour)
	}
	p.legend(margin, 80, names, colours)
	for column, kem := range featuredKEMs {
		x := margin + float64(column)*(panel+gap)
		longest := 0.0
		for _, operation := range operations {
			for _, f := range shown {
				if found := f.find(r, kem, operation); found != nil {
					longest = max(longest, found.Nanoseconds.Median)
				}
			}
		}
		p.text(x, top, 15, "start", ink, "600", kem)
		y := top + 20.0
		for _, operation := range operations {
			p.text(x, y, 12.5, "start", faint, "400", operation)
			bar := y + 6
			for _, f := range shown {
				found := f.find(r, kem, operation)
				if found == nil {
					continue
				}
				length := found.Nanoseconds.Median / longest * (panel - valueWidth)
				weight := "400"
				if isOurs(found.Implementation) {
					weight = "700"
				}
				p.rect(x, bar, length, barHeight, f.colour)
				p.text(x+length+6, bar+12, 12, "start", ink, weight, digits(found.Nanoseconds.Median/1e3))
				bar += barStep
			}
			y += groupStep
		}
	}
	return p.String()
}

var categoryColours = map[string]string{
	hashing: "#0b62a4", sampling: "#7fc4e8", products: "#2a9d6f", encoding: "#b5d334",
	fixedTime: "#f2b134", variableTime: "#d9592b", combining: "#9a5ba6", memory: "#7f8c9a", otherTime: "#b8bfc6",
}

// breakdownPicture shows where this module spends its time, with a bar for each
// operation.
func breakdownPicture(r *report) string {
	const (
		margin, label, bar, valueWidth = 24, 220, 640, 80
		top, step, barHeight           = 104, 40, 28
	)
	p := newSVG(2*margin+label+bar+valueWidth, top+step*float64(len(r.Breakdowns))+44, "Where the time of hybridkem goes")
	p.text(margin, 54, 12.5, "start", faint, "400", r.Machine.CPU+", "+r.Machine.Go+"; percent of each operation")
	var colours []string
	for _, c := range categories {
		colours = append(colours, categoryColours[c])
	}
	p.legend(margin, 82, categories, colours)
	longest := 0.0
	for _, b := range r.Breakdowns {
		longest = max(longest, r.find(b.KEM, b.Operation, ours).Nanoseconds.Median)
	}
	for i, b := range r.Breakdowns {
		y := top + step*float64(i)
		total := r.find(b.KEM, b.Operation, ours).Nanoseconds.Median
		p.text(margin, y+19, 13.5, "start", ink, "400", b.KEM+", "+b.Operation)
		x := float64(margin + label)
		for _, c := range categories {
			width := b.Shares[c] * total / longest * bar
			p.rect(x, y, width, barHeight, categoryColours[c])
			if width > 22 {
				colour := "#ffffff"
				if slices.Contains([]string{sampling, encoding, fixedTime, otherTime}, c) {
					colour = ink
				}
				p.text(x+width/2, y+18.5, 12, "middle", colour, "600", fmt.Sprintf("%.0f", 100*b.Shares[c]))
			}
			x += width
		}
		p.text(x+8, y+19, 13, "start", ink, "600", formatTime(total))
	}
	return p.String()
}

// throughputPicture shows operations per second against goroutines, with a panel for each
// operation.
func throughputPicture(r *report) string {
	const (
		margin, left, panel, gap = 24, 40, 380, 40
		top, height, rowStep     = 130, 190, 270
	)
	type key struct{ kem, operation string }
	panels := make(map[key][]throughput)
	var keys []key
	var shown []family
	for _, t := range r.Throughput {
		k := key{t.KEM, t.Operation}
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		panels[k] = append(panels[k], t)
	}
	for _, f := range families {
		if slices.ContainsFunc(r.Throughput, func(t throughput) bool { return slices.Contains(f.implementations, t.Implementation) }) {
			shown = append(shown, f)
		}
	}
	rows := (len(keys) + 1) / 2
	p := newSVG(2*margin+2*(left+panel)+gap, top+rowStep*float64(rows)-16, "Operations per second, by number of goroutines: higher is better")
	p.text(margin, 54, 12.5, "start", faint, "400", fmt.Sprintf("%s, GOMAXPROCS=%d, %s", r.Machine.CPU, r.Machine.MaxProcs, r.Machine.Go))
	var names, colours []string
	for _, f := range shown {
		names, colours = append(names, f.name), append(colours, f.colour)
	}
	p.legend(margin, 82, names, colours)
	for i, k := range keys {
		x0 := float64(margin + left + i%2*(left+panel+gap))
		y0 := float64(top + i/2*rowStep)
		p.text(x0, y0-10, 14, "start", ink, "600", k.kem+", "+k.operation)
		most, goroutines := 0.0, 1
		for _, t := range panels[k] {
			most, goroutines = max(most, t.PerSecond.Median), max(goroutines, t.Goroutines)
		}
		step := tickStep(most)
		scale := math.Ceil(most/step) * step
		for v := 0.0; v <= scale; v += step {
			y := y0 + height*(1-v/scale)
			p.line(x0, y, x0+panel, y, grid)
			p.text(x0-8, y+4, 12, "end", faint, "400", thousands(v))
		}
		// The axis is logarithmic, with room for the markers at both ends.
		at := func(n int) float64 {
			return x0 + 14 + (panel-28)*math.Log2(float64(n))/max(1, math.Log2(float64(goroutines)))
		}
		for _, f := range slices.Backward(shown) {
			var points []float64
			for _, t := range panels[k] {
				if slices.Contains(f.implementations, t.Implementation) {
					points = append(points, at(t.Goroutines), y0+height*(1-t.PerSecond.Median/scale))
				}
			}
			p.curve(points, f.colour)
			for j := 0; j < len(points); j += 2 {
				p.circle(points[j], points[j+1], 4, f.colour)
			}
		}
		for n := 1; n <= goroutines; n *= 2 {
			p.text(at(n), y0+height+18, 12, "middle", faint, "400", fmt.Sprint(n))
		}
	}
	return p.String()
}

// tickStep returns a round number that divides the axis up to most into a few steps.
func tickStep(most float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{0.2, 0.5, 1} {
		if most/(step*part) <= 5 {
			return step * part
		}
	}
	return step * 2
}

// thousands formats a number of operations.
func thousands(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%g", v)
	}
	return fmt.Sprintf("%gk", v/1000)
}
