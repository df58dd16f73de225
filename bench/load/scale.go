package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	podsPerDeployment = 100
	// podsPerNamespace is the limit up to which Kubernetes' SLOs speak of a namespace.
	podsPerNamespace = 3000
	scaleTimeout     = time.Hour
	probeEvery       = 100 * time.Millisecond
	listAllEvery     = 10 * time.Second
)

type scaleLoad struct {
	server     *target
	clients    []*kubernetes.Clientset
	pods       int
	namespaces int
	steady     time.Duration
}

// scaleSuite fills nodes that something else simulates, and measures the API meanwhile against Kubernetes' SLOs.
func scaleSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	pods := flags.Int("pods", 10_000, "pods of Deployments")
	steady := flags.Duration("steady", 30*time.Second, "how long single pods are started once all others run")
	return func(ctx context.Context, server *target) error {
		l := &scaleLoad{server: server, pods: *pods, namespaces: (*pods + podsPerNamespace - 1) / podsPerNamespace, steady: *steady}
		var err error
		if l.clients, err = server.clients(8); err != nil {
			return err
		}
		for number := range l.namespaces {
			if err := ensureNamespace(ctx, l.clients[0], scaleNamespace(number), nil); err != nil {
				return err
			}
			if err := awaitDefaults(ctx, l.clients[0], scaleNamespace(number)); err != nil {
				return err
			}
		}
		return l.run(ctx)
	}
}

func scaleNamespace(number int) string { return fmt.Sprintf("load-scale-%d", number) }

func (l *scaleLoad) run(ctx context.Context) error {
	probes, err := l.startProbes(ctx, "filling")
	if err != nil {
		return err
	}
	if err := l.fill(ctx); err != nil {
		probes.cancel()
		return err
	}
	if err := probes.end(); err != nil {
		return err
	}
	if probes, err = l.startProbes(ctx, "full"); err != nil {
		return err
	}
	if err := l.startSingly(ctx); err != nil {
		probes.cancel()
		return err
	}
	return probes.end()
}

// fill measures from the first create of a Deployment until every pod of all is ready.
func (l *scaleLoad) fill(ctx context.Context) error {
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	err := eachWith(l.clients, l.pods/podsPerDeployment, func(client *kubernetes.Clientset, number int) error {
		replicas := int32(podsPerDeployment)
		labels := map[string]string{"app": fmt.Sprintf("web-%d", number), "load": "scale"}
		pod := typicalPod("", number)
		pod.Labels = labels
		_, err := client.AppsV1().Deployments(scaleNamespace(number%l.namespaces)).Create(ctx, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: labels["app"], Labels: map[string]string{"load": "scale"}},
			Spec: appsv1.DeploymentSpec{
				Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec},
			},
		}, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	ready := 0
	for ready < l.pods/podsPerDeployment*podsPerDeployment {
		if time.Since(started) > scaleTimeout {
			return fmt.Errorf("%d of %d pods are ready after %s", ready, l.pods, scaleTimeout)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		list, err := l.clients[0].AppsV1().Deployments("").List(ctx, metav1.ListOptions{LabelSelector: "load=scale", ResourceVersion: "0"})
		if err != nil {
			return err
		}
		ready = 0
		for _, deployment := range list.Items {
			ready += int(deployment.Status.ReadyReplicas)
		}
	}
	return report(measurement{
		Name: "scale-filled", Encoding: l.server.encoding, Count: l.pods, Seconds: time.Since(started).Seconds(),
		ServerCPUSeconds: l.server.cpuSeconds() - cpuBefore,
	})
}

// startSingly measures from the create of a pod until it is seen running, five a second, as the SLO of pod startup does.
func (l *scaleLoad) startSingly(ctx context.Context) error {
	const namespace = "load-scale-single"
	if err := ensureNamespace(ctx, l.clients[0], namespace, nil); err != nil {
		return err
	}
	if err := awaitDefaults(ctx, l.clients[0], namespace); err != nil {
		return err
	}
	pods := l.clients[0].CoreV1().Pods(namespace)
	list, err := pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	watching, cancel := context.WithTimeout(ctx, l.steady+2*time.Minute)
	defer cancel()
	events, err := pods.Watch(watching, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return err
	}
	defer events.Stop()
	started := time.Now()
	const every = 200 * time.Millisecond
	count := int(l.steady / every)
	var created sync.Map
	failed := make(chan error, 1)
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for number := range count {
			<-tick.C
			name := fmt.Sprintf("single-%d", number)
			created.Store(name, time.Now())
			if _, err := pods.Create(watching, typicalPod(name, number), metav1.CreateOptions{}); err != nil {
				failed <- err
				return
			}
		}
	}()
	var all samples
	seen := map[string]bool{}
	for len(seen) < count {
		select {
		case err := <-failed:
			return err
		case event, open := <-events.ResultChan():
			if !open {
				return fmt.Errorf("%d of %d single pods run", len(seen), count)
			}
			pod, isPod := event.Object.(*corev1.Pod)
			if !isPod || pod.Status.Phase != corev1.PodRunning || seen[pod.Name] {
				continue
			}
			seen[pod.Name] = true
			at, _ := created.Load(pod.Name)
			all.add(time.Since(at.(time.Time)))
		}
	}
	result := measurement{Name: "scale-pod-start", Encoding: l.server.encoding, Count: count, Seconds: time.Since(started).Seconds()}
	all.fill(&result)
	return report(result)
}

