// The calls themselves, where libraries rely on details of them.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// The branches are chosen by what was there before the first write, whose revision is that of all.
func nestedTransactions(ctx context.Context, client *clientv3.Client) error {
	missing := clientv3.Compare(clientv3.CreateRevision("/nested/a"), "=", 0)
	inner := clientv3.OpTxn([]clientv3.Cmp{missing}, []clientv3.Op{clientv3.OpPut("/nested/b", "then")}, []clientv3.Op{clientv3.OpPut("/nested/b", "else")})
	response, err := client.Txn(ctx).If(missing).Then(clientv3.OpPut("/nested/a", "x"), inner, clientv3.OpGet("/nested/b")).Commit()
	if err != nil {
		return err
	}
	read := response.Responses[2].GetResponseRange()
	ofRange := clientv3.Compare(clientv3.Version("/nested/"), "=", 1).WithPrefix()
	allOnce, err := client.Txn(ctx).If(ofRange).Commit()
	if err != nil {
		return err
	}
	_, twice := client.Txn(ctx).Then(clientv3.OpPut("/nested/c", "1"), clientv3.OpPut("/nested/c", "2")).Commit()
	if !errors.Is(twice, rpctypes.ErrDuplicateKey) {
		return fmt.Errorf("a key twice: %v", twice)
	}
	return all(
		require("the branch", string(read.Kvs[0].Value), "then"),
		require("its revision", read.Kvs[0].ModRevision, response.Header.Revision),
		require("a comparison of a range", allOnce.Succeeded, true),
	)
}

func ranges(ctx context.Context, client *clientv3.Client) error {
	var middle int64
	for i, key := range []string{"c", "a", "d", "b"} {
		response, err := client.Put(ctx, "/ranges/"+key, fmt.Sprint(i))
		if err != nil {
			return err
		}
		if i == 1 {
			middle = response.Header.Revision
		}
	}
	found := func(opts ...clientv3.OpOption) string {
		response, err := client.Get(ctx, "/ranges/", append(opts, clientv3.WithPrefix())...)
		if err != nil {
			return err.Error()
		}
		var keys []string
		for _, kv := range response.Kvs {
			keys = append(keys, strings.TrimPrefix(string(kv.Key), "/ranges/"))
		}
		return fmt.Sprintf("%s of %d, more: %v", strings.Join(keys, ""), response.Count, response.More)
	}
	byRevision := clientv3.WithSort(clientv3.SortByModRevision, clientv3.SortDescend)
	return all(
		require("in order", found(), "abcd of 4, more: false"),
		require("cut", found(clientv3.WithLimit(3)), "abc of 4, more: true"),
		require("newest first", found(byRevision, clientv3.WithLimit(2)), "bd of 4, more: true"),
		require("by value", found(clientv3.WithSort(clientv3.SortByValue, clientv3.SortAscend)), "cadb of 4, more: false"),
		require("by creation, of the first", found(clientv3.WithSort(clientv3.SortByCreateRevision, clientv3.SortNone), clientv3.WithLimit(3)), "cad of 4, more: true"),
		require("of the past", found(clientv3.WithRev(middle)), "ac of 2, more: false"),
		require("changed since", found(clientv3.WithMinModRev(middle+1)), "bd of 4, more: false"),
		require("only counted", found(clientv3.WithCountOnly()), " of 4, more: false"),
	)
}

func watches(ctx context.Context, client *clientv3.Client) error {
	first, err := client.Put(ctx, "/watched/a", "1")
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	whole := client.Watch(watching, "/watched/", clientv3.WithPrefix(), clientv3.WithRev(first.Header.Revision), clientv3.WithPrevKV())
	onlyDeletions := client.Watch(watching, "/watched/", clientv3.WithPrefix(), clientv3.WithFilterPut(), clientv3.WithCreatedNotify())
	<-onlyDeletions
	if _, err := client.Put(ctx, "/watched/a", "2"); err != nil {
		return err
	}
	if _, err := client.Delete(ctx, "/watched/a"); err != nil {
		return err
	}
	var seen []string
	for len(seen) < 3 {
		response, open := <-whole
		if !open || response.Err() != nil {
			return fmt.Errorf("the watch ended: %w", response.Err())
		}
		for _, event := range response.Events {
			before := "nothing"
			if event.PrevKv != nil {
				before = string(event.PrevKv.Value)
			}
			seen = append(seen, fmt.Sprintf("%s %s was %s", event.Type, event.Kv.Value, before))
		}
	}
	deletion := <-onlyDeletions
	if err := client.RequestProgress(watching); err != nil {
		return err
	}
	progress := <-whole
	return all(
		require("the events", strings.Join(seen, ", "), "PUT 1 was nothing, PUT 2 was 1, DELETE  was 2"),
		require("what is left of them", len(deletion.Events), 1),
		require("a notification of progress", progress.IsProgressNotify(), true),
	)
}

