import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { loggerOf } from '../base/log.ts'
import { ManualClock } from '../client/testing/manual-clock.ts'
import { LoadBalancer } from './load-balancer.ts'
import { meaningOf } from './readiness.ts'
import { ServerStates } from './server-states.ts'

/** A server that says its name to whoever connects, then echoes. */
async function startServer(name: string) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write(name)
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function world(names: readonly string[]) {
  const servers = await Promise.all(names.map(startServer))
  const states = new Map<string, 'ready' | 'unready' | 'leaving' | 'down' | 'silent'>(
    servers.map(({ address }) => [address, 'ready']),
  )
  const clock = new ManualClock()
  const balancer = await LoadBalancer.start({
    servers: servers.map(({ address }) => address),
    check: async server => {
      const state = states.get(server) ?? 'down'
      if (state === 'silent') await new Promise(() => {})
      if (state === 'down' || state === 'silent') throw new Error('down')
      return state
    },
    log: loggerOf('test'),
    random: () => 0,
    clock,
  })
  const dial = async () => {
    const socket = connect(Number(new URL(balancer.url).port), '127.0.0.1')
    const [data] = (await once(socket, 'data')) as [Buffer]
    return { socket, name: String(data) }
  }
  return { servers, states, clock, balancer, dial }
}

test('connections spread over the servers, and bytes pass both ways', async () => {
  const { servers, balancer, dial } = await world(['a', 'b', 'c'])
  const dialled = [await dial(), await dial(), await dial()]
  assert.deepEqual(dialled.map(({ name }) => name).sort(), ['a', 'b', 'c'])
  dialled[0]!.socket.write('hello')
  assert.equal(String((await once(dialled[0]!.socket, 'data'))[0]), 'hello')
  await balancer.close()
  await Promise.all(servers.map(server => server.stop()))
})

test('a server that cannot be reached is passed over at once', async () => {
  const { servers, balancer, dial } = await world(['a', 'b'])
  await servers[0]!.stop()
  const names = [await dial(), await dial(), await dial()].map(({ name }) => name)
  assert.deepEqual(names, ['b', 'b', 'b'])
  await balancer.close()
  await servers[1]!.stop()
})

test('connections end when their server does not answer any more, and when it stays unready, not at once when it leaves', async () => {
  const { servers, states, clock, balancer, dial } = await world(['a', 'b'])
  const [a, b] = servers.map(({ address }) => address) as [string, string]
  const first = await dial()
  const [own, other] = first.name === 'a' ? [a, b] : [b, a]
  let hasEnded = false
  first.socket.on('error', () => {})
  const ended = once(first.socket, 'close').then(() => {
    hasEnded = true
  })
  states.set(own, 'leaving')
  await clock.advance(2_000)
  assert.equal(hasEnded, false)
  const second = await dial()
  assert.notEqual(second.name, first.name)
  await clock.advance(3_000)
  await ended
  const lost = once(second.socket, 'close')
  second.socket.on('error', () => {})
  states.set(own, 'ready')
  states.set(other, 'down')
  await clock.advance(2_000)
  await lost
  assert.equal((await dial()).name, first.name)
  await balancer.close()
  await Promise.all(servers.map(server => server.stop()))
})

test('a check that gets no answer holds up none of another server', async () => {
  const { servers, states, clock, balancer, dial } = await world(['a', 'b'])
  const dialled = [await dial(), await dial()]
  const ofB = dialled.find(({ name }) => name === 'b')!
  const [a, b] = servers.map(({ address }) => address) as [string, string]
  states.set(a, 'silent')
  await clock.advance(1_000)
  states.set(b, 'down')
  const ended = once(ofB.socket, 'close')
  ofB.socket.on('error', () => {})
  await clock.advance(1_000)
  await ended
  await balancer.close()
  await Promise.all(servers.map(server => server.stop()))
})

test('a new list of servers is used from then on, and connections to those that are gone end', async () => {
  const { servers, balancer, dial } = await world(['a'])
  const first = await dial()
  const added = await startServer('b')
  const ended = once(first.socket, 'close')
  balancer.use([added.address])
  await ended
  assert.equal((await dial()).name, 'b')
  assert.deepEqual(balancer.servers, [added.address])
  await balancer.close()
  await Promise.all([...servers, added].map(server => server.stop()))
})

