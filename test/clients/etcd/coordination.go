// Coordination of several processes.
package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	recipe "go.etcd.io/etcd/client/v3/experimental/recipes"
)

func twoSessions(client *clientv3.Client) (one, other *concurrency.Session, err error) {
	if one, err = concurrency.NewSession(client, concurrency.WithTTL(5)); err != nil {
		return nil, nil, err
	}
	other, err = concurrency.NewSession(client, concurrency.WithTTL(5))
	return one, other, err
}

func locks(ctx context.Context, client *clientv3.Client) error {
	one, other, err := twoSessions(client)
	if err != nil {
		return err
	}
	held, wanted := concurrency.NewMutex(one, "/lock"), concurrency.NewMutex(other, "/lock")
	if err := held.Lock(ctx); err != nil {
		return err
	}
	if err := wanted.TryLock(ctx); !errors.Is(err, concurrency.ErrLocked) {
		return fmt.Errorf("a lock that is held was given: %v", err)
	}
	got := make(chan error, 1)
	go func() { got <- wanted.Lock(ctx) }()
	// Not by unlocking: the lock goes with the lease of who held it.
	if err := one.Close(); err != nil {
		return err
	}
	if err := <-got; err != nil {
		return err
	}
	response, err := client.Txn(ctx).If(wanted.IsOwner()).Then(clientv3.OpPut("/guarded", "x")).Commit()
	if err != nil {
		return err
	}
	return all(require("the owner's transaction", response.Succeeded, true), wanted.Unlock(ctx), readersAndWriters(client, other), other.Close())
}

func readersAndWriters(client *clientv3.Client, session *concurrency.Session) error {
	second, err := concurrency.NewSession(client)
	if err != nil {
		return err
	}
	one, other := recipe.NewRWMutex(session, "/rw"), recipe.NewRWMutex(second, "/rw")
	if err := all(one.RLock(), other.RLock(), one.RUnlock()); err != nil {
		return err
	}
	written := make(chan error, 1)
	go func() { written <- one.Lock() }()
	return all(other.RUnlock(), <-written, one.Unlock(), second.Close())
}

func elections(ctx context.Context, client *clientv3.Client) error {
	one, other, err := twoSessions(client)
	if err != nil {
		return err
	}
	leading, standing := concurrency.NewElection(one, "/election"), concurrency.NewElection(other, "/election")
	if err := leading.Campaign(ctx, "one"); err != nil {
		return err
	}
	observing, stop := context.WithCancel(ctx)
	defer stop()
	leaders := standing.Observe(observing)
	seen := func(wanted string) error {
		for response := range leaders {
			if string(response.Kvs[0].Value) == wanted {
				return nil
			}
		}
		return fmt.Errorf("nobody saw %s lead", wanted)
	}
	elected := make(chan error, 1)
	go func() { elected <- standing.Campaign(ctx, "other") }()
	return all(
		seen("one"), leading.Proclaim(ctx, "one again"), seen("one again"),
		leading.Resign(ctx), <-elected, seen("other"), one.Close(), other.Close(),
	)
}

// Money that goes round between accounts stays the same.
func transactionalMemory(ctx context.Context, client *clientv3.Client) error {
	const accounts, each, transfers = 5, 100, 20
	account := func(i int) string { return fmt.Sprintf("/accounts/%d", i%accounts) }
	for i := range accounts {
		if _, err := client.Put(ctx, account(i), strconv.Itoa(each)); err != nil {
			return err
		}
	}
	done := make(chan error)
	for worker := range accounts {
		go func() {
			for i := range transfers {
				_, err := concurrency.NewSTM(client, func(stm concurrency.STM) error {
					from, to := account(worker), account(worker+1+i%(accounts-1))
					left, _ := strconv.Atoi(stm.Get(from))
					there, _ := strconv.Atoi(stm.Get(to))
					stm.Put(from, strconv.Itoa(left-i))
					stm.Put(to, strconv.Itoa(there+i))
					return nil
				}, concurrency.WithAbortContext(ctx))
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range accounts {
		if err := <-done; err != nil {
			return err
		}
	}
	response, err := client.Get(ctx, "/accounts/", clientv3.WithPrefix())
	if err != nil {
		return err
	}
	sum := 0
	for _, kv := range response.Kvs {
		amount, _ := strconv.Atoi(string(kv.Value))
		sum += amount
	}
	return require("the sum", sum, accounts*each)
}

func queues(ctx context.Context, client *clientv3.Client) error {
	queue := recipe.NewQueue(client, "/queue")
	urgent := recipe.NewPriorityQueue(client, "/urgent")
	err := all(queue.Enqueue("first"), queue.Enqueue("second"), urgent.Enqueue("later", 2), urgent.Enqueue("now", 1))
	if err != nil {
		return err
	}
	for _, wanted := range []string{"first", "second"} {
		found, err := queue.Dequeue()
		if err := all(err, require("of the queue", found, wanted)); err != nil {
			return err
		}
	}
	for _, wanted := range []string{"now", "later"} {
		found, err := urgent.Dequeue()
		if err := all(err, require("of the urgent", found, wanted)); err != nil {
			return err
		}
	}
	barrier := recipe.NewBarrier(client, "/barrier")
	if err := barrier.Hold(); err != nil {
		return err
	}
	passed := make(chan error, 1)
	go func() { passed <- recipe.NewBarrier(client, "/barrier").Wait() }()
	if err := all(barrier.Release(), <-passed); err != nil {
		return err
	}
	one, other, err := twoSessions(client)
	if err != nil {
		return err
	}
	go func() { passed <- recipe.NewDoubleBarrier(one, "/double", 2).Enter() }()
	return all(recipe.NewDoubleBarrier(other, "/double", 2).Enter(), <-passed, one.Close(), other.Close())
}
