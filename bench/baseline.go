package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// baselineHarness is our program around a checkout of this module.
//
//go:embed baseline/main.go
var baselineHarness []byte

const baselineName = "baseline"

// baselines are the sections that are measured in another checkout.
var baselines = []peer{
	{name: baselineName, section: "ML-KEM-512", operations: slices.Concat(kemOperations, batchOperations)},
	{name: baselineName, section: "ML-KEM-768", operations: slices.Concat(kemOperations, batchOperations)},
	{name: baselineName, section: "ML-KEM-1024", operations: slices.Concat(kemOperations, batchOperations)},
	{name: baselineName, section: "X-Wing", operations: slices.Concat(kemOperations, batchOperations)},
	{name: baselineName, section: sectionX25519, operations: slices.Concat(x25519Names, []string{variableBases})},
}

// startBaselines builds the harness in the checkout and starts it for each section of the
// operations.
func startBaselines(checkout string, operations []operation) (children []*child, builds []peerBuild, err error) {
	work, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(work)
	binary, err := buildBaseline(checkout, work)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range baselines {
		if !slices.ContainsFunc(operations, func(o operation) bool { return o.section == p.section && slices.Contains(p.operations, o.name) }) {
			continue
		}
		c, err := startChild(p, binary, p.section)
		if err != nil {
			closeAll(children)
			return nil, nil, err
		}
		children = append(children, c)
		builds = append(builds, peerBuild{p.name, p.section, commit(checkout)})
	}
	return children, builds, nil
}

// buildBaseline builds the harness as a package of the checkout, so that it may import
// internal packages. An overlay puts it there, and the checkout does not change.
func buildBaseline(checkout, work string) (binary string, err error) {
	source, overlay, binary := filepath.Join(work, "main.go"), filepath.Join(work, "overlay.json"), filepath.Join(work, "harness.exe")
	const folder = "internal/baseline" // which must not exist
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(checkout, folder, "main.go"): source}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(source, baselineHarness, 0o666); err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o666); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-overlay", overlay, "-o", binary, "./"+folder)
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("-baseline: %w\n%s", err, out)
	}
	return binary, nil
}
