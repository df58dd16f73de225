// Uses a cluster as programs on client-go do: informers, dynamic clients, server-side apply, leader election, streams.
// `client-go KUBECONFIG NAMESPACE IMAGE`; prints what it has done, exits with 1 at the first fault. It compiles
// against client-go of today and of two years ago.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/retry"
)

const objects = 120

var (
	ctx       = context.Background()
	config    *rest.Config
	client    kubernetes.Interface
	namespace string
	image     string
)

func check(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func expect(holds bool, what string, args ...any) {
	if !holds {
		check(fmt.Errorf(what, args...), "expectation")
	}
}

func until(what string, holds func() bool) {
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 60*time.Second, true, func(context.Context) (bool, error) { return holds(), nil })
	check(err, what)
}

func main() {
	expect(len(os.Args) == 4, "usage: client-go KUBECONFIG NAMESPACE IMAGE")
	namespace, image = os.Args[2], os.Args[3]
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err, "kubeconfig")
	config.QPS, config.Burst = -1, -1
	for _, contentType := range []string{"application/json", "application/vnd.kubernetes.protobuf"} {
		config.ContentType = contentType
		client = kubernetes.NewForConfigOrDie(config)
		informer()
		conflicts()
		apply()
		fmt.Println("typed client with", contentType)
	}
	config.ContentType = ""
	anyKind()
	pages()
	election()
	streams()
	fmt.Println("done")
}

// informer sees every object come, change and go, and a lister agrees with the server at the end.
func informer() {
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	maps := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int64
	isOurs := func(object any) bool {
		accessor, err := meta.Accessor(object)
		return err == nil && strings.HasPrefix(accessor.GetName(), "informed-")
	}
	_, err := maps.Informer().AddEventHandler(cache.FilteringResourceEventHandler{FilterFunc: isOurs, Handler: cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { added.Add(1) },
		UpdateFunc: func(any, any) { updated.Add(1) },
		DeleteFunc: func(any) { deleted.Add(1) },
	}})
	check(err, "event handler")
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	expect(cache.WaitForCacheSync(stop, maps.Informer().HasSynced), "informer does not sync")
	api := client.CoreV1().ConfigMaps(namespace)
	for i := range objects {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("informed-%d", i), Labels: map[string]string{"half": fmt.Sprint(i % 2)}}}
		_, err := api.Create(ctx, object, metav1.CreateOptions{})
		check(err, "create")
		_, err = api.Patch(ctx, object.Name, types.MergePatchType, []byte(`{"data":{"a":"b"}}`), metav1.PatchOptions{})
		check(err, "patch")
	}
	until("all added and updated", func() bool { return added.Load() == objects && updated.Load() == objects })
	half, err := maps.Lister().List(labels.SelectorFromSet(labels.Set{"half": "1"}))
	check(err, "lister")
	expect(len(half) == objects/2, "lister has %d of a half", len(half))
	check(api.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "half"}), "delete collection")
	until("all deleted", func() bool { return deleted.Load() == objects })
}

// conflicts are told and retried as programs do it.
func conflicts() {
	api := client.CoreV1().ConfigMaps(namespace)
	made, err := api.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "counted-"}, Data: map[string]string{"n": "0"}}, metav1.CreateOptions{})
	check(err, "create")
	_, err = api.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: made.Name}}, metav1.CreateOptions{})
	expect(errors.IsAlreadyExists(err), "a second create gives %v", err)
	stale := made.DeepCopy()
	made.Data["n"] = "1"
	_, err = api.Update(ctx, made, metav1.UpdateOptions{})
	check(err, "update")
	_, err = api.Update(ctx, stale, metav1.UpdateOptions{})
	if err == nil {
		stale.Data["n"] = "7"
		_, err = api.Update(ctx, stale, metav1.UpdateOptions{})
	}
	expect(errors.IsConflict(err), "a stale update gives %v", err)
	check(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := api.Get(ctx, made.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		now.Data["n"] = "2"
		_, err = api.Update(ctx, now, metav1.UpdateOptions{})
		return err
	}), "retry on conflict")
	uid := types.UID("another")
	err = api.Delete(ctx, made.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	expect(errors.IsConflict(err), "a delete with another uid gives %v", err)
	check(api.Delete(ctx, made.Name, metav1.DeleteOptions{}), "delete")
	_, err = api.Get(ctx, made.Name, metav1.GetOptions{})
	expect(errors.IsNotFound(err), "what is deleted gives %v", err)
	_, err = api.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "Not a name"}}, metav1.CreateOptions{})
	expect(errors.IsInvalid(err), "a wrong name gives %v", err)
}

