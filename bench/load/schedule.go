package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

const (
	scheduleNamespace = "load-schedule"
	creators          = 16
	bindTimeout       = 5 * time.Minute
)

type scheduleLoad struct {
	server  *target
	nodes   int
	clients []*kubernetes.Clientset
}

// scheduleSuite creates nodes that no kubelet stands behind, and measures how soon pods are bound to them.
func scheduleSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	nodes := flags.Int("nodes", 1000, "nodes")
	names := flags.String("workloads", "", "only these (default: all)")
	share := flags.Float64("share", 1, "of the pods of each workload")
	return func(ctx context.Context, server *target) error {
		l := &scheduleLoad{server: server, nodes: *nodes}
		var err error
		if l.clients, err = server.clients(creators); err != nil {
			return err
		}
		if err := l.prepare(ctx); err != nil {
			return err
		}
		wanted := strings.FieldsFunc(*names, func(r rune) bool { return r == ',' })
		for _, name := range wanted {
			if !slices.ContainsFunc(workloads, func(w workload) bool { return w.name == name }) {
				return fmt.Errorf("no workload is called %q", name)
			}
		}
		for _, one := range workloads {
			if len(wanted) > 0 && !slices.Contains(wanted, one.name) {
				continue
			}
			if err := l.run(ctx, one, *share); err != nil {
				return fmt.Errorf("%s: %w", one.name, err)
			}
		}
		return nil
	}
}

// prepare makes namespace, secret, priority class and nodes. Nodes get a taint when they are created, which the node
// lifecycle controller takes away once they are ready; there is none here.
func (l *scheduleLoad) prepare(ctx context.Context) error {
	first := l.clients[0]
	if err := ensureNamespace(ctx, first, scheduleNamespace, nil); err != nil {
		return err
	}
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: highPriority}, Value: 10}
	if _, err := first.SchedulingV1().PriorityClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: workloadSecret}, StringData: map[string]string{"password": "none"}}
	if _, err := first.CoreV1().Secrets(scheduleNamespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return l.each(l.nodes, func(client *kubernetes.Clientset, number int) error {
		node := workloadNode(number)
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return err
		}
		_, err := client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, []byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{})
		return err
	})
}

// each does something for every number, as many at once as there are clients.
func (l *scheduleLoad) each(count int, do func(client *kubernetes.Clientset, number int) error) error {
	return eachWith(l.clients, count, do)
}

func eachWith(clients []*kubernetes.Clientset, count int, do func(client *kubernetes.Clientset, number int) error) error {
	numbers := make(chan int)
	errs := make([]error, len(clients))
	var group sync.WaitGroup
	for i, client := range clients {
		group.Go(func() {
			for number := range numbers {
				if errs[i] == nil {
					errs[i] = do(client, number)
				}
			}
		})
	}
	for number := range count {
		numbers <- number
	}
	close(numbers)
	group.Wait()
	return errors.Join(errs...)
}

func (l *scheduleLoad) run(ctx context.Context, one workload, share float64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	scaled := func(count int) int { return int(float64(count) * share) }
	initial, measured := scaled(one.initial(l.nodes)), scaled(one.measured(l.nodes))
	shape := one.initialPod
	if shape == nil {
		shape = one.pod
	}
	if _, err := l.create(ctx, "initial", initial, shape, !one.gated, nil); err != nil {
		return err
	}
	if one.churn {
		go l.churn(ctx)
	}
	var latencies samples
	cpuBefore := l.server.cpuSeconds()
	seconds, err := l.create(ctx, "measured", measured, one.pod, true, &latencies)
	if err != nil {
		return err
	}
	result := measurement{
		Name: "schedule-" + one.name, Encoding: l.server.encoding, Clients: l.nodes, Count: measured, Seconds: seconds,
		ServerCPUSeconds: l.server.cpuSeconds() - cpuBefore,
	}
	latencies.fill(&result)
	if err := report(result); err != nil {
		return err
	}
	return l.clear(ctx)
}

