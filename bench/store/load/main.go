// Load on a store by the official client of etcd. Prints one JSON object.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

var (
	endpoint = flag.String("endpoint", "", "URL of the store")
	op       = flag.String("op", "put", "put, get, range, watch, fill, compact or wait")
	clients  = flag.Int("clients", 1, "goroutines that ask at the same time")
	conns    = flag.Int("conns", 0, "connections; 0: one for 32 clients, at most 32")
	duration = flag.Duration("duration", 5*time.Second, "how long")
	keys     = flag.Int("keys", 10000, "different keys")
	value    = flag.Int("value", 1024, "bytes of a value")
	watchers = flag.Int("watchers", 100, "watches of all keys")
)

// Of one run. Times are in milliseconds.
type result struct {
	Operations int     `json:"operations"`
	Seconds    float64 `json:"seconds"`
	Rate       float64 `json:"rate"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
	Max        float64 `json:"max"`
	Errors     int     `json:"errors"`
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	pool, err := connect()
	if err != nil {
		return err
	}
	var out result
	switch *op {
	case "put":
		out = repeat(pool, put)
	case "get":
		out = repeat(pool, get)
	case "range":
		out = repeat(pool, list)
	case "watch":
		out, err = watch(pool)
	case "fill":
		out, err = fill(pool)
	case "compact":
		out, err = putWhileCompacting(pool)
	case "wait":
		out, err = wait()
	default:
		err = fmt.Errorf("no operation %q", *op)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func connect() ([]*clientv3.Client, error) {
	n := *conns
	if n == 0 {
		n = min(32, (*clients+31)/32)
	}
	pool := make([]*clientv3.Client, n)
	for i := range pool {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{*endpoint}, DialTimeout: 10 * time.Second})
		if err != nil {
			return nil, err
		}
		pool[i] = client
	}
	return pool, nil
}

func keyOf(i int) string { return fmt.Sprintf("/registry/pods/default/pod-%08d", i) }

func payload(random *rand.Rand) string {
	bytes := make([]byte, *value)
	for i := range bytes {
		bytes[i] = byte(random.IntN(256))
	}
	return string(bytes)
}

type operation func(ctx context.Context, client *clientv3.Client, random *rand.Rand, body string) error

func put(ctx context.Context, client *clientv3.Client, random *rand.Rand, body string) error {
	_, err := client.Put(ctx, keyOf(random.IntN(*keys)), body)
	return err
}

func get(ctx context.Context, client *clientv3.Client, random *rand.Rand, _ string) error {
	_, err := client.Get(ctx, keyOf(random.IntN(*keys)))
	return err
}

// A page of 500 keys, as controllers list.
func list(ctx context.Context, client *clientv3.Client, random *rand.Rand, _ string) error {
	_, err := client.Get(ctx, keyOf(random.IntN(max(1, *keys-500))), clientv3.WithRange("/registry/pods/default0"), clientv3.WithLimit(500))
	return err
}

// repeat runs an operation in every client until the time is over.
func repeat(pool []*clientv3.Client, do operation) result {
	ctx, cancel := context.WithTimeout(context.Background(), *duration+30*time.Second)
	defer cancel()
	times := make([][]float64, *clients)
	var errors atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for c := range *clients {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(c)))
			body := payload(random)
			for time.Since(start) < *duration {
				begun := time.Now()
				if err := do(ctx, pool[c%len(pool)], random, body); err != nil {
					errors.Add(1)
					fmt.Fprintln(os.Stderr, err)
					return
				}
				times[c] = append(times[c], ms(time.Since(begun)))
			}
		})
	}
	group.Wait()
	return summed(slices.Concat(times...), time.Since(start), int(errors.Load()))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func summed(times []float64, took time.Duration, errors int) result {
	out := result{Operations: len(times), Seconds: took.Seconds(), Errors: errors}
	if len(times) == 0 {
		return out
	}
	slices.Sort(times)
	out.Rate = float64(len(times)) / took.Seconds()
	out.P50, out.P99, out.Max = times[len(times)/2], times[len(times)*99/100], times[len(times)-1]
	return out
}

// watch: events delivered to all watchers while `clients` write; latency from before the write to its delivery.
func watch(pool []*clientv3.Client) (result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var mu sync.Mutex
	var times []float64
	var seen atomic.Int64
	last := time.Now()
	var lastMu sync.Mutex
	var ready, group sync.WaitGroup
	for w := range *watchers {
		ready.Add(1)
		group.Go(func() {
			channel := pool[w%len(pool)].Watch(ctx, "/registry/", clientv3.WithPrefix(), clientv3.WithCreatedNotify(), clientv3.WithPrevKV())
			<-channel
			ready.Done()
			var own []float64
			for response := range channel {
				now := time.Now()
				for _, event := range response.Events {
					var at int64
					fmt.Sscanf(string(event.Kv.Value[:19]), "%d", &at)
					own = append(own, ms(now.Sub(time.Unix(0, at))))
				}
				seen.Add(int64(len(response.Events)))
				lastMu.Lock()
				last = now
				lastMu.Unlock()
			}
			mu.Lock()
			times = append(times, own...)
			mu.Unlock()
		})
	}
	ready.Wait()
	start := time.Now()
	written := repeat(pool, func(ctx context.Context, client *clientv3.Client, random *rand.Rand, body string) error {
		_, err := client.Put(ctx, keyOf(random.IntN(*keys)), fmt.Sprintf("%019d", time.Now().UnixNano())+body)
		return err
	})
	want := int64(written.Operations) * int64(*watchers)
	for deadline := time.Now().Add(60 * time.Second); seen.Load() < want && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	took := last.Sub(start)
	cancel()
	group.Wait()
	out := summed(times, took, written.Errors)
	if seen.Load() != want {
		return out, fmt.Errorf("%d events of %d were delivered", seen.Load(), want)
	}
	return out, nil
}

// fill writes every key once, a hundred in a transaction.
func fill(pool []*clientv3.Client) (result, error) {
	var next atomic.Int64
	var group sync.WaitGroup
	var failed atomic.Value
	start := time.Now()
	for c := range *clients {
		group.Go(func() {
			body := payload(rand.New(rand.NewPCG(1, uint64(c))))
			for failed.Load() == nil {
				first := int(next.Add(100)) - 100
				if first >= *keys {
					return
				}
				var ops []clientv3.Op
				for i := first; i < min(first+100, *keys); i++ {
					ops = append(ops, clientv3.OpPut(keyOf(i), body))
				}
				if _, err := pool[c%len(pool)].Txn(context.Background()).Then(ops...).Commit(); err != nil {
					failed.Store(err)
				}
			}
		})
	}
	group.Wait()
	if err, ok := failed.Load().(error); ok {
		return result{}, err
	}
	took := time.Since(start)
	return result{Operations: *keys, Seconds: took.Seconds(), Rate: float64(*keys) / took.Seconds()}, nil
}

// putWhileCompacting: the times of puts from the moment on when all but the newest history is forgotten.
func putWhileCompacting(pool []*clientv3.Client) (result, error) {
	response, err := pool[0].Get(context.Background(), "x")
	if err != nil {
		return result{}, err
	}
	done := make(chan error, 1)
	go func() {
		time.Sleep(100 * time.Millisecond)
		_, err := pool[0].Compact(context.Background(), response.Header.Revision, clientv3.WithCompactPhysical())
		done <- err
	}()
	out := repeat(pool, put)
	return out, <-done
}

// wait: until the store answers a linearizable read. Each attempt has a client of its own, for one that failed to connect
// waits a second before it tries again.
func wait() (result, error) {
	start := time.Now()
	for {
		err := answers()
		if err == nil {
			return result{Operations: 1, Seconds: time.Since(start).Seconds()}, nil
		}
		if time.Since(start) > 60*time.Second {
			return result{}, err
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func answers() error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{*endpoint}, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err = client.Get(ctx, "x")
	return err
}
