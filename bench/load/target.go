package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const protobufType = "application/vnd.kubernetes.protobuf"

type targetOptions struct {
	kubeconfig string
	encoding   string
	pids       string
}

func targetFlags(flags *flag.FlagSet) *targetOptions {
	options := &targetOptions{}
	flags.StringVar(&options.kubeconfig, "kubeconfig", "", "access to the cluster")
	flags.StringVar(&options.encoding, "encoding", "protobuf", "of bodies: protobuf or json")
	flags.StringVar(&options.pids, "pids", "", "processes of the server, whose CPU time and memory are read")
	return options
}

// target is the server under load.
type target struct {
	config   *rest.Config
	encoding string
	pids     []int
}

func openTarget(options *targetOptions) (*target, error) {
	config, err := clientcmd.BuildConfigFromFlags("", options.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	config.UserAgent = "load"
	switch options.encoding {
	case "protobuf":
		config.ContentType = protobufType
		config.AcceptContentTypes = protobufType + ",application/json"
	case "json":
		config.ContentType = "application/json"
	default:
		return nil, fmt.Errorf("encoding %q is neither protobuf nor json", options.encoding)
	}
	server := &target{config: config, encoding: options.encoding}
	for _, text := range strings.FieldsFunc(options.pids, func(r rune) bool { return r == ',' }) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("pids: %w", err)
		}
		server.pids = append(server.pids, pid)
	}
	return server, nil
}

// client makes a client with a connection of its own: client-go shares connections between equal configurations, and a
// dialler of one's own makes a configuration unlike all others.
func (t *target) client() (*kubernetes.Clientset, error) {
	config, err := t.ownConnection()
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func (t *target) ownConnection() (*rest.Config, error) {
	config := rest.CopyConfig(t.config)
	config.Dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	return config, nil
}

func (t *target) clients(count int) ([]*kubernetes.Clientset, error) {
	clients := make([]*kubernetes.Clientset, count)
	for i := range clients {
		var err error
		if clients[i], err = t.client(); err != nil {
			return nil, err
		}
	}
	return clients, nil
}

// ensureNamespace makes a namespace in which pods can be created, also where no controller makes the service account.
func ensureNamespace(ctx context.Context, client kubernetes.Interface, name string, labels map[string]string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	_, err := client.CoreV1().ServiceAccounts(name).Create(ctx, account, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