// One revision that is longer than a message may be, in parts that the client puts together.
func fragments(ctx context.Context, client *clientv3.Client) error {
	var ops []clientv3.Op
	for i := range 10 {
		ops = append(ops, clientv3.OpPut(fmt.Sprintf("/fragments/%d", i), strings.Repeat("x", 140*1024)))
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	small, err := clientv3.New(clientv3.Config{Endpoints: client.Endpoints(), Logger: client.GetLogger(), MaxCallRecvMsgSize: 2 * 1024 * 1024, MaxCallSendMsgSize: 2 * 1024 * 1024})
	if err != nil {
		return err
	}
	defer small.Close()
	opts := []clientv3.OpOption{clientv3.WithPrefix(), clientv3.WithPrevKV(), clientv3.WithFragment(), clientv3.WithCreatedNotify()}
	events := small.Watch(watching, "/fragments/", opts...)
	<-events
	for range 2 {
		if _, err := client.Txn(ctx).Then(ops...).Commit(); err != nil {
			return err
		}
		response, open := <-events
		if !open || response.Err() != nil {
			return fmt.Errorf("the watch ended: %w", response.Err())
		}
		if err := require("events of the revision", len(response.Events), len(ops)); err != nil {
			return err
		}
	}
	return nil
}

func leases(ctx context.Context, client *clientv3.Client) error {
	granted, err := client.Grant(ctx, 60)
	if err != nil {
		return err
	}
	for _, key := range []string{"/leased/b", "/leased/a"} {
		if _, err := client.Put(ctx, key, "x", clientv3.WithLease(granted.ID)); err != nil {
			return err
		}
	}
	alive, err := client.KeepAlive(ctx, granted.ID)
	if err != nil {
		return err
	}
	kept := <-alive
	status, err := client.TimeToLive(ctx, granted.ID, clientv3.WithAttachedKeys())
	if err != nil {
		return err
	}
	all60 := require("keys of the lease", string(bytes.Join(status.Keys, []byte(" "))), "/leased/a /leased/b")
	if err := all(require("seconds", kept.TTL, 60), require("granted seconds", status.GrantedTTL, 60), all60); err != nil {
		return err
	}
	short, err := client.Grant(ctx, 1)
	if err != nil {
		return err
	}
	gone := client.Watch(ctx, "/short", clientv3.WithFilterPut())
	if _, err := client.Put(ctx, "/short", "x", clientv3.WithLease(short.ID)); err != nil {
		return err
	}
	if response := <-gone; len(response.Events) != 1 {
		return fmt.Errorf("a lease ran out with %v", response)
	}
	if _, err := client.Revoke(ctx, granted.ID); err != nil {
		return err
	}
	left, err := client.Get(ctx, "/leased/", clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err := all(err, require("keys after the lease", left.Count, 0)); err != nil {
		return err
	}
	after, err := client.TimeToLive(ctx, granted.ID)
	_, again := client.Revoke(ctx, granted.ID)
	if !errors.Is(again, rpctypes.ErrLeaseNotFound) {
		return fmt.Errorf("a lease that is gone: %v", again)
	}
	return all(err, require("its time", after.TTL, -1))
}

func maintenance(ctx context.Context, client *clientv3.Client) error {
	endpoint := client.Endpoints()[0]
	status, err := client.Status(ctx, endpoint)
	if err != nil {
		return err
	}
	one, err := client.HashKV(ctx, endpoint, 0)
	if err != nil {
		return err
	}
	other, err := client.HashKV(ctx, endpoint, 0)
	if err := all(err, require("the leader", status.Leader, status.Header.MemberId), require("the hash", other.Hash, one.Hash)); err != nil {
		return err
	}
	if _, err := client.Defragment(ctx, endpoint); err != nil {
		return err
	}
	snapshot, err := client.Snapshot(ctx)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(snapshot)
	if err != nil {
		return err
	}
	// The checksum is behind the database, whose length is a multiple of 512.
	database, sum := content[:len(content)-sha256.Size], content[len(content)-sha256.Size:]
	found := sha256.Sum256(database)
	return require("the checksum of the snapshot", bytes.Equal(sum, found[:]) && len(database)%512 == 0, true)
}

func compaction(ctx context.Context, client *clientv3.Client) error {
	var last int64
	for i := range 10 {
		response, err := client.Put(ctx, "/compacted", fmt.Sprint(i))
		if err != nil {
			return err
		}
		last = response.Header.Revision
	}
	if _, err := client.Compact(ctx, last, clientv3.WithCompactPhysical()); err != nil {
		return err
	}
	_, err := client.Get(ctx, "/compacted", clientv3.WithRev(last-1))
	_, again := client.Compact(ctx, last)
	if !errors.Is(err, rpctypes.ErrCompacted) || !errors.Is(again, rpctypes.ErrCompacted) {
		return fmt.Errorf("the past is there: %v, %v", err, again)
	}
	ended := <-client.Watch(ctx, "/compacted", clientv3.WithRev(last-5))
	return all(
		require("where the watch could begin", ended.CompactRevision, last),
		require("its end", errors.Is(ended.Err(), rpctypes.ErrCompacted), true),
	)
}
