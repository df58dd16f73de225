/** Two nodes as network namespaces on one link: the kernel's own VXLAN and routes between them. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Node } from '../api/core/v1/node.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { MemoryInformer } from '../client/testing/memory-informer.ts'
import { startNodeNetwork, tearDownNodeNetwork, uplinkOf } from './node-network.ts'

const canRun = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'ip', 'link']).status === 0

const clusterCidr = '10.244.0.0/16'
const places = [
  { name: 'a', address: '198.51.100.1', podCidr: '10.244.0.0/24', pod: '10.244.0.9' },
  { name: 'b', address: '198.51.100.2', podCidr: '10.244.1.0/24', pod: '10.244.1.9' },
] as const

const nodeOf = ({ name, address, podCidr }: { name: string; address: string; podCidr: string }): Node =>
  ({
    metadata: { name, uid: name, resourceVersion: '1' },
    spec: { podCIDR: podCidr },
    status: { addresses: [{ type: 'InternalIP', address }] },
  }) as unknown as Node

const informerOf = () => {
  const informer = new MemoryInformer<Node>()
  for (const place of places) informer.put(nodeOf(place))
  return informer
}

suite('the network between nodes', { skip: !canRun, timeout: 60_000 }, () => {
  const namespace = (name: string) => `clpr${process.pid}-${name}`
  const device = `clpr${process.pid % 1_000_000}`
  const run = (name: string, command: string, args: readonly string[], input = '') =>
    spawnSync('ip', ['netns', 'exec', namespace(name), command, ...args], { input, encoding: 'utf8' })
  const runnerOf = (name: string) => ({
    async run(command: string, args: readonly string[], { stdin }: { stdin?: string }) {
      // Asynchronous, so that the two nodes do not wait for each other.
      const child = spawn('ip', ['netns', 'exec', namespace(name), command, ...args])
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', part => (stdout += part))
      child.stderr.on('data', part => (stderr += part))
      child.stdin.on('error', () => {})
      child.stdin.end(stdin ?? '')
      const code = await new Promise<number>(resolve => child.on('close', status => resolve(status ?? -1)))
      return { code, stdout, stderr }
    },
  })

  before(() => {
    const ip = (text: string) => execFileSync('ip', text.split(' '))
    for (const { name } of places) ip(`netns add ${namespace(name)}`)
    ip(`-n ${namespace('a')} link add eth0 type veth peer name eth0 netns ${namespace('b')}`)
    for (const { name, address, pod } of places) {
      ip(`-n ${namespace(name)} address add ${address}/24 dev eth0`)
      ip(`-n ${namespace(name)} link set eth0 mtu 1400 up`)
      ip(`-n ${namespace(name)} link set lo up`)
      // Stands for a pod.
      ip(`-n ${namespace(name)} address add ${pod}/32 dev lo`)
    }
  })
  after(() => {
    for (const { name } of places) execFileSync('ip', ['netns', 'delete', namespace(name)])
  })

  const start = (mode: 'vxlan' | 'routes', nodes: MemoryInformer<Node>) =>
    places.map(({ name, address }) =>
      startNodeNetwork({
        mode,
        nodes,
        nodeName: name,
        nodeAddress: address,
        clusterCidr,
        device,
        vxlanId: 77,
        vxlanPort: 8472,
        mtu: 1350,
        runner: runnerOf(name),
        clock: systemClock,
        log: loggerOf('test'),
      }),
    )
  const routeTo = (name: string, address: string) => run(name, 'ip', ['route', 'get', address]).stdout
  const pings = (name: string, address: string, bytes: number) =>
    run(name, 'ping', ['-c1', '-W1', '-Mdo', `-s${bytes}`, address]).status === 0
  const settled = async (what: string, holds: () => boolean) => {
    for (let i = 0; i < 200; i++) {
      if (holds()) return
      await sleep(25)
    }
    assert.fail(what)
  }
  const hasPing = spawnSync('ping', ['-V']).status === 0

  test('by VXLAN, in whole packets of the MTU', async () => {
    const nodes = informerOf()
    const stops = start('vxlan', nodes)
    await settled('routes on both', () =>
      places.every(({ name }, i) => routeTo(name, places[1 - i]!.pod).includes(`dev ${device}`)),
    )
    for (const [i, { name }] of places.entries())
      if (hasPing) assert.ok(pings(name, places[1 - i]!.pod, 1350 - 28), name)
    assert.deepEqual((await uplinkOf(runnerOf('a'), '198.51.100.1'))?.mtu, 1400)
    // A node that goes is forgotten.
    nodes.remove(nodeOf(places[1]))
    await settled('the route goes', () => !routeTo('a', places[1].pod).includes(device))
    for (const stop of stops) stop()
    for (const { name } of places) await tearDownNodeNetwork({ runner: runnerOf(name), device, clusterCidr })
    assert.equal(run('a', 'ip', ['link', 'show', device]).status, 1)
  })

  test('by routes, without a tunnel', async () => {
    const stops = start('routes', informerOf())
    await settled('routes on both', () =>
      places.every(({ name }, i) =>
        routeTo(name, places[1 - i]!.pod).includes(`via ${places[1 - i]!.address} dev eth0`),
      ),
    )
    for (const [i, { name }] of places.entries())
      if (hasPing) assert.ok(pings(name, places[1 - i]!.pod, 1400 - 28), name)
    for (const stop of stops) stop()
    for (const { name } of places) await tearDownNodeNetwork({ runner: runnerOf(name), device, clusterCidr })
    assert.ok(!routeTo('a', places[1].pod).includes('via'))
  })
})
