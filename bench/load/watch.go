package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

const watchNamespace = "load-watch"

const (
	// marker precedes the number of a write in an annotation, so that a reader finds it without decoding the event.
	marker      = "load-event-"
	markerWidth = 10
	// writersInFlight bounds the writes that some watcher has not seen, so that none is closed as too slow.
	writersInFlight = 32
	watchedPods     = 32
	maxEventBytes   = 4 << 20
)

// watchLoad numbers its writes; the event of each goes to every watcher.
type watchLoad struct {
	server   *target
	watchers int
	writers  []*kubernetes.Clientset
	next     atomic.Int64
	mutex    sync.RWMutex
	writes   map[int64]*watchedWrite
	// ended counts the watches that the server ended, as it does with a watcher that it finds too slow.
	ended  atomic.Int64
	failed chan error
}

type watchedWrite struct {
	sent    time.Time
	missing atomic.Int64
	// done is closed when the last watcher has it.
	done chan struct{}
	all  *samples
}

func watchSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	watchers := flags.Int("watchers", 100, "watches of all pods of a namespace, each on its own connection")
	duration := flags.Duration("duration", 5*time.Second, "of the writes at full speed")
	pace := flags.Float64("pace", 4000, "events a second to all watchers together while latency is measured")
	return func(ctx context.Context, server *target) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := &watchLoad{server: server, watchers: *watchers, writes: map[int64]*watchedWrite{}, failed: make(chan error, *watchers)}
		if err := l.open(ctx); err != nil {
			return err
		}
		if err := l.paced(ctx, *pace, *duration); err != nil {
			return err
		}
		return l.fullSpeed(ctx, *duration)
	}
}