// create makes pods and, where they are to be bound, waits until all are. It returns the seconds from the first request
// to the last binding; a latency is the time from the answer to the create until the binding is seen.
func (l *scheduleLoad) create(ctx context.Context, prefix string, count int, shape func(*corev1.Pod), bound bool, latencies *samples) (float64, error) {
	if count == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(ctx, bindTimeout)
	defer cancel()
	pods := l.clients[0].CoreV1().Pods(scheduleNamespace)
	list, err := pods.List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		return 0, err
	}
	events, err := pods.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		return 0, err
	}
	defer events.Stop()
	var created sync.Map
	done := make(chan error, 1)
	go func() { done <- awaitBound(events, prefix, count, &created, latencies) }()
	started := time.Now()
	err = l.each(count, func(client *kubernetes.Clientset, number int) error {
		name := fmt.Sprintf("%s-%05d", prefix, number)
		_, err := client.CoreV1().Pods(scheduleNamespace).Create(ctx, workloadPod(name, shape), metav1.CreateOptions{})
		created.Store(name, time.Now())
		return err
	})
	if err != nil || !bound {
		return 0, err
	}
	err = <-done
	return time.Since(started).Seconds(), err
}

func awaitBound(events watch.Interface, prefix string, count int, created *sync.Map, latencies *samples) error {
	bound := map[string]bool{}
	for event := range events.ResultChan() {
		pod, isPod := event.Object.(*corev1.Pod)
		if !isPod || pod.Spec.NodeName == "" || bound[pod.Name] || !strings.HasPrefix(pod.Name, prefix) || event.Type == watch.Deleted {
			continue
		}
		bound[pod.Name] = true
		if latencies != nil {
			// A binding may be seen before the answer to the create.
			latency := time.Duration(0)
			if at, known := created.Load(pod.Name); known {
				latency = time.Since(at.(time.Time))
			}
			latencies.add(latency)
		}
		if len(bound) == count {
			return nil
		}
	}
	return fmt.Errorf("%d of %d pods were bound", len(bound), count)
}

// clear deletes all pods and waits until they are gone.
func (l *scheduleLoad) clear(ctx context.Context) error {
	pods := l.clients[0].CoreV1().Pods(scheduleNamespace)
	for {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			return err
		}
		err = l.each(len(list.Items), func(client *kubernetes.Clientset, number int) error {
			err := client.CoreV1().Pods(scheduleNamespace).Delete(ctx, list.Items[number].Name, metav1.DeleteOptions{})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// churn makes and deletes, once a second, a node without room, a pod that fits nowhere, and a Service.
func (l *scheduleLoad) churn(ctx context.Context) {
	client := l.clients[len(l.clients)-1]
	node := workloadNode(99_999)
	node.Status.Capacity["pods"] = resource.MustParse("0")
	node.Status.Allocatable = node.Status.Capacity
	pod := workloadPod("churn", requesting("9"))
	pod.Spec.PriorityClassName = highPriority
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "churn"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "churn"},
			Ports:    []corev1.ServicePort{{Port: 8080, TargetPort: intstr.FromInt32(8080)}},
		},
	}
	for ctx.Err() == nil {
		// What fails here shows in the figure: there is less churn. Nothing waits for it.
		_, _ = client.CoreV1().Nodes().Create(ctx, node.DeepCopy(), metav1.CreateOptions{})
		_, _ = client.CoreV1().Pods(scheduleNamespace).Create(ctx, pod.DeepCopy(), metav1.CreateOptions{})
		_, _ = client.CoreV1().Services(scheduleNamespace).Create(ctx, service.DeepCopy(), metav1.CreateOptions{})
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		background := context.WithoutCancel(ctx)
		_ = client.CoreV1().Nodes().Delete(background, node.Name, metav1.DeleteOptions{})
		_ = client.CoreV1().Pods(scheduleNamespace).Delete(background, pod.Name, metav1.DeleteOptions{})
		_ = client.CoreV1().Services(scheduleNamespace).Delete(background, service.Name, metav1.DeleteOptions{})
	}
}
