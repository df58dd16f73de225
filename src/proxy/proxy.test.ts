/** The rules at work: real connections through real namespaces ("Virtual IPs and Service Proxies"). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { systemClock } from '../base/clock.ts'
import { loggerOf } from '../base/log.ts'
import { MemoryInformer } from '../client/testing/memory-informer.ts'
import { type Proxy as ServiceProxy, startProxy } from './proxy.ts'
import { addresses, Lab, nodeAddress } from './testing/lab.ts'

const canRun = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'nft', 'list', 'ruleset']).status === 0

const serviceIp = '10.96.0.20'
const port = (more: object = {}) => ({ name: 'web', port: 80, protocol: 'TCP', targetPort: 8080, ...more })
const service = (spec: object, name = 'web'): Service =>
  ({
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: serviceIp, clusterIPs: [serviceIp], ports: [port()], ...spec },
    status: { loadBalancer: {} },
  }) as unknown as Service

type Pod = 'pod1' | 'pod2'
interface EndpointFacts {
  readonly pod: Pod
  readonly ready?: boolean
  readonly terminating?: boolean
  readonly nodeName?: string
}
const slice = (endpoints: readonly EndpointFacts[], protocol = 'TCP', name = 'web'): EndpointSlice =>
  ({
    metadata: { name: `${name}-${protocol}`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: protocol === 'TCP' ? 'web' : 'dns', port: 8080, protocol }],
    endpoints: endpoints.map(({ pod, ready = true, terminating = false, nodeName = 'node1' }) => ({
      addresses: [addresses[pod]],
      nodeName,
      conditions: { ready, serving: true, terminating },
      targetRef: { kind: 'Pod', name: pod, uid: pod },
    })),
  }) as unknown as EndpointSlice

suite('the service proxy', { skip: !canRun, timeout: 60_000 }, () => {
  let lab: Lab
  let proxy: ServiceProxy
  const pod1 = { uid: 'pod1', addresses: [addresses.pod1], services: ['default/web'] }
  const services = new MemoryInformer<Service>()
  const slices = new MemoryInformer<EndpointSlice>()

  before(async () => {
    lab = await Lab.start()
    proxy = startProxy({
      services,
      endpointSlices: slices,
      runner: lab.runner,
      clock: systemClock,
      log: loggerOf('test'),
      table: 'clipper-test',
      nodeName: 'node1',
      nodeAddresses: [nodeAddress],
      clusterCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      masqueradeMark: 0x4000,
      checkMs: 50,
    })
    await proxy.ready
  })
  after(async () => {
    await proxy?.stop()
    await lab?.end()
  })

  /** Waits until the last change is in the kernel: a marker endpoint goes in with it. */
  let markers = 0
  async function set(spec: object, ...lists: EndpointSlice[]): Promise<void> {
    for (const old of slices.list()) slices.remove(old)
    services.put(service(spec))
    for (const list of lists) slices.put(list)
    markers += 1
    const marker = `10.97.${markers >> 8}.${markers & 255}`
    services.put(service({ clusterIP: marker, clusterIPs: [marker] }, 'marker'))
    for (;;) {
      const { stdout } = await lab.inNode('nft', ['list', 'map', 'ip', 'clipper-test', 'no-endpoint-ips'])
      if (stdout.includes(marker)) return
    }
  }

  test('a cluster address leads to every endpoint, from pods, from the node, and from an endpoint itself', async () => {
    await set({}, slice([{ pod: 'pod1' }, { pod: 'pod2' }]))
    const seen = new Set<string>()
    for (let i = 0; i < 40 && seen.size < 2; i += 1) seen.add(await lab.pod1.tcp(serviceIp, 80))
    assert.deepEqual([...seen].map(text => text.split(' ')[0]).sort(), ['pod1', 'pod2'])
    assert.match(await lab.node.tcp(serviceIp, 80), /^pod[12] 10\.244\.0\.1$/)
    await set({}, slice([{ pod: 'pod1' }]))
    assert.equal(await lab.pod1.tcp(serviceIp, 80), 'pod1 10.244.0.1')
    // Between pods the client's address is kept.
    assert.equal(await lab.pod2.tcp(serviceIp, 80), `pod1 ${addresses.pod2}`)
  })

  test('a node port leads to the pods from outside, and so do external addresses', async () => {
    await set(
      { type: 'NodePort', ports: [port({ nodePort: 30080 })], externalIPs: ['203.0.113.9'] },
      slice([{ pod: 'pod1' }]),
    )
    assert.equal(await lab.outside.tcp(nodeAddress, 30080), 'pod1 10.244.0.1')
    assert.equal(await lab.outside.tcp('203.0.113.9', 80), 'pod1 10.244.0.1')
    assert.equal(await lab.pod2.tcp(nodeAddress, 30080), 'pod1 10.244.0.1')
    assert.equal(await lab.node.tcp(nodeAddress, 30080), 'pod1 10.244.0.1')
  })

  test('without endpoints a connection is refused at once, from everywhere', async () => {
    await set({ type: 'NodePort', ports: [port({ nodePort: 30080 })], externalIPs: ['203.0.113.9'] })
    for (const agent of [lab.pod1, lab.node]) assert.equal(await agent.tcp(serviceIp, 80), 'ECONNREFUSED')
    assert.equal(await lab.outside.tcp(nodeAddress, 30080), 'ECONNREFUSED')
    assert.equal(await lab.outside.tcp('203.0.113.9', 80), 'ECONNREFUSED')
    assert.equal(await lab.node.tcp(nodeAddress, 30080), 'ECONNREFUSED')
    // An address of the service range that no service has.
    for (const agent of [lab.pod1, lab.node]) assert.equal(await agent.tcp('10.96.7.7', 80), 'ECONNREFUSED')
    assert.equal(await lab.node.udp('10.96.7.7', 80), 'ECONNREFUSED')
  })

  test('session affinity keeps a client at its endpoint', async () => {
    await set({ sessionAffinity: 'ClientIP' }, slice([{ pod: 'pod1' }, { pod: 'pod2' }]))
    const answers = new Set<string>()
    for (let i = 0; i < 12; i += 1) answers.add((await lab.outside.tcp(serviceIp, 80)).split(' ')[0] ?? '')
    assert.equal(answers.size, 1)
  })

  test('the Local external policy keeps the client address and drops without local endpoints', async () => {
    const local = { type: 'NodePort', externalTrafficPolicy: 'Local', ports: [port({ nodePort: 30080 })] }
    await set(local, slice([{ pod: 'pod1' }, { pod: 'pod2', nodeName: 'node2' }]))
    for (let i = 0; i < 8; i += 1) assert.equal(await lab.outside.tcp(nodeAddress, 30080), `pod1 ${addresses.outside}`)
    await set(local, slice([{ pod: 'pod1', nodeName: 'node2' }]))
    assert.equal(await lab.outside.tcp(nodeAddress, 30080), 'TIMEOUT')
    // From inside it is the service itself that is meant.
    assert.match(await lab.pod2.tcp(nodeAddress, 30080), /^pod1 /)
    assert.match(await lab.node.tcp(nodeAddress, 30080), /^pod1 /)
  })

  test('source ranges may overlap, and shut others out', async () => {
    const balanced = (loadBalancerSourceRanges: string[]) => ({
      ...service({ type: 'LoadBalancer', loadBalancerSourceRanges, ports: [port({ nodePort: 30080 })] }).spec,
    })
    await set(balanced(['198.51.0.0/16', '198.51.100.0/24', '10.0.0.0/8']), slice([{ pod: 'pod1' }]))
    assert.match(await lab.outside.tcp(nodeAddress, 30080), /^pod1/)
    await set(balanced(['192.0.2.0/24']), slice([{ pod: 'pod1' }]))
    assert.equal(await lab.outside.tcp(nodeAddress, 30080), 'TIMEOUT')
  })

  test('TCP and UDP share a port number, and a UDP client follows its service to another endpoint', async () => {
    const both = { ports: [port({ port: 53 }), { name: 'dns', port: 53, protocol: 'UDP', targetPort: 8080 }] }
    await set(both, slice([{ pod: 'pod1' }]), slice([{ pod: 'pod2' }], 'UDP'))
    assert.match(await lab.outside.tcp(serviceIp, 53), /^pod1/)
    // Old flows are deleted right after the rules have changed: until then an answer may be lost or come from the old one.
    const until = async (pod: string) => {
      const endMs = performance.now() + 20_000
      for (let answer = ''; !answer.startsWith(pod); ) {
        assert.ok(performance.now() < endMs, `still ${answer}`)
        answer = await lab.outside.udp(serviceIp, 53, 4000)
      }
    }
    await until('pod2')
    await set(both, slice([{ pod: 'pod1' }]), slice([{ pod: 'pod1' }], 'UDP'))
    await until('pod1')
  })

  test('a terminating endpoint is used while no other is ready', async () => {
    const going = { pod: 'pod1', ready: false, terminating: true } as const
    await set({}, slice([going, { pod: 'pod2' }]))
    for (let i = 0; i < 6; i += 1) assert.match(await lab.outside.tcp(serviceIp, 80), /^pod2/)
    await set({}, slice([going]))
    assert.match(await lab.outside.tcp(serviceIp, 80), /^pod1/)
    await proxy.drained(pod1, 200)
  })

  test('a pod that only just became an endpoint, or is about to, is not taken for drained', async () => {
    const [one, two] = [{ pod: 'pod1' }, { pod: 'pod2' }] as const
    await set({}, slice([two]))
    let isDrained = false
    const drained = proxy.drained(pod1, 10_000).then(() => {
      isDrained = true
    })
    // What was known of the pod when it was deleted arrives only now.
    await set({}, slice([one, two]))
    const answers = new Set<string>()
    while (answers.size < 2) answers.add((await lab.outside.tcp(serviceIp, 80)).slice(0, 4))
    assert.equal(isDrained, false)
    slices.put(slice([{ ...one, ready: false, terminating: true }, two]))
    await drained
    for (let i = 0; i < 10; i += 1) assert.match(await lab.outside.tcp(serviceIp, 80), /^pod2/)
  })

  test('a pod is not waited for where nothing leads to it, or it is published until it is gone', async () => {
    await set({ publishNotReadyAddresses: true }, slice([{ pod: 'pod1', terminating: true }, { pod: 'pod2' }]))
    const startedMs = performance.now()
    await proxy.drained(pod1, 5000)
    await proxy.drained({ ...pod1, services: ['default/other'] }, 5000)
    assert.ok(performance.now() - startedMs < 3000)
  })

  test('a deleted table comes back', async () => {
    await set({}, slice([{ pod: 'pod1' }]))
    await lab.inNode('nft', ['flush', 'ruleset'])
    for (let i = 0; !(await lab.pod2.tcp(serviceIp, 80)).startsWith('pod1'); i += 1) assert.ok(i < 50)
  })

  test('a burst of changes shares a few transactions', async () => {
    const transactions = () => lab.commands.filter(command => command === 'nft -f -').length
    const before = transactions()
    for (let i = 0; i < 300; i += 1) {
      slices.put(slice([{ pod: i % 2 === 0 ? 'pod1' : 'pod2' }]))
      if (i % 10 === 0) await new Promise(resolve => setTimeout(resolve, 1))
    }
    await set({}, slice([{ pod: 'pod2' }]))
    assert.ok(transactions() - before <= 8, `${transactions() - before} transactions`)
    assert.match(await lab.outside.tcp(serviceIp, 80), /^pod2/)
  })

  // The last one: it ends a pod.
  test('a server that ends at once after drained() loses no request', async () => {
    await set({}, slice([{ pod: 'pod1' }, { pod: 'pod2' }]))
    await lab.outside.hammer(serviceIp, 80)
    await new Promise(resolve => setTimeout(resolve, 200))
    slices.put(slice([{ pod: 'pod1', ready: false, terminating: true }, { pod: 'pod2' }]))
    const startedMs = performance.now()
    await proxy.drained(pod1, 5000)
    const tookMs = performance.now() - startedMs
    await lab.pod1.die()
    await new Promise(resolve => setTimeout(resolve, 200))
    const answers = await lab.outside.stopHammering()
    assert.deepEqual(
      answers.filter(answer => !answer.startsWith('pod')),
      [],
    )
    assert.ok(answers.filter(answer => answer.startsWith('pod1')).length > 5)
    assert.ok(tookMs < 1000, `drained after ${tookMs} ms`)
  })
})