test('while no server can serve, as their store has no leader, connections stay; a server alone without its store is left', async () => {
  const { servers, states, clock, balancer, dial } = await world(['a', 'b'])
  const dialled = [await dial(), await dial()]
  const all = servers.map(({ address }) => address)
  for (const server of all) states.set(server, 'unready')
  await clock.advance(10_000)
  for (const { socket } of dialled) assert.equal(socket.destroyed, false)
  for (const server of all) states.set(server, 'ready')
  await clock.advance(1_000)
  for (const { socket } of dialled) assert.equal(socket.destroyed, false)
  const [lost, kept] = [dialled.find(({ name }) => name === 'a')!, dialled.find(({ name }) => name === 'b')!]
  states.set(all[0]!, 'unready')
  const ended = once(lost.socket, 'close')
  lost.socket.on('error', () => {})
  await clock.advance(2_000)
  await ended
  assert.equal(kept.socket.destroyed, false)
  await balancer.close()
  await Promise.all(servers.map(server => server.stop()))
})

test('where no server is well, all are tried, those that leave before those that are down', () => {
  const states = new ServerStates(['a', 'b', 'c'])
  states.found('a', 'down', states.begin())
  states.found('b', 'leaving', states.begin())
  const order = states.order(
    () => 0,
    () => 0,
  )
  assert.deepEqual(order, ['c', 'b', 'a'])
})

test('a server that is found ready before another one’s check had begun is no reason to leave that', () => {
  const states = new ServerStates(['a', 'b'])
  for (const server of ['a', 'b']) states.found(server, 'ready', states.begin())
  const first = states.begin()
  assert.equal(states.found('a', 'unready', first), false)
  assert.equal(states.found('b', 'ready', states.begin()), false)
  assert.equal(states.found('a', 'unready', states.begin()), true)
  assert.equal(states.found('a', 'ready', states.begin()), false)
  const slow = states.begin()
  states.found('b', 'ready', states.begin())
  assert.equal(states.found('a', 'down', slow), true)
  assert.equal(states.found('a', 'ready', states.begin()), false)
})

test('connections to a server that was down, with none to go to, are ended when it answers again: it may be another process', () => {
  const states = new ServerStates(['a'])
  states.found('a', 'ready', states.begin())
  assert.equal(states.found('a', 'down', states.begin()), false)
  assert.equal(states.found('a', 'ready', states.begin()), true)
  assert.equal(states.found('a', 'ready', states.begin()), false)
})

test('so they are when its machine, which was silent, refuses connections: it may have started anew', () => {
  const states = new ServerStates(['a'])
  states.found('a', 'ready', states.begin())
  assert.equal(states.found('a', 'down', states.begin()), false)
  assert.equal(states.found('a', 'down', states.begin(), true), true)
  assert.equal(states.found('a', 'down', states.begin(), true), false)
  assert.equal(states.found('a', 'ready', states.begin()), false)
})

test('a server that refuses connections while it stops finishes what it has accepted', () => {
  const states = new ServerStates(['a:1', 'b:1'])
  for (const server of states.servers) states.found(server, 'ready', states.begin())
  assert.equal(states.found('a:1', 'down', states.begin(), true), false)
  assert.equal(states.stateOf('a:1'), 'down')
  assert.equal(states.found('a:1', 'ready', states.begin()), false)
})

test('a machine that is gone with the leader of the store is left while the others have no store yet', () => {
  const states = new ServerStates(['a', 'b'])
  for (const server of ['a', 'b']) states.found(server, 'ready', states.begin())
  assert.equal(states.found('b', 'unready', states.begin()), false)
  assert.equal(states.found('a', 'down', states.begin()), true)
  assert.equal(states.found('b', 'ready', states.begin()), false)
})

test('an unready server says why: it stops, or cannot serve', () => {
  assert.equal(meaningOf(200, 'ok'), 'ready')
  assert.equal(meaningOf(500, '[+]ping ok\n[+]etcd ok\n[-]shutdown failed: reason withheld\n'), 'leaving')
  assert.equal(meaningOf(500, '[+]ping ok\n[-]etcd failed: reason withheld\n[+]shutdown ok\n'), 'unready')
})
