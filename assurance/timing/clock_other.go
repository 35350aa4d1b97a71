//go:build !amd64

package main

import "time"

var epoch = time.Now()

// clock returns nanoseconds.
func clock() int64 { return int64(time.Since(epoch)) }
