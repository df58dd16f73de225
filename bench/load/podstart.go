package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

const (
	podsNamespace = "load-pods"
	deployName    = "web"
	podTimeout    = 10 * time.Minute
)

// podsLoad starts and ends real containers on the nodes that are there.
type podsLoad struct {
	server *target
	client *kubernetes.Clientset
	image  string
	// events are those of all pods of the namespace, from before the first one.
	events watch.Interface
}

// podsSuite starts single pods, a Deployment, updates, drains and deletes it.
func podsSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	image := flags.String("image", "", "an image with a shell, present on the nodes")
	single := flags.Int("single", 10, "pods started one after the other")
	replicas := flags.Int("replicas", 100, "of the Deployment")
	updated := flags.Int("updated", 30, "replicas that are updated and drained")
	return func(ctx context.Context, server *target) error {
		l := &podsLoad{server: server, image: *image}
		var err error
		if l.client, err = server.client(); err != nil {
			return err
		}
		if err := l.prepare(ctx); err != nil {
			return err
		}
		defer l.events.Stop()
		steps := []func() error{
			func() error { return l.single(ctx, *single) },
			func() error { return l.deploy(ctx, *replicas) },
			func() error { return l.removeDeployment(ctx, *replicas) },
			func() error { return l.rollOut(ctx, *updated) },
			func() error { return l.drain(ctx, *updated) },
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return l.client.CoreV1().Namespaces().Delete(ctx, podsNamespace, metav1.DeleteOptions{})
	}
}

func (l *podsLoad) prepare(ctx context.Context) error {
	if err := ensureNamespace(ctx, l.client, podsNamespace, nil); err != nil {
		return err
	}
	if err := awaitDefaults(ctx, l.client, podsNamespace); err != nil {
		return err
	}
	list, err := l.client.CoreV1().Pods(podsNamespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	l.events, err = l.client.CoreV1().Pods(podsNamespace).Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	return err
}

// awaitDefaults waits for what controllers put into a new namespace and every pod mounts.
func awaitDefaults(ctx context.Context, client kubernetes.Interface, namespace string) error {
	for {
		_, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// template ends as soon as it is told to.
func (l *podsLoad) template() corev1.PodTemplateSpec {
	grace := int64(5)
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": deployName}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{
				Name: "main", Image: l.image, ImagePullPolicy: corev1.PullNever,
				Command: []string{"sh", "-c", `trap "exit 0" TERM; sleep 86400 & wait`},
			}},
		},
	}
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// awaitPods reads events until done says so.
func (l *podsLoad) awaitPods(ctx context.Context, what string, done func(event watch.EventType, pod *corev1.Pod) bool) error {
	timeout := time.After(podTimeout)
	for {
		select {
		case event, open := <-l.events.ResultChan():
			if !open {
				return errors.New("the watch of pods ended")
			}
			if pod, isPod := event.Object.(*corev1.Pod); isPod && done(event.Type, pod) {
				return nil
			}
		case <-timeout:
			return fmt.Errorf("%s: not so after %s", what, podTimeout)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *podsLoad) result(name string, count int, started time.Time, cpuBefore float64, all *samples) error {
	result := measurement{
		Name: name, Encoding: l.server.encoding, Clients: 1, Count: count, Seconds: time.Since(started).Seconds(),
		ServerCPUSeconds: l.server.cpuSeconds() - cpuBefore,
	}
	all.fill(&result)
	return report(result)
}

// single measures from the create to the event that shows the pod ready, one pod after the other.
func (l *podsLoad) single(ctx context.Context, count int) error {
	var all samples
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	for number := range count {
		template := l.template()
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("single-%d", number)}, Spec: template.Spec}
		from := time.Now()
		if _, err := l.client.CoreV1().Pods(podsNamespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
		err := l.awaitPods(ctx, "a pod is ready", func(_ watch.EventType, seen *corev1.Pod) bool {
			return seen.Name == pod.Name && isReady(seen)
		})
		if err != nil {
			return err
		}
		all.add(time.Since(from))
		if err := l.client.CoreV1().Pods(podsNamespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
		err = l.awaitPods(ctx, "a pod is gone", func(event watch.EventType, seen *corev1.Pod) bool {
			return seen.Name == pod.Name && event == watch.Deleted
		})
		if err != nil {
			return err
		}
	}
	return l.result("pod-start", count, started, cpuBefore, &all)
}

func (l *podsLoad) createDeployment(ctx context.Context, replicas int) error {
	count := int32(replicas)
	_, err := l.client.AppsV1().Deployments(podsNamespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: deployName},
		Spec: appsv1.DeploymentSpec{
			Replicas: &count, Template: l.template(), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": deployName}},
		},
	}, metav1.CreateOptions{})
	return err
}

