package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"hybridkem/internal/progress"
)

// A poolPlan says how much of the pools is measured.
type poolPlan struct {
	round  time.Duration // how long a closed loop runs
	rounds int
	loads  []load
}

var (
	poolLoads       = []load{{1, false}, {2, false}, {16, false}, {256, false}, {10_000, true}}
	defaultPoolPlan = poolPlan{100 * time.Millisecond, 15, poolLoads}
	quickPoolPlan   = poolPlan{5 * time.Millisecond, 2, poolLoads}
)

// A poolReport holds the results of the measurement of pools.
type poolReport struct {
	Machine machine       `json:"machine"`
	Peer    string        `json:"peer_commit,omitempty"`
	Failure string        `json:"peer_failure,omitempty"`
	Clock   time.Duration `json:"clock_ns"`
	Round   time.Duration `json:"round_ns"`
	Rounds  int           `json:"rounds"`
	Results []*poolResult `json:"results"`
}

// A poolResult holds the measurements of a mode under a load. Each summary is over the
// rounds.
type poolResult struct {
	KEM        string  `json:"kem"`
	Mode       string  `json:"mode"`
	Goroutines int     `json:"goroutines"`
	AtOnce     bool    `json:"at_once"`
	PerSecond  summary `json:"per_second"`
	// Ratio is the throughput divided by that of the first mode in the same round.
	Ratio summary `json:"ratio"`
	P50   summary `json:"p50_ns"`
	P99   summary `json:"p99_ns"`
	P999  summary `json:"p999_ns"`
	Max   summary `json:"max_ns"`
	// CPU is the time that the processors work, for an operation and all around it.
	CPU summary `json:"cpu_ns_per_operation"`
	// Refused is the part of all calls that a pool has refused.
	Refused summary `json:"refused"`
	// The rest is about Go, and zero for peers.
	Bytes       summary `json:"bytes_per_operation"`
	Collections summary `json:"garbage_collections_per_second"`
	Stack       summary `json:"stack_bytes"`
}

// A poolTrack is a mode with what the rounds have measured so far.
type poolTrack struct {
	mode string
	run  func(l load, d time.Duration) (*poolSample, error)
	load load
	// samples has a list of values for each summary of the result.
	samples map[*summary][]float64
	result  *poolResult
}

// measurePools measures all modes that match the pattern. In a round, each mode has one
// turn under each load, in changing order.
func (o options) measurePools(stderr io.Writer) (*poolReport, error) {
	targets, err := poolTargets()
	if err != nil {
		return nil, err
	}
	p := o.poolPlan
	r := &poolReport{Machine: describeMachine(time.Now()), Clock: clockOverhead(), Round: p.round, Rounds: p.rounds}
	var peers []*child
	if o.peers != "" {
		r.Machine.Compiler = compilerVersion()
		if peers, err = r.startPoolPeer(o.peers); err != nil {
			return nil, err
		}
		defer closeAll(peers)
	}
	var groups [][]*poolTrack // each is compared with its first
	matched := false
	for _, t := range targets {
		for _, m := range poolModes {
			if err := m.check(t); err != nil {
				return nil, err
			}
		}
		for _, l := range p.loads {
			var group []*poolTrack
			add := func(mode string, run func(l load, d time.Duration) (*poolSample, error)) {
				wanted := o.pattern.MatchString(t.kem.Name() + "/" + mode)
				matched = matched || wanted
				if wanted || len(group) == 0 {
					group = append(group, &poolTrack{
						mode: mode, run: run, load: l, samples: make(map[*summary][]float64),
						result: &poolResult{KEM: t.kem.Name(), Mode: mode, Goroutines: l.goroutines, AtOnce: l.atOnce},
					})
				}
			}
			for _, m := range poolModes {
				add(m.name, func(l load, d time.Duration) (*poolSample, error) { return m.run(t, l, d) })
			}
			for _, c := range peers {
				if c.section == t.kem.Name() && !l.atOnce { // a thread for each of many requests is no use of C
					add(fmt.Sprintf("%s, pool of %d", c.name, poolSlots), c.pool(poolSlots))
					add(c.name+", too small a pool", c.pool(fewSlots()))
				}
			}
			groups = append(groups, group)
		}
	}
	if !matched {
		return nil, fmt.Errorf("no mode matches %q", o.pattern)
	}
	total := 0
	for _, group := range groups {
		total += p.rounds * len(group)
	}
	bar := progress.New(stderr, "measuring", int64(total))
	defer bar.Close()
	order := rand.New(rand.NewPCG(1, 2))
	for range p.rounds {
		for _, group := range groups {
			for _, i := range order.Perm(len(group)) {
				s, err := group[i].run(group[i].load, p.round)
				if err != nil {
					return nil, err
				}
				group[i].add(s)
				bar.Add(1)
			}
		}
	}
	for _, group := range groups {
		for _, x := range group {
			x.samples[&x.result.Ratio] = ratios(x.samples[&x.result.PerSecond], group[0].samples[&group[0].result.PerSecond])
			for s, values := range x.samples {
				*s = summarize(values)
			}
			r.Results = append(r.Results, x.result)
		}
	}
	return r, nil
}