// probes are requests of every sort that go on beside the load.
type probes struct {
	cancel context.CancelFunc
	done   chan error
	end    func() error
}

func (l *scaleLoad) startProbes(ctx context.Context, phase string) (*probes, error) {
	ctx, cancel := context.WithCancel(ctx)
	client, err := l.server.client()
	if err != nil {
		cancel()
		return nil, err
	}
	started := time.Now()
	latencies := map[string]*samples{}
	for _, name := range []string{"mutate", "get", "list-namespace", "list-all"} {
		latencies[name] = &samples{}
	}
	p := &probes{cancel: cancel, done: make(chan error, 1)}
	go func() { p.done <- l.probe(ctx, client, latencies) }()
	p.end = func() error {
		seconds := time.Since(started).Seconds()
		cancel()
		if err := <-p.done; err != nil {
			return err
		}
		for _, name := range []string{"mutate", "get", "list-namespace", "list-all"} {
			result := measurement{
				Name: "scale-" + phase + "-" + name, Encoding: l.server.encoding, Clients: 1,
				Count: len(latencies[name].values), Seconds: seconds,
			}
			latencies[name].fill(&result)
			if err := report(result); err != nil {
				return err
			}
		}
		return nil
	}
	return p, nil
}

func (l *scaleLoad) probe(ctx context.Context, client *kubernetes.Clientset, latencies map[string]*samples) error {
	configMaps := client.CoreV1().ConfigMaps(scaleNamespace(0))
	listedAll := time.Unix(0, 0)
	// A listing of all pods takes long: it must not keep the others from being measured.
	var lists sync.WaitGroup
	defer lists.Wait()
	var listFailed error
	for number := 0; ; number++ {
		name := fmt.Sprintf("probe-%d", number%10)
		steps := []struct {
			of string
			do func() error
		}{
			{"mutate", func() error {
				_, err := configMaps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
				return err
			}},
			{"get", func() error { _, err := configMaps.Get(ctx, name, metav1.GetOptions{}); return err }},
			{"mutate", func() error {
				_, err := configMaps.Patch(ctx, name, types.MergePatchType, []byte(`{"data":{"a":"b"}}`), metav1.PatchOptions{})
				return err
			}},
			{"mutate", func() error { return configMaps.Delete(ctx, name, metav1.DeleteOptions{}) }},
			{"list-namespace", func() error { return l.listPods(ctx, client, scaleNamespace(number%l.namespaces)) }},
		}
		for _, step := range steps {
			from := time.Now()
			err := step.do()
			if errors.Is(err, context.Canceled) || ctx.Err() != nil {
				return listFailed
			}
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("%s: %w", step.of, err)
			}
			latencies[step.of].add(time.Since(from))
		}
		if time.Since(listedAll) > listAllEvery {
			listedAll = time.Now()
			lists.Go(func() {
				from := time.Now()
				err := l.listPods(ctx, client, "")
				if err == nil {
					latencies["list-all"].add(time.Since(from))
				} else if ctx.Err() == nil {
					listFailed = err
				}
			})
		}
		select {
		case <-ctx.Done():
			return listFailed
		case <-time.After(probeEvery):
		}
	}
}

// listPods reads the answer without keeping or decoding it: the client would take most of the time.
func (l *scaleLoad) listPods(ctx context.Context, client *kubernetes.Clientset, namespace string) error {
	options := &metav1.ListOptions{ResourceVersion: "0"}
	stream, err := client.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").
		VersionedParams(options, scheme.ParameterCodec).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	_, err = io.Copy(io.Discard, stream)
	return err
}
