//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

func init() {
	for _, s := range []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) { // as under nohup
			endings = append(endings, s)
		}
	}
	// A transfer goes on when nobody reads the output any more.
	signal.Ignore(syscall.SIGPIPE)
}