func (x *poolTrack) add(s *poolSample) {
	seconds, done := s.elapsed.Seconds(), float64(s.latencies.total)
	r := x.result
	for to, value := range map[*summary]float64{
		&r.PerSecond: done / seconds, &r.P50: s.latencies.quantile(0.5), &r.P99: s.latencies.quantile(0.99),
		&r.P999: s.latencies.quantile(0.999), &r.Max: float64(s.latencies.max),
		&r.CPU: float64(s.cpu) / done, &r.Refused: float64(s.refused) / (done + float64(s.refused)),
		&r.Bytes: float64(s.bytes) / done, &r.Collections: float64(s.collections) / seconds, &r.Stack: float64(s.stack),
	} {
		x.samples[to] = append(x.samples[to], value)
	}
}

// startPoolPeer starts the library whose pool is compared, if it is in the folder.
func (r *poolReport) startPoolPeer(dir string) ([]*child, error) {
	i := slices.IndexFunc(peers, func(p peer) bool { return p.name == "kstzv/ml-kem" && p.section == "ML-KEM-768" })
	children, builds, failures, err := startPeers(dir, peers[i:i+1])
	if err != nil {
		return nil, err
	}
	for _, f := range failures {
		r.Failure = f.Reason
	}
	for _, b := range builds {
		r.Peer = cmp.Or(b.Commit, "unknown")
	}
	groups, err := kemGroups()
	if err != nil {
		closeAll(children)
		return nil, err
	}
	return slices.DeleteFunc(children, func(c *child) bool {
		err := c.check(groups)
		if err != nil {
			c.close()
			r.Peer, r.Failure = "", err.Error()
		}
		return err != nil
	}), nil
}

// pool returns a function that runs a closed loop of threads in the harness, with a pool
// of so many slots.
func (c *child) pool(slots int) func(l load, d time.Duration) (*poolSample, error) {
	return func(l load, d time.Duration) (*poolSample, error) {
		answer, err := c.ask("pool %d %d %d", l.goroutines, slots, max(1, d.Milliseconds()))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		s, err := parsePoolAnswer(answer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		return s, nil
	}
}

// parsePoolAnswer reads an answer in the form that peers/ml-kem.c gives.
func parsePoolAnswer(answer string) (*poolSample, error) {
	var s poolSample
	var longest time.Duration
	if _, err := fmt.Sscan(answer, &s.elapsed, &s.cpu, &s.refused, &longest); err != nil {
		return nil, err
	}
	for _, field := range strings.Fields(answer)[4:] {
		b, c, _ := strings.Cut(field, ":")
		bucket, err := strconv.ParseUint(b, 10, 0)
		if err != nil || bucket >= buckets {
			return nil, fmt.Errorf("a bucket %q", b)
		}
		count, err := strconv.ParseUint(c, 10, 32)
		if err != nil {
			return nil, err
		}
		s.latencies.counts[bucket] += uint32(count)
		s.latencies.total += int(count)
	}
	s.latencies.max = longest
	if s.latencies.total == 0 || s.elapsed <= 0 {
		return nil, fmt.Errorf("an answer without latencies")
	}
	return &s, nil
}

func (r *poolReport) text() string {
	var b strings.Builder
	for _, line := range r.lines() {
		fmt.Fprintln(&b, line)
	}
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n%s", t.text())
	}
	return b.String()
}