func (l *watchLoad) open(ctx context.Context) error {
	var err error
	if l.writers, err = l.server.clients(4); err != nil {
		return err
	}
	if err := ensureNamespace(ctx, l.writers[0], watchNamespace, nil); err != nil {
		return err
	}
	pods := l.writers[0].CoreV1().Pods(watchNamespace)
	for number := range watchedPods {
		if _, err := pods.Create(ctx, typicalPod(podName(number), number), metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	list, err := pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for range l.watchers {
		client, err := l.server.client()
		if err != nil {
			return err
		}
		stream, err := openWatch(ctx, client, list.ResourceVersion)
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		go func() { l.failed <- l.follow(ctx, client, stream) }()
	}
	return nil
}

func openWatch(ctx context.Context, client *kubernetes.Clientset, resourceVersion string) (io.ReadCloser, error) {
	options := &metav1.ListOptions{Watch: true, ResourceVersion: resourceVersion}
	return client.CoreV1().RESTClient().Get().Namespace(watchNamespace).Resource("pods").
		VersionedParams(options, scheme.ParameterCodec).Stream(ctx)
}

// follow reads events, and goes on from the last one where the server ends the watch, as informers do.
func (l *watchLoad) follow(ctx context.Context, client *kubernetes.Clientset, stream io.ReadCloser) error {
	for {
		last, ended := l.receive(bufio.NewReaderSize(stream, 64<<10))
		stream.Close()
		if ctx.Err() != nil || last == nil {
			return fmt.Errorf("a watch ended: %w", ended)
		}
		l.ended.Add(1)
		resourceVersion, err := l.versionOf(last)
		if err == nil {
			stream, err = openWatch(ctx, client, resourceVersion)
		}
		if err != nil {
			return fmt.Errorf("a watch ended (%v) and cannot go on: %w", ended, err)
		}
	}
}

// receive reads events until the stream ends, and returns the last one.
func (l *watchLoad) receive(stream *bufio.Reader) ([]byte, error) {
	var last []byte
	for {
		event, err := l.readEvent(stream)
		if err != nil {
			return last, err
		}
		last = append(last[:0], event...)
		at := bytes.Index(event, []byte(marker))
		if at < 0 {
			continue
		}
		var number int64
		for _, digit := range event[at+len(marker) : at+len(marker)+markerWidth] {
			number = number*10 + int64(digit-'0')
		}
		l.mutex.RLock()
		write := l.writes[number]
		l.mutex.RUnlock()
		if write == nil {
			continue
		}
		write.all.add(time.Since(write.sent))
		if write.missing.Add(-1) == 0 {
			close(write.done)
		}
	}
}

// versionOf decodes an event for the resource version of its object.
func (l *watchLoad) versionOf(frame []byte) (string, error) {
	event := &metav1.WatchEvent{}
	var err error
	if l.server.encoding == "json" {
		err = json.Unmarshal(frame, event)
	} else {
		err = event.Unmarshal(frame)
	}
	if err != nil {
		return "", err
	}
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(event.Object.Raw, nil, nil)
	if err != nil {
		return "", err
	}
	named, err := meta.Accessor(object)
	if err != nil {
		return "", err
	}
	return named.GetResourceVersion(), nil
}

// readEvent reads a frame: protobuf comes behind its length, JSON ends with a line feed.
func (l *watchLoad) readEvent(stream *bufio.Reader) ([]byte, error) {
	if l.server.encoding == "json" {
		return stream.ReadSlice('\n')
	}
	var length uint32
	if err := binary.Read(stream, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	if length > maxEventBytes {
		return nil, fmt.Errorf("an event of %d bytes", length)
	}
	frame := make([]byte, length)
	_, err := io.ReadFull(stream, frame)
	return frame, err
}

// write changes a pod and returns what waits for the event at every watcher.
func (l *watchLoad) write(ctx context.Context, writer int, all *samples) (*watchedWrite, error) {
	number := l.next.Add(1)
	write := &watchedWrite{sent: time.Now(), done: make(chan struct{}), all: all}
	write.missing.Store(int64(l.watchers))
	l.mutex.Lock()
	l.writes[number] = write
	l.mutex.Unlock()
	body := fmt.Sprintf(`{"metadata":{"annotations":{"example.com/load":"%s%0*d"}}}`, marker, markerWidth, number)
	_, err := l.writers[writer].CoreV1().Pods(watchNamespace).
		Patch(ctx, podName(int(number)%watchedPods), types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{})
	return write, err
}

func (l *watchLoad) seen(ctx context.Context, write *watchedWrite) error {
	select {
	case <-write.done:
		return nil
	case err := <-l.failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Minute):
		return fmt.Errorf("%d watchers have not seen a write after a minute", write.missing.Load())
	}
}

// paced measures latency, from before the write to the event, well below what the server could send.
func (l *watchLoad) paced(ctx context.Context, pace float64, duration time.Duration) error {
	var all samples
	cpuBefore := l.server.cpuSeconds()
	started := time.Now()
	tick := time.NewTicker(time.Duration(float64(l.watchers) / pace * float64(time.Second)))
	defer tick.Stop()
	count := 0
	for time.Since(started) < duration {
		<-tick.C
		write, err := l.write(ctx, 0, &all)
		if err != nil {
			return err
		}
		if err := l.seen(ctx, write); err != nil {
			return err
		}
		count++
	}
	return l.finish("watch-latency", &all, count, started, cpuBefore)
}

// fullSpeed measures how many events a second reach all watchers, with a bounded number of writes that some have not seen.
func (l *watchLoad) fullSpeed(ctx context.Context, duration time.Duration) error {
	var all samples
	cpuBefore := l.server.cpuSeconds()
	started := time.Now()
	var count atomic.Int64
	errs := make(chan error, writersInFlight)
	for lane := range writersInFlight {
		go func() {
			for time.Since(started) < duration {
				write, err := l.write(ctx, lane%len(l.writers), &all)
				if err == nil {
					err = l.seen(ctx, write)
				}
				if err != nil {
					errs <- err
					return
				}
				count.Add(1)
			}
			errs <- nil
		}()
	}
	for range writersInFlight {
		if err := <-errs; err != nil {
			return err
		}
	}
	return l.finish("watch-throughput", &all, int(count.Load()), started, cpuBefore)
}

func (l *watchLoad) finish(name string, all *samples, writes int, started time.Time, cpuBefore float64) error {
	result := measurement{
		Name: name, Encoding: l.server.encoding, Clients: l.watchers, Count: writes * l.watchers,
		Seconds: time.Since(started).Seconds(), ServerCPUSeconds: l.server.cpuSeconds() - cpuBefore,
	}
	all.fill(&result)
	if ended := l.ended.Swap(0); ended > 0 {
		result.Errors = int(ended)
		result.FirstError = "watches that the server ended, and that went on"
	}
	return report(result)
}