// deploy measures from the create of a Deployment until every pod is ready; a latency is that of one pod from then.
func (l *podsLoad) deploy(ctx context.Context, replicas int) error {
	var all samples
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	if err := l.createDeployment(ctx, replicas); err != nil {
		return err
	}
	if err := l.awaitReady(ctx, replicas, func() { all.add(time.Since(started)) }); err != nil {
		return err
	}
	return l.result("deployment-ready", replicas, started, cpuBefore, &all)
}

func (l *podsLoad) awaitReady(ctx context.Context, replicas int, each func()) error {
	ready := map[types.UID]bool{}
	return l.awaitPods(ctx, fmt.Sprintf("%d pods are ready", replicas), func(_ watch.EventType, pod *corev1.Pod) bool {
		if isReady(pod) && !ready[pod.UID] {
			ready[pod.UID] = true
			each()
		}
		return len(ready) == replicas
	})
}

func (l *podsLoad) removeDeployment(ctx context.Context, replicas int) error {
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	background := metav1.DeletePropagationBackground
	err := l.client.AppsV1().Deployments(podsNamespace).Delete(ctx, deployName, metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		return err
	}
	var all samples
	if err := l.awaitGone(ctx, replicas, func() { all.add(time.Since(started)) }); err != nil {
		return err
	}
	return l.result("deployment-deleted", replicas, started, cpuBefore, &all)
}

func (l *podsLoad) awaitGone(ctx context.Context, count int, each func()) error {
	gone := 0
	return l.awaitPods(ctx, fmt.Sprintf("%d pods are gone", count), func(event watch.EventType, _ *corev1.Pod) bool {
		if event == watch.Deleted {
			gone++
			each()
		}
		return gone == count
	})
}

// rollOut measures from a change of the template until as many new pods are ready and all old ones are gone.
func (l *podsLoad) rollOut(ctx context.Context, replicas int) error {
	if err := l.createDeployment(ctx, replicas); err != nil {
		return err
	}
	old := map[types.UID]bool{}
	err := l.awaitPods(ctx, "the pods to be updated are ready", func(_ watch.EventType, pod *corev1.Pod) bool {
		if isReady(pod) {
			old[pod.UID] = true
		}
		return len(old) == replicas
	})
	if err != nil {
		return err
	}
	var all samples
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	patch := []byte(`{"spec":{"template":{"metadata":{"annotations":{"example.com/version":"2"}}}}}`)
	if _, err := l.client.AppsV1().Deployments(podsNamespace).Patch(ctx, deployName, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	ready := map[types.UID]bool{}
	gone := 0
	err = l.awaitPods(ctx, "the update is done", func(event watch.EventType, pod *corev1.Pod) bool {
		switch {
		case old[pod.UID] && event == watch.Deleted:
			gone++
		case !old[pod.UID] && isReady(pod) && !ready[pod.UID]:
			ready[pod.UID] = true
			all.add(time.Since(started))
		}
		return gone == replicas && len(ready) == replicas
	})
	if err != nil {
		return err
	}
	return l.result("rolling-update", replicas, started, cpuBefore, &all)
}

// drain cordons the node of the pods and evicts them, as kubectl drain does, until all are gone.
func (l *podsLoad) drain(ctx context.Context, replicas int) error {
	pods, err := l.client.CoreV1().Pods(podsNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + deployName})
	if err != nil {
		return err
	}
	if len(pods.Items) != replicas {
		return fmt.Errorf("%d pods are there instead of %d", len(pods.Items), replicas)
	}
	node := pods.Items[0].Spec.NodeName
	cordon := func(unschedulable bool) error {
		return retry.RetryOnConflict(retry.DefaultRetry, func() error {
			patch := fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, unschedulable)
			_, err := l.client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
			return err
		})
	}
	var all samples
	cpuBefore, started := l.server.cpuSeconds(), time.Now()
	if err := cordon(true); err != nil {
		return err
	}
	for _, pod := range pods.Items {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace}}
		if err := l.client.CoreV1().Pods(podsNamespace).EvictV1(ctx, eviction); err != nil {
			return err
		}
	}
	if err := l.awaitGone(ctx, replicas, func() { all.add(time.Since(started)) }); err != nil {
		return err
	}
	if err := l.result("drain", replicas, started, cpuBefore, &all); err != nil {
		return err
	}
	// Those made meanwhile wait for a node: they go before there is one.
	if err := l.client.AppsV1().Deployments(podsNamespace).Delete(ctx, deployName, metav1.DeleteOptions{}); err != nil {
		return err
	}
	if err := l.awaitGone(ctx, replicas, func() {}); err != nil {
		return err
	}
	return cordon(false)
}