// lines say what was measured, and with what.
func (r *poolReport) lines() []string {
	lines := append(r.Machine.lines(),
		fmt.Sprintf("medians over %d rounds; a closed loop runs for %v in each", r.Rounds, r.Round),
		fmt.Sprintf("each latency contains one reading of the clock, %d ns", r.Clock.Nanoseconds()))
	if r.Peer != "" {
		lines = append(lines, "kstzv/ml-kem at commit "+r.Peer+", built with "+strings.Join(cflags, " "))
	}
	if r.Failure != "" {
		lines = append(lines, "kstzv/ml-kem was not measured: "+r.Failure)
	}
	return lines
}

func (r *poolReport) files() (map[string]string, error) {
	results, err := encode(r)
	return map[string]string{
		"pools.json":           results,
		"pools-throughput.svg": poolThroughputPicture(r),
		"pools-latency.svg":    poolLatencyPicture(r),
		"pools-stack.svg":      poolStackPicture(r),
	}, err
}

// groups returns the results of each KEM and load, in order.
func (r *poolReport) groups() [][]*poolResult {
	var groups [][]*poolResult
	for _, x := range r.Results {
		last := len(groups) - 1
		if last < 0 || groups[last][0].KEM != x.KEM || groups[last][0].load() != x.load() {
			groups = append(groups, nil)
			last++
		}
		groups[last] = append(groups[last], x)
	}
	return groups
}

func (x *poolResult) load() load { return load{x.Goroutines, x.AtOnce} }

func (r *poolReport) tables() []table {
	var tables []table
	for _, group := range r.groups() {
		t := table{
			title:  group[0].KEM + ", " + group[0].load().String(),
			header: []string{"", "per second", "to the first", "CPU", "p50", "p99", "p99.9", "longest", "bytes", "collections/s", "stacks", "refused"},
		}
		for _, x := range group {
			row := []string{
				x.Mode, fmt.Sprintf("%.0f ±%.0f%%", x.PerSecond.Median, x.PerSecond.spread()), fmt.Sprintf("%.2f", x.Ratio.Median), formatTime(x.CPU.Median),
				formatTime(x.P50.Median), formatTime(x.P99.Median), formatTime(x.P999.Median), formatTime(x.Max.Median),
			}
			if strings.HasPrefix(x.Mode, poolPeer) {
				row = append(row, "–", "–", "–")
			} else {
				row = append(row, fmt.Sprintf("%.0f", x.Bytes.Median), fmt.Sprintf("%.0f", x.Collections.Median), formatBytes(x.Stack.Median))
			}
			t.rows = append(t.rows, append(row, x.refusals()))
		}
		tables = append(tables, t)
	}
	return tables
}

// poolPeer begins the names of modes of the peer.
const poolPeer = "kstzv/ml-kem"

// refusals says how many calls the pool refused, if it can.
func (x *poolResult) refusals() string {
	if x.Mode != modeRefuses && x.Mode != modeSmall && !strings.HasPrefix(x.Mode, poolPeer) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*x.Refused.Median)
}

// formatBytes formats a size with KiB or MiB.
func formatBytes(n float64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.0f KiB", math.Ceil(n/(1<<10)))
	}
	return digits(n/(1<<20)) + " MiB"
}

// find returns a result, or nil if there is none.
func (r *poolReport) find(kem, mode string, l load) *poolResult {
	i := slices.IndexFunc(r.Results, func(x *poolResult) bool { return x.KEM == kem && x.Mode == mode && x.load() == l })
	if i < 0 {
		return nil
	}
	return r.Results[i]
}

// many is the load under which the document compares modes.
var many, burst = load{256, false}, load{10_000, true}

// summary returns the part of doc/pools.md that depends on results.
func (r *poolReport) summary(folder string) string {
	var b strings.Builder
	for _, line := range r.lines() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	b.WriteString("\n## What to do\n\n")
	for _, s := range r.advice() {
		fmt.Fprintf(&b, "1. %s\n", s)
	}
	b.WriteByte('\n')
	for _, p := range []struct{ name, text string }{
		{"throughput", "Throughput of each mode"}, {"latency", "Latencies of each mode"}, {"stack", "Stacks of 10,000 goroutines"},
	} {
		fmt.Fprintf(&b, "![%s](%s/pools-%s.svg)\n\n", p.text, folder, p.name)
	}
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "%s\n", t.markdown())
	}
	return b.String()
}

// kems returns the KEMs of the results.
func (r *poolReport) kems() []string {
	var kems []string
	for _, x := range r.Results {
		if !slices.Contains(kems, x.KEM) {
			kems = append(kems, x.KEM)
		}
	}
	return kems
}

