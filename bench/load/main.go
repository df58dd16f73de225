// Command load puts a measured load on any Kubernetes API server, through client-go over TLS. It prints one JSON object
// a measurement on standard output, and its progress on standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"
)

type suite struct {
	about string
	// flags registers the suite's own flags and returns what runs it.
	flags func(*flag.FlagSet) func(context.Context, *target) error
}

var suites = map[string]suite{
	"api":      {"the verbs of the API on pods", apiSuite},
	"pods":     {"real pods: single ones, a Deployment, an update, a drain", podsSuite},
	"services": {"requests through Services, and the cluster DNS", servicesSuite},
	"scale":    {"many pods on simulated nodes", scaleSuite},
	"schedule": {"pods on many nodes, for the scheduler", scheduleSuite},
	"watch":    {"events to many watchers", watchSuite},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return usage()
	}
	if args[0] == "serve" {
		return serve()
	}
	chosen, known := suites[args[0]]
	if !known {
		return usage()
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	options := targetFlags(flags)
	runSuite := chosen.flags(flags)
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := openTarget(options)
	if err != nil {
		return err
	}
	return runSuite(ctx, server)
}

func usage() error {
	names := make([]string, 0, len(suites))
	for name, one := range suites {
		names = append(names, fmt.Sprintf("  %-10s %s", name, one.about))
	}
	sort.Strings(names)
	return fmt.Errorf("usage: load SUITE --kubeconfig FILE [flags]; suites:\n%s", strings.Join(names, "\n"))
}
