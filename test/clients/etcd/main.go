// Uses a store as programs on etcd's official client do: locks, elections, transactional memory, queues, namespaces, caches,
// mirrors, service discovery, watches, leases. `etcd-client ENDPOINT`; prints what it has done, exits with 1 at the first
// fault. It passes against etcd too.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Everything together.
const timeLimit = 2 * time.Minute

type step struct {
	name string
	run  func(ctx context.Context, client *clientv3.Client) error
}

var steps = []step{
	{"locks", locks},
	{"elections", elections},
	{"transactional memory", transactionalMemory},
	{"queues and barriers", queues},
	{"namespaces", namespaces},
	{"a cache by leases", leasingCache},
	{"a mirror", mirrored},
	{"service discovery", discovery},
	{"Kubernetes' own interface", kubernetesInterface},
	{"nested transactions", nestedTransactions},
	{"ranges", ranges},
	{"watches", watches},
	{"fragments of large revisions", fragments},
	{"leases", leases},
	{"maintenance", maintenance},
	{"compaction", compaction},
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	client, err := clientv3.New(clientv3.Config{Endpoints: os.Args[1:], DialTimeout: 10 * time.Second, Logger: zap.NewNop()})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	defer client.Close()
	for _, one := range steps {
		if err := one.run(ctx, client); err != nil {
			fmt.Printf("%s: %v\n", one.name, err)
			os.Exit(1)
		}
		fmt.Println(one.name)
	}
	fmt.Println("done")
}

// require is an error unless what was found is what was wanted.
func require[T comparable](what string, found, wanted T) error {
	if found != wanted {
		return fmt.Errorf("%s: %v instead of %v", what, found, wanted)
	}
	return nil
}

// all gives the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
