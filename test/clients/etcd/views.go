// Views of the store that libraries give: a part of it, a cache, a copy, addresses of services.
package main

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/client/v3/leasing"
	"go.etcd.io/etcd/client/v3/mirror"
	"go.etcd.io/etcd/client/v3/namespace"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/ordering"
)

func namespaces(ctx context.Context, client *clientv3.Client) error {
	kv := namespace.NewKV(client.KV, "/tenant")
	watcher := namespace.NewWatcher(client.Watcher, "/tenant")
	events := watcher.Watch(ctx, "/", clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	if created := <-events; !created.Created {
		return fmt.Errorf("the watch began with %v", created)
	}
	if _, err := kv.Put(ctx, "/a", "x"); err != nil {
		return err
	}
	event := (<-events).Events[0]
	whole, err := client.Get(ctx, "/tenant/a")
	if err != nil {
		return err
	}
	count, err := kv.Get(ctx, "", clientv3.WithFromKey(), clientv3.WithCountOnly())
	return all(
		err,
		require("the key of the event", string(event.Kv.Key), "/a"),
		require("keys outside", len(whole.Kvs), 1),
		require("keys inside", count.Count, 1),
	)
}

func leasingCache(ctx context.Context, client *clientv3.Client) error {
	one, closeOne, err := leasing.NewKV(client, "/leasing/")
	if err != nil {
		return err
	}
	defer closeOne()
	other, closeOther, err := leasing.NewKV(client, "/leasing/")
	if err != nil {
		return err
	}
	defer closeOther()
	inOrder := ordering.NewKV(client.KV, func(clientv3.Op, clientv3.OpResponse, int64) error {
		return errors.New("a read was older than one before it")
	})
	for i := range 20 {
		value := fmt.Sprint(i)
		if _, err := one.Put(ctx, "/cached", value); err != nil {
			return err
		}
		for _, kv := range []clientv3.KV{one, other, one, other, inOrder} {
			response, err := kv.Get(ctx, "/cached")
			if err := all(err, require("the cached value", string(response.Kvs[0].Value), value)); err != nil {
				return err
			}
		}
	}
	return nil
}

func mirrored(ctx context.Context, client *clientv3.Client) error {
	const keys = 1500
	for i := 0; i < keys; i += 100 {
		var ops []clientv3.Op
		for j := i; j < i+100; j++ {
			ops = append(ops, clientv3.OpPut(fmt.Sprintf("/mirror/%04d", j), "x"))
		}
		if _, err := client.Txn(ctx).Then(ops...).Commit(); err != nil {
			return err
		}
	}
	syncing, stop := context.WithCancel(ctx)
	defer stop()
	syncer := mirror.NewSyncer(client, "/mirror/", 0)
	base, failed := syncer.SyncBase(syncing)
	found := 0
	for page := range base {
		found += len(page.Kvs)
	}
	if err := all(<-failed, require("keys of the mirror", found, keys)); err != nil {
		return err
	}
	updates := syncer.SyncUpdates(syncing)
	if _, err := client.Delete(ctx, "/mirror/", clientv3.WithPrefix()); err != nil {
		return err
	}
	for gone := 0; gone < keys; {
		response, open := <-updates
		if !open || response.Err() != nil {
			return fmt.Errorf("the mirror ended after %d deletions: %w", gone, response.Err())
		}
		gone += len(response.Events)
	}
	return nil
}

func discovery(ctx context.Context, client *clientv3.Client) error {
	manager, err := endpoints.NewManager(client, "service")
	if err != nil {
		return err
	}
	updates, err := manager.NewWatchChannel(ctx)
	if err != nil {
		return err
	}
	address := endpoints.Endpoint{Addr: "127.0.0.1:1", Metadata: "x"}
	if err := manager.AddEndpoint(ctx, "service/a", address); err != nil {
		return err
	}
	added := <-updates
	if err := manager.DeleteEndpoint(ctx, "service/a"); err != nil {
		return err
	}
	removed := <-updates
	return all(
		require("the address", added[0].Endpoint.Addr, address.Addr),
		require("what followed", removed[0].Op, endpoints.Delete),
	)
}

// What the storage of kube-apiserver is written against.
func kubernetesInterface(ctx context.Context, client *clientv3.Client) error {
	k8s := &kubernetes.Client{Client: client}
	k8s.Kubernetes = k8s
	created, err := k8s.OptimisticPut(ctx, "/registry/x/a", []byte("1"), 0, kubernetes.PutOptions{})
	if err != nil {
		return err
	}
	again, err := k8s.OptimisticPut(ctx, "/registry/x/a", []byte("2"), 0, kubernetes.PutOptions{GetOnFailure: true})
	if err := all(err, require("a second creation", again.Succeeded, false)); err != nil {
		return err
	}
	_, err = k8s.OptimisticPut(ctx, "/registry/x/a", []byte("3"), created.Revision, kubernetes.PutOptions{})
	if err != nil {
		return err
	}
	list, err := k8s.List(ctx, "/registry/x/", kubernetes.ListOptions{Limit: 1, Revision: created.Revision})
	if err := all(err, require("the past", string(list.Kvs[0].Value), "1")); err != nil {
		return err
	}
	_, err = k8s.List(ctx, "/registry/x/", kubernetes.ListOptions{Revision: created.Revision + 1_000_000})
	if !errors.Is(err, rpctypes.ErrFutureRev) {
		return fmt.Errorf("a list of the future: %v", err)
	}
	stale, err := k8s.OptimisticDelete(ctx, "/registry/x/a", created.Revision, kubernetes.DeleteOptions{GetOnFailure: true})
	if err := all(err, require("a stale deletion", stale.Succeeded, false)); err != nil {
		return err
	}
	gone, err := k8s.OptimisticDelete(ctx, "/registry/x/a", stale.KV.ModRevision, kubernetes.DeleteOptions{})
	if err := all(err, require("a deletion", gone.Succeeded, true)); err != nil {
		return err
	}
	count, err := k8s.Count(ctx, "/registry/x/", kubernetes.CountOptions{})
	return all(err, require("what is left", count, 0))
}
