package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// resolve asks the cluster DNS for a Service by its full name, over UDP, a socket a client.
func (l *servicesLoad) resolve(ctx context.Context, server string) error {
	name, err := dnsmessage.NewName(fmt.Sprintf("%s.%s.svc.cluster.local.", serviceName(0), servicesNamespace))
	if err != nil {
		return err
	}
	const most = 32
	sockets := make([]net.Conn, most)
	for i := range sockets {
		if sockets[i], err = net.Dial("udp", server); err != nil {
			return err
		}
		defer sockets[i].Close()
	}
	// A name may be answered a moment after its Service does.
	deadline := time.Now().Add(time.Minute)
	for {
		err := question(sockets[0], 0, name)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the DNS at %s: %w", server, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, clients := range []int{1, most} {
		one := load{
			name: "dns", clients: clients, duration: l.duration,
			request: func(_ context.Context, client, number int) error {
				return question(sockets[client], uint16(number), name)
			},
		}
		if err := l.server.measure(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

func question(socket net.Conn, id uint16, name dnsmessage.Name) error {
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	packet, err := query.Pack()
	if err != nil {
		return err
	}
	_ = socket.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := socket.Write(packet); err != nil {
		return err
	}
	buffer := make([]byte, 4096)
	for {
		length, err := socket.Read(buffer)
		if err != nil {
			return err
		}
		var parser dnsmessage.Parser
		header, err := parser.Start(buffer[:length])
		if err != nil {
			return err
		}
		if header.ID != id {
			// The answer to a question that timed out.
			continue
		}
		if err := parser.SkipAllQuestions(); err != nil {
			return err
		}
		answers, err := parser.AllAnswers()
		if err != nil {
			return err
		}
		if header.RCode != dnsmessage.RCodeSuccess || len(answers) == 0 {
			return errors.New("no address: " + header.RCode.String())
		}
		return nil
	}
}