// each formats a value of the mode for each KEM, as in "41 % (ML-KEM-768) and 60 %
// (X-Wing)". It returns "" if the mode was not measured.
func (r *poolReport) each(mode string, l load, format func(x *poolResult) string) string {
	var values []string
	for _, kem := range r.kems() {
		if x := r.find(kem, mode, l); x != nil {
			values = append(values, fmt.Sprintf("%s (%s)", format(x), kem))
		}
	}
	return strings.Join(values, " and ")
}

// cost is the processors' time for an operation, divided by that of the first mode under the
// same load. Unlike throughputs, it hardly depends on what else the machine does.
func (r *poolReport) cost(x *poolResult) float64 {
	return x.CPU.Median / r.find(x.KEM, poolModes[0].name, x.load()).CPU.Median
}

// between formats the least and the greatest of the mode's costs, over all KEMs and loads.
func (r *poolReport) between(mode string) string {
	least, greatest := math.Inf(1), 0.0
	for _, x := range r.Results {
		if x.Mode == mode {
			least, greatest = min(least, r.cost(x)), max(greatest, r.cost(x))
		}
	}
	return fmt.Sprintf("%.0f to %.0f %%", 100*least, 100*greatest)
}

// advice says in one sentence each what to do when. TestPoolDocument checks that the
// results in doc/bench support it.
func (r *poolReport) advice() []string {
	cost := func(x *poolResult) string { return fmt.Sprintf("%.0f %%", 100*r.cost(x)) }
	p99 := func(x *poolResult) string { return formatTime(x.P99.Median) }
	stack := func(x *poolResult) string { return formatBytes(x.Stack.Median) }
	refusals := (*poolResult).refusals
	single, few := load{1, false}, load{16, false}
	advice := []string{
		fmt.Sprintf("**Hold the key, and pool nothing.** Of the processors' time that DecapsulateTo into a buffer of the goroutine takes, Decapsulate, which allocates 32 bytes, "+
			"took %s under the different loads, DecapsulateTo with a sync.Pool of buffers %s, and with a sync.Pool of workspaces %s.",
			r.between(modeAllocates), r.between(modeBuffers), r.between(modeWorkspaces)),
		fmt.Sprintf("**To bound the work, let requests wait where they arrive**, because a bounded pool is a queue and nothing more: with 256 goroutines, a pool of %d that waits "+
			"took %s, with a p99 of %s where without a pool it was %s; and a pool that refuses turned away %s of the calls, or %s if it had half as many slots as there are processors.",
			poolSlots, r.each(modeWaits, many, cost), r.each(modeWaits, many, p99), r.each(modeTo, many, p99), r.each(modeRefuses, many, refusals), r.each(modeSmall, many, refusals)),
		fmt.Sprintf("**Keep keys expanded, and bound the number of keys rather than of workspaces**: expanded from the seed each time they took %s, into the memory of the last key %s, "+
			"and with a cache of %d of %d keys %s.",
			r.each(modeFromSeed, many, cost), r.each(modeReset, many, cost), cachedKeys, inputs, r.each(modeCache, many, cost)),
		fmt.Sprintf("**Let few goroutines decapsulate for many clients**: a fresh goroutine for each operation took %s, and 10,000 goroutines at once had stacks of %s, or of %s if they gave "+
			"their operations to fresh goroutines that end.",
			r.each(modeFresh, single, cost), r.each(modeTo, burst, stack), r.each(modeFresh, burst, stack)),
	}
	if queued := r.each(modeQueue, many, cost); queued != "" {
		what := "**Batches did not pay in this run**"
		if kems := r.paysFor(modeQueue); len(kems) > 0 {
			what = fmt.Sprintf("**If many requests for %s wait at the same time, batch them**", strings.Join(kems, " or "))
		}
		advice = append(advice, fmt.Sprintf("%s: with 256 goroutines the queue of package batch took %s with a p99 of %s, with 16 goroutines %s, and with one %s.",
			what, queued, r.each(modeQueue, many, p99), r.each(modeQueue, few, cost), r.each(modeQueue, single, cost)))
	}
	return advice
}

// paysFor returns the KEMs for which the mode clearly costs less than the first one with many
// goroutines.
func (r *poolReport) paysFor(mode string) []string {
	return slices.DeleteFunc(r.kems(), func(kem string) bool {
		x := r.find(kem, mode, many)
		return x == nil || r.cost(x) >= 0.9
	})
}
