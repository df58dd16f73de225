package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

const apiNamespace = "load-api"

type apiLoad struct {
	objects  int
	alone    int
	clients  []int
	only     map[string]bool
	duration time.Duration
	server   *target
	// One a client, each with a connection of its own.
	connections []*kubernetes.Clientset
}

// apiSuite creates pods, sends every verb while they are there, and deletes them.
func apiSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	objects := flags.Int("objects", 5000, "pods that are there while the other verbs are measured")
	alone := flags.Int("alone", 400, "of them, those that one client creates and deletes alone")
	clients := flags.String("clients", "1,32", "numbers of clients")
	only := flags.String("verbs", "", "measure only these (create and delete are always done)")
	duration := flags.Duration("duration", 3*time.Second, "of each verb but create and delete")
	return func(ctx context.Context, server *target) error {
		l := &apiLoad{objects: *objects, alone: *alone, duration: *duration, server: server}
		most := 1
		for _, text := range strings.Split(*clients, ",") {
			count, err := strconv.Atoi(text)
			if err != nil || count < 1 {
				return fmt.Errorf("clients: %q is not a number", text)
			}
			l.clients = append(l.clients, count)
			most = max(most, count)
		}
		if *only != "" {
			l.only = map[string]bool{}
			for _, verb := range strings.Split(*only, ",") {
				l.only[verb] = true
			}
		}
		var err error
		if l.connections, err = server.clients(most); err != nil {
			return err
		}
		return l.run(ctx)
	}
}

func podName(number int) string { return fmt.Sprintf("web-%05d", number) }

func (l *apiLoad) run(ctx context.Context) error {
	if err := ensureNamespace(ctx, l.connections[0], apiNamespace, nil); err != nil {
		return err
	}
	for client, connection := range l.connections {
		// A first request, so that no measured one waits for a handshake.
		if _, err := connection.CoreV1().Namespaces().Get(ctx, apiNamespace, metav1.GetOptions{}); err != nil {
			return fmt.Errorf("client %d: %w", client, err)
		}
	}
	if err := l.allObjects(ctx, "create", l.create); err != nil {
		return err
	}
	verbs := []struct {
		name    string
		request func(ctx context.Context, client, number int) error
	}{
		{"get", l.get}, {"list", l.list(nil, "")}, {"list-label", l.listShard}, {"list-paged", l.listPages},
		{"list-table", l.list(nil, "Table")}, {"list-metadata", l.list(nil, "PartialObjectMetadataList")},
		{"patch", l.patch}, {"update-status", l.updateStatus}, {"apply", l.apply},
	}
	for _, verb := range verbs {
		for _, clients := range l.clients {
			if l.only != nil && !l.only[verb.name] {
				continue
			}
			one := load{name: verb.name, clients: clients, duration: l.duration, request: verb.request}
			if err := l.server.measure(ctx, one); err != nil {
				return err
			}
		}
	}
	return l.allObjects(ctx, "delete", l.delete)
}

// allObjects does something once for each pod: some of them by one client, the rest by the most clients.
func (l *apiLoad) allObjects(ctx context.Context, name string, do func(ctx context.Context, client, number int) error) error {
	first := 0
	for i, clients := range l.clients {
		count := l.alone
		if i == len(l.clients)-1 {
			count = l.objects - first
		}
		offset := first
		request := func(ctx context.Context, client, number int) error { return do(ctx, client, offset+number) }
		if err := l.server.measure(ctx, load{name: name, clients: clients, count: count, request: request}); err != nil {
			return err
		}
		first += count
	}
	return nil
}

func (l *apiLoad) create(ctx context.Context, client, number int) error {
	_, err := l.connections[client].CoreV1().Pods(apiNamespace).Create(ctx, typicalPod(podName(number), number), metav1.CreateOptions{})
	return err
}

func (l *apiLoad) delete(ctx context.Context, client, number int) error {
	return l.connections[client].CoreV1().Pods(apiNamespace).Delete(ctx, podName(number), metav1.DeleteOptions{})
}

// spread visits the objects in an order that a cache of the newest or oldest cannot guess.
func (l *apiLoad) spread(number int) string { return podName(number * 7919 % l.objects) }

func (l *apiLoad) get(ctx context.Context, client, number int) error {
	_, err := l.connections[client].CoreV1().Pods(apiNamespace).Get(ctx, l.spread(number), metav1.GetOptions{})
	return err
}

// list reads the answer but does not decode it: decoding 5,000 pods takes the client longer than the server takes, and
// would hide it. As is one of metav1's kinds for partial answers.
func (l *apiLoad) list(options *metav1.ListOptions, as string) func(ctx context.Context, client, number int) error {
	if options == nil {
		options = &metav1.ListOptions{}
	}
	accept := l.server.config.ContentType
	if as == "Table" {
		// As kubectl asks for it: a Table has no protobuf form.
		accept = "application/json"
	}
	if as != "" {
		accept += ";as=" + as + ";g=meta.k8s.io;v=v1"
	}
	return func(ctx context.Context, client, _ int) error {
		body, err := l.connections[client].CoreV1().RESTClient().Get().Namespace(apiNamespace).Resource("pods").
			VersionedParams(options, scheme.ParameterCodec).SetHeader("Accept", accept).DoRaw(ctx)
		if err == nil && len(body) < l.objects {
			return fmt.Errorf("a list of %d bytes", len(body))
		}
		return err
	}
}

func (l *apiLoad) listShard(ctx context.Context, client, number int) error {
	pods, err := l.connections[client].CoreV1().Pods(apiNamespace).List(ctx, metav1.ListOptions{
		LabelSelector: fmt.Sprintf("shard=s%02d", number%shards),
	})
	if err == nil && len(pods.Items) != l.objects/shards {
		return fmt.Errorf("%d pods have the label", len(pods.Items))
	}
	return err
}

// listPages is one request of the measurement for all pages.
func (l *apiLoad) listPages(ctx context.Context, client, _ int) error {
	options := metav1.ListOptions{Limit: 500}
	seen := 0
	for {
		pods, err := l.connections[client].CoreV1().Pods(apiNamespace).List(ctx, options)
		if err != nil {
			return err
		}
		seen += len(pods.Items)
		if options.Continue = pods.Continue; options.Continue == "" {
			break
		}
	}
	if seen != l.objects {
		return fmt.Errorf("%d pods in all pages", seen)
	}
	return nil
}

func (l *apiLoad) patch(ctx context.Context, client, number int) error {
	body := fmt.Sprintf(`{"metadata":{"annotations":{"example.com/patched":"%d"}}}`, number)
	_, err := l.connections[client].CoreV1().Pods(apiNamespace).
		Patch(ctx, l.spread(number), types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{})
	return err
}

func (l *apiLoad) updateStatus(ctx context.Context, client, number int) error {
	pod := typicalPod(l.spread(number), number*7919%l.objects)
	pod.Namespace = apiNamespace
	pod.Status = runningStatus(fmt.Sprintf("10.244.%d.%d", number/250%250, number%250+1))
	_, err := l.connections[client].CoreV1().Pods(apiNamespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

func (l *apiLoad) apply(ctx context.Context, client, number int) error {
	pod := applycorev1.Pod(l.spread(number), apiNamespace).
		WithLabels(map[string]string{"team": "shop"}).
		WithAnnotations(map[string]string{"example.com/applied": strconv.Itoa(number)})
	_, err := l.connections[client].CoreV1().Pods(apiNamespace).
		Apply(ctx, pod, metav1.ApplyOptions{FieldManager: "load", Force: true})
	return err
}
