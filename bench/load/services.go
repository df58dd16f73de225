package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

const (
	servicesNamespace = "load-services"
	backendPort       = 8080
	answer            = "the answer of a backend\n"
)

// serve is what the backends' containers run.
func serve() error {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	return http.ListenAndServe(fmt.Sprintf(":%d", backendPort), nil)
}

type servicesLoad struct {
	server   *target
	clients  []*kubernetes.Clientset
	image    string
	backends int
	made     int
	duration time.Duration
}

// servicesSuite asks backends through a Service, with more and more Services beside it.
func servicesSuite(flags *flag.FlagSet) func(context.Context, *target) error {
	image := flags.String("image", "", "an image of this program, present on the nodes")
	most := flags.Int("services", 1000, "most Services: measured with 1, with 1,000 and with 10,000 as far as they go")
	duration := flags.Duration("duration", 3*time.Second, "of each measurement")
	dns := flags.String("dns", "", "address of the cluster DNS, as 10.96.0.10:53")
	return func(ctx context.Context, server *target) error {
		l := &servicesLoad{server: server, image: *image, backends: 2, duration: *duration}
		var err error
		if l.clients, err = server.clients(creators); err != nil {
			return err
		}
		if err := l.prepare(ctx); err != nil {
			return err
		}
		for _, count := range []int{1, 1000, 10_000} {
			if count > *most {
				break
			}
			if err := l.with(ctx, count); err != nil {
				return err
			}
			if count == 1 && *dns != "" {
				if err := l.resolve(ctx, *dns); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func (l *servicesLoad) prepare(ctx context.Context) error {
	first := l.clients[0]
	if err := ensureNamespace(ctx, first, servicesNamespace, nil); err != nil {
		return err
	}
	if err := awaitDefaults(ctx, first, servicesNamespace); err != nil {
		return err
	}
	for number := range l.backends {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("backend-%d", number), Labels: map[string]string{"app": "backend"}},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "main", Image: l.image, ImagePullPolicy: corev1.PullNever, Command: []string{"/load", "serve"},
				ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromInt32(backendPort)},
				}},
			}}},
		}
		if _, err := first.CoreV1().Pods(servicesNamespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func serviceName(number int) string { return fmt.Sprintf("service-%05d", number) }

// with makes Services until there are so many, waits until the last one answers, and asks it.
func (l *servicesLoad) with(ctx context.Context, count int) error {
	started := time.Now()
	cpuBefore := l.server.cpuSeconds()
	first := l.made
	err := eachWith(l.clients, count-first, func(client *kubernetes.Clientset, number int) error {
		_, err := client.CoreV1().Services(servicesNamespace).Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: serviceName(first + number)},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{"app": "backend"}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(backendPort)}},
			},
		}, metav1.CreateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	l.made = count
	// The one in the middle and the last: rules may be written in any order.
	var addresses []string
	for _, number := range []int{count / 2, count - 1} {
		service, err := l.clients[0].CoreV1().Services(servicesNamespace).Get(ctx, serviceName(number), metav1.GetOptions{})
		if err != nil {
			return err
		}
		addresses = append(addresses, net.JoinHostPort(service.Spec.ClusterIP, "80"))
	}
	for _, address := range addresses {
		if err := awaitAnswer(ctx, address); err != nil {
			return err
		}
	}
	ready := measurement{
		Name: fmt.Sprintf("services-ready-%d", count), Encoding: l.server.encoding, Clients: len(l.clients), Count: count - first,
		Seconds: time.Since(started).Seconds(), ServerCPUSeconds: l.server.cpuSeconds() - cpuBefore,
	}
	if err := report(ready); err != nil {
		return err
	}
	for _, clients := range []int{1, 32} {
		one := load{
			name: fmt.Sprintf("service-request-%d", count), clients: clients, duration: l.duration,
			request: func(ctx context.Context, _, number int) error { return ask(ctx, addresses[number%len(addresses)]) },
		}
		if err := l.server.measure(ctx, one); err != nil {
			return err
		}
	}
	return l.addOne(ctx, count)
}

// addOne measures from the create of one more Service until it answers.
func (l *servicesLoad) addOne(ctx context.Context, count int) error {
	var all samples
	const times = 5
	started := time.Now()
	for number := range times {
		from := time.Now()
		name := fmt.Sprintf("added-%d-%d", count, number)
		service, err := l.clients[0].CoreV1().Services(servicesNamespace).Create(ctx, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{"app": "backend"}, Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(backendPort)}},
			},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		if err := awaitAnswer(ctx, net.JoinHostPort(service.Spec.ClusterIP, "80")); err != nil {
			return err
		}
		all.add(time.Since(from))
	}
	result := measurement{
		Name: fmt.Sprintf("service-added-%d", count), Encoding: l.server.encoding, Clients: 1, Count: times, Seconds: time.Since(started).Seconds(),
	}
	all.fill(&result)
	return report(result)
}

func awaitAnswer(ctx context.Context, address string) error {
	deadline := time.Now().Add(podTimeout)
	for {
		attempt, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		err := ask(attempt, address)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer: %w", address, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// ask sends one request on a connection of its own, so that every request is balanced anew.
func ask(ctx context.Context, address string) error {
	connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if deadline, has := ctx.Deadline(); has {
		_ = connection.SetDeadline(deadline)
	} else {
		_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	}
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: backend\r\nConnection: close\r\n\r\n"); err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(connection, 64<<10))
	if err != nil {
		return err
	}
	if len(body) < len(answer) || string(body[len(body)-len(answer):]) != answer {
		return fmt.Errorf("an answer of %d bytes that is none", len(body))
	}
	return nil
}