// apply keeps track of who owns a field.
func apply() {
	api := client.CoreV1().ConfigMaps(namespace)
	options := metav1.ApplyOptions{FieldManager: "one"}
	_, err := api.Apply(ctx, corev1apply.ConfigMap("applied", namespace).WithData(map[string]string{"a": "1", "b": "1"}), options)
	check(err, "apply")
	_, err = api.Apply(ctx, corev1apply.ConfigMap("applied", namespace).WithData(map[string]string{"a": "2"}), metav1.ApplyOptions{FieldManager: "two"})
	expect(errors.IsConflict(err), "another manager gets %v", err)
	_, err = api.Apply(ctx, corev1apply.ConfigMap("applied", namespace).WithData(map[string]string{"a": "2"}), metav1.ApplyOptions{FieldManager: "two", Force: true})
	check(err, "forced apply")
	object, err := api.Get(ctx, "applied", metav1.GetOptions{})
	check(err, "get")
	extracted, err := corev1apply.ExtractConfigMap(object, "one")
	check(err, "extract")
	expect(len(extracted.Data) == 1 && extracted.Data["b"] == "1", "the first manager is left with %v", extracted.Data)
	check(api.Delete(ctx, "applied", metav1.DeleteOptions{}), "delete")
}

// anyKind finds resources by discovery and reads them without their types, or only their metadata.
func anyKind() {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	check(err, "REST mapping")
	dynamicClient := dynamic.NewForConfigOrDie(config).Resource(mapping.Resource).Namespace(namespace)
	var deployment map[string]any
	check(json.Unmarshal([]byte(fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"any"},"spec":{"replicas":0,
		"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":%q}]}}}}`, image)), &deployment), "manifest")
	made, err := dynamicClient.Create(ctx, &unstructured.Unstructured{Object: deployment}, metav1.CreateOptions{})
	check(err, "dynamic create")
	strategy, _, err := unstructured.NestedString(made.Object, "spec", "strategy", "type")
	check(err, "defaults")
	expect(strategy == "RollingUpdate", "the strategy is %q", strategy)
	only, err := metadata.NewForConfigOrDie(config).Resource(mapping.Resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
	check(err, "metadata list")
	expect(len(only.Items) == 1 && only.Items[0].UID == made.GetUID(), "metadata of %d objects", len(only.Items))
	events, err := dynamicClient.Watch(ctx, metav1.ListOptions{ResourceVersion: made.GetResourceVersion(), AllowWatchBookmarks: true})
	check(err, "watch")
	check(dynamicClient.Delete(ctx, "any", metav1.DeleteOptions{}), "delete")
	for event := range events.ResultChan() {
		if event.Type == "DELETED" {
			break
		}
	}
	events.Stop()
	fmt.Println("dynamic and metadata clients")
}

// pages lists in pieces that fit together although objects change meanwhile.
func pages() {
	api := client.CoreV1().Secrets(namespace)
	for i := range 25 {
		_, err := api.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("paged-%02d", i)}}, metav1.CreateOptions{})
		check(err, "create")
	}
	list := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtime.Object, error) {
		return api.List(ctx, options)
	}))
	list.PageSize = 4
	seen := 0
	check(list.EachListItem(ctx, metav1.ListOptions{}, func(runtime.Object) error {
		seen++
		return nil
	}), "pager")
	expect(seen == 25, "pages hold %d objects", seen)
	check(api.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}), "delete collection")
	fmt.Println("pager")
}

// election hands the lead over when the leader lets go.
func election() {
	run := func(id string, started chan<- string) context.CancelFunc {
		own, cancel := context.WithCancel(ctx)
		lock, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, "elected", client.CoreV1(), client.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: id})
		check(err, "lock")
		go leaderelection.RunOrDie(own, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true, LeaseDuration: 4 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { started <- id }, OnStoppedLeading: func() {}},
		})
		return cancel
	}
	started := make(chan string, 2)
	stopFirst := run("first", started)
	expect(<-started == "first", "another leads")
	stopSecond := run("second", started)
	stopFirst()
	expect(<-started == "second", "the lead is not handed over")
	stopSecond()
	fmt.Println("leader election")
}

// streams runs a command in a pod, over WebSocket and over SPDY, and reads its log.
func streams() {
	grace := int64(0)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "streamed"}, Spec: corev1.PodSpec{TerminationGracePeriodSeconds: &grace,
		Containers: []corev1.Container{{Name: "c", Image: image, Command: []string{"sh", "-c", "echo logged; sleep 600"}}}}}
	_, err := client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	check(err, "create pod")
	until("pod runs", func() bool {
		now, err := client.CoreV1().Pods(namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		return err == nil && now.Status.Phase == corev1.PodRunning
	})
	until("pod logs", func() bool {
		log, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
		return err == nil && string(log) == "logged\n"
	})
	request := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: []string{"sh", "-c", "cat; echo told >&2; exit 3"}, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", request.URL())
	check(err, "SPDY executor")
	webSocket, err := remotecommand.NewWebSocketExecutor(config, "GET", request.URL().String())
	check(err, "WebSocket executor")
	for name, executor := range map[string]remotecommand.Executor{"SPDY": spdy, "WebSocket": webSocket} {
		var out, err2 bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader("input"), Stdout: &out, Stderr: &err2})
		expect(err != nil && strings.Contains(err.Error(), "exit code 3"), "%s: the command ends with %v", name, err)
		expect(out.String() == "input" && err2.String() == "told\n", "%s: output %q and %q", name, out.String(), err2.String())
	}
	check(client.CoreV1().Pods(namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}), "delete pod")
	fmt.Println("exec and log")
}
