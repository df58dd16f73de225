package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// measurement is one line of output. Times are milliseconds of one request, event or pod.
type measurement struct {
	Name     string `json:"name"`
	Encoding string `json:"encoding"`
	Clients  int    `json:"clients,omitempty"`
	// Count of requests, events or pods, and the seconds in which they were done.
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds"`
	P50Ms   float64 `json:"p50Ms"`
	P90Ms   float64 `json:"p90Ms"`
	P99Ms   float64 `json:"p99Ms"`
	MaxMs   float64 `json:"maxMs"`
	// ServerCPUSeconds is the CPU time of the server's processes meanwhile.
	ServerCPUSeconds float64 `json:"serverCpuSeconds"`
	Errors           int     `json:"errors,omitempty"`
	FirstError       string  `json:"firstError,omitempty"`
}

var output = json.NewEncoder(os.Stdout)

func report(m measurement) error {
	fmt.Fprintf(os.Stderr, "  %-22s %3d clients  %9.0f/s  p50 %8.2f ms  p99 %8.2f ms  errors %d %s\n",
		m.Name, m.Clients, float64(m.Count)/m.Seconds, m.P50Ms, m.P99Ms, m.Errors, m.FirstError)
	return output.Encode(m)
}

// samples collects durations from many goroutines.
type samples struct {
	mutex  sync.Mutex
	values []time.Duration
}

func (s *samples) add(values ...time.Duration) {
	s.mutex.Lock()
	s.values = append(s.values, values...)
	s.mutex.Unlock()
}

// fill sorts the samples and writes their quantiles. The measurement must not be added to any more.
func (s *samples) fill(m *measurement) {
	if len(s.values) == 0 {
		return
	}
	sort.Slice(s.values, func(i, j int) bool { return s.values[i] < s.values[j] })
	at := func(q float64) float64 {
		index := int(math.Ceil(q*float64(len(s.values)))) - 1
		return milliseconds(s.values[max(index, 0)])
	}
	m.P50Ms, m.P90Ms, m.P99Ms, m.MaxMs = at(0.5), at(0.9), at(0.99), at(1)
}

func milliseconds(d time.Duration) float64 { return math.Round(float64(d.Microseconds())) / 1000 }

// load is one kind of request, sent by some clients at once.
type load struct {
	name    string
	clients int
	// Either so many requests, or as many as are done in a time.
	count    int
	duration time.Duration
	// request sends the request of that number (from 0) as that client (from 0).
	request func(ctx context.Context, client, number int) error
}

// measure runs a load. Failed requests are counted apart; where the server refuses a request, it is not sent for long.
func (t *target) measure(ctx context.Context, one load) error {
	result := measurement{Name: one.name, Encoding: t.encoding, Clients: one.clients}
	if one.duration > 0 {
		one.count = math.MaxInt
	}
	var next, failed atomic.Int64
	var firstError atomic.Pointer[string]
	var all samples
	cpuBefore := t.cpuSeconds()
	started := time.Now()
	deadline := started.Add(one.duration)
	var group sync.WaitGroup
	for client := range one.clients {
		group.Go(func() {
			var own []time.Duration
			for ctx.Err() == nil && (one.duration == 0 || time.Now().Before(deadline)) {
				number := int(next.Add(1)) - 1
				if number >= one.count {
					break
				}
				from := time.Now()
				if err := one.request(ctx, client, number); err != nil {
					failed.Add(1)
					text := err.Error()
					firstError.CompareAndSwap(nil, &text)
					if len(own) == 0 {
						break
					}
					continue
				}
				own = append(own, time.Since(from))
			}
			all.add(own...)
		})
	}
	group.Wait()
	result.Seconds = time.Since(started).Seconds()
	result.ServerCPUSeconds = t.cpuSeconds() - cpuBefore
	result.Count = len(all.values)
	result.Errors = int(failed.Load())
	if text := firstError.Load(); text != nil {
		result.FirstError = *text
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	all.fill(&result)
	return report(result)
}

// ticksPerSecond is the unit of /proc/PID/stat on every architecture of Linux that Go runs on.
const ticksPerSecond = 100

// cpuSeconds of all processes of the server, threads and kernel time included.
func (t *target) cpuSeconds() float64 {
	total := 0.0
	for _, pid := range t.pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// The name of the program, in parentheses, may hold blanks.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, field := range fields[11:13] {
			ticks, _ := strconv.Atoi(field)
			total += float64(ticks) / ticksPerSecond
		}
	}
	return total
}
