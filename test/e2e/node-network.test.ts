/**
 * Three nodes on one machine: packets of every size between pods of different nodes, by VXLAN and by routes; ports of nodes;
 * flows of UDP whose pod goes; nodes that are drained, deleted and join again, and whose process is killed.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import {
  eventually,
  hasKubectl,
  isAlive,
  missingForContainers,
  run,
  succeed,
  TestCluster,
  testImage,
} from './test-cluster.ts'

const skip = missingForContainers() ?? (hasKubectl() ? undefined : 'kubectl is missing')

/** Answers with its name at `/`, and with 300 KB at `/large`. */
const serve =
  'mkdir -p /www && hostname >/www/index.html && head -c 300000 /dev/zero >/www/large && exec httpd -f -p 8080 -h /www'

const container = (more: object = {}) => ({
  name: 'web',
  image: testImage,
  command: ['sh', '-c', serve],
  readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  ...more,
})

/** `key`, in the environment of its processes, tells it from all other pods of the machine. */
const pod = (name: string, node: string, key: string, ports: readonly object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web', name } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    containers: [container({ env: [{ name: 'TEST_KEY', value: `${key}-${name}` }], ports })],
  },
})

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
})

const udpPort = 9000
/** Says after each datagram who it is and how long it was. */
const echoScript = `
const socket = require('node:dgram').createSocket('udp4')
socket.on('message', (text, from) => socket.send(process.argv[1] + ' ' + text.length, from.port, from.address))
socket.bind(${udpPort}, () => console.log('listens'))
`
/** From one port: for each size a datagram, sent again until it is answered; then the answers. */
const askScript = `
const [address, port, ownPort, ...sizes] = process.argv.slice(1)
const socket = require('node:dgram').createSocket('udp4')
const answers = []
const ask = () => socket.send(Buffer.alloc(Number(sizes[answers.length])), Number(port), address)
socket.on('message', text => {
  // An earlier one may be answered twice.
  if (!String(text).endsWith(' ' + sizes[answers.length])) return
  answers.push(String(text))
  if (answers.length < sizes.length) return ask()
  console.log(JSON.stringify(answers))
  process.exit()
})
socket.bind(Number(ownPort), ask)
setInterval(ask, 500)
setTimeout(() => process.exit(1), 10000)
`

/** The process id of a container of ours, by what its environment says. */
function processOf(key: string): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(`TEST_KEY=${key}`)) return Number(entry)
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`no container has the key ${key}`)
}

class ThreeNodes {
  readonly cluster: TestCluster
  readonly nodes: readonly [string, string, string]
  readonly addresses: Record<string, string> = {}
  readonly #children = new Set<ChildProcess>()

  private constructor(cluster: TestCluster) {
    this.cluster = cluster
    this.nodes = ['node1', `${cluster.name}-2`, `${cluster.name}-3`]
  }

  /** With the pods `a`, `b` and `c`, one on each node. */
  static async start(...flags: readonly string[]): Promise<ThreeNodes> {
    const cluster = await TestCluster.prepare()
    const three = new ThreeNodes(cluster)
    const { code, stderr } = await cluster.up('--nodes', '3', ...flags)
    assert.equal(code, 0, `${stderr}\n${cluster.log()}`)
    await cluster.loadTestImage()
    await cluster.apply(['a', 'b', 'c'].map((name, i) => pod(name, three.nodes[i] ?? '', cluster.name)))
    await cluster.kubectl('wait --for=condition=Ready pod/a pod/b pod/c --timeout=60s')
    for (const name of ['a', 'b', 'c']) three.addresses[name] = await three.addressOf(name)
    return three
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await this.cluster.end()
  }

  addressOf(podName: string): Promise<string> {
    return this.cluster.kubectl(`get pod ${podName} -o jsonpath={.status.podIP}`)
  }

  async mtuOf(podName: string): Promise<number> {
    return Number(await this.cluster.kubectl(['exec', podName, '--', 'cat', '/sys/class/net/eth0/mtu']))
  }

  /** In the network of a pod; node runs scripts there, since the pod's image has nothing for UDP. */
  #inside(podName: string, ...command: readonly string[]): readonly string[] {
    return [`--net=/proc/${processOf(`${this.cluster.name}-${podName}`)}/ns/net`, ...command]
  }

  async startEcho(podName: string): Promise<void> {
    const child = spawn('nsenter', this.#inside(podName, process.execPath, '-e', echoScript, podName))
    this.#children.add(child)
    await once(child.stdout, 'data')
  }

  async ask(from: string, address: string, port: number, sizes: readonly number[], ownPort = 0): Promise<string[]> {
    const args = [address, port, ownPort, ...sizes].map(String)
    return JSON.parse(await succeed('nsenter', this.#inside(from, process.execPath, '-e', askScript, ...args)))
  }

  async fetch(from: string, url: string): Promise<string> {
    return (await this.cluster.kubectl(['exec', from, '--', 'wget', '-qO-', `http://${url}`])).trim()
  }

  /** Packets that the nodes' networks had to split, or got in parts. */
  async splitPackets(): Promise<number> {
    const inside = this.nodes
      .slice(1)
      .map((_, i) => ['nsenter', `--net=/run/netns/clipper-${this.cluster.name}-${i + 2}`])
    const read = ['cat', '/proc/net/snmp']
    const texts = await Promise.all(inside.map(([command = '', ...args]) => succeed(command, [...args, ...read])))
    return texts.reduce((sum, text) => {
      const [names = [], values = []] = text
        .split('\n')
        .filter(line => line.startsWith('Ip:'))
        .map(line => line.split(' '))
      const count = (name: string) => Number(values[names.indexOf(name)])
      return sum + count('FragCreates') + count('ReasmReqds')
    }, 0)
  }
}

const pairs = ['a', 'b', 'c'].flatMap(from => ['a', 'b', 'c'].filter(to => to !== from).map(to => [from, to] as const))

const vxlanBytes = 50
/** Of IP and UDP. */
const headerBytes = 28

/** `overheadBytes`: of the way between nodes. */
function testPackets(three: () => ThreeNodes, overheadBytes: number): void {
  let largest = 0

  test('pods have as long packets as the link of their node has, less what the way between nodes adds', async () => {
    const mtus = await Promise.all(['a', 'b', 'c'].map(name => three().mtuOf(name)))
    // The second and the third node's links are ours; that of the first is whatever the machine has.
    assert.deepEqual(mtus.slice(1), [1_500 - overheadBytes, 1_500 - overheadBytes])
    largest = Math.min(...mtus) - headerBytes
  })

  test('every pod reaches those of the other nodes, and no packet has to be split', async () => {
    const { addresses } = three()
    const before = await three().splitPackets()
    for (const [from, to] of pairs) {
      assert.equal(await three().fetch(from, `${addresses[to]}:8080/`), to)
      assert.equal((await three().fetch(from, `${addresses[to]}:8080/large`)).length, 300_000)
    }
    for (const name of ['a', 'b', 'c']) await three().startEcho(name)
    for (const [from, to] of pairs)
      assert.deepEqual(await three().ask(from, addresses[to]!, udpPort, [largest]), [`${to} ${largest}`])
    assert.equal(await three().splitPackets(), before)
  })

  test('datagrams that are longer than a packet arrive whole', async () => {
    const sizes = [largest + 1, 8_000, 60_000]
    for (const [from, to] of pairs) {
      const answers = await three().ask(from, three().addresses[to]!, udpPort, sizes)
      assert.deepEqual(
        answers,
        sizes.map(size => `${to} ${size}`),
      )
    }
  })
}

describe('three nodes, joined by routes', { skip, timeout: 600_000 }, () => {
  let three: ThreeNodes
  before(async () => {
    three = await ThreeNodes.start('--pod-network', 'routes')
  })
  after(() => three?.end())
  testPackets(() => three, 0)
})

describe('three nodes, joined by VXLAN', { skip, timeout: 900_000 }, () => {
  let three: ThreeNodes
  let cluster: TestCluster
  let nodes: ThreeNodes['nodes']
  before(async () => {
    three = await ThreeNodes.start()
    cluster = three.cluster
    nodes = three.nodes
  })
  after(() => three?.end())

  testPackets(() => three, vxlanBytes)

  const fromOutside = async (url: string) => {
    const { code, stdout } = await run('/bin/busybox', ['wget', '-qO-', `http://${url}`], { timeoutMs: 2_000 })
    return code === 0 ? stdout.trim() : undefined
  }

  test('a port of the nodes leads to a pod of another; by the local policy, only where the pod is', async () => {
    await cluster.apply([
      service('everywhere', { type: 'NodePort', selector: { name: 'b' } }),
      service('local', { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { name: 'b' } }),
    ])
    const [everywhere, local] = [await cluster.nodePort('everywhere'), await cluster.nodePort('local')]
    for (const node of nodes) {
      const address = await cluster.nodeAddress(node)
      await eventually('the port answers', async () => (await fromOutside(`${address}:${everywhere}/`)) === 'b')
      // What comes from the first node's machine itself is no traffic from outside to it.
      if (node === nodes[2]) assert.equal(await fromOutside(`${address}:${local}/`), undefined)
      else await eventually('so here', async () => (await fromOutside(`${address}:${local}/`)) === 'b')
      assert.equal(await three.fetch('a', `${address}:${everywhere}/`), 'b')
    }
  })

  test('a host port leads to its pod on its node alone, from the other nodes too', async () => {
    await cluster.apply(pod('host-port', nodes[1], cluster.name, [{ containerPort: 8080, hostPort: 18_080 }]))
    await cluster.kubectl('wait --for=condition=Ready pod/host-port --timeout=60s')
    const [there, elsewhere] = [await cluster.nodeAddress(nodes[1]), await cluster.nodeAddress(nodes[2])]
    await eventually('it answers', async () => (await fromOutside(`${there}:18080/`)) === 'host-port')
    assert.equal(await three.fetch('c', `${there}:18080/`), 'host-port')
    assert.equal(await fromOutside(`${elsewhere}:18080/`), undefined)
    await cluster.kubectl('delete pod host-port --now')
    await eventually('it answers no more', async () => (await fromOutside(`${there}:18080/`)) === undefined)
  })

  test('a client of UDP that keeps its port is led to another pod when its own goes', async () => {
    const ports = [{ port: 90, targetPort: udpPort, protocol: 'UDP' }]
    await cluster.apply([
      pod('echo', nodes[1], cluster.name),
      service('datagrams', { selector: { name: 'echo' }, ports }),
    ])
    await cluster.kubectl('wait --for=condition=Ready pod/echo --timeout=60s')
    await three.startEcho('echo')
    const address = await cluster.kubectl('get service datagrams -o jsonpath={.spec.clusterIP}')
    assert.deepEqual(await three.ask('a', address, 90, [1], 40_000), ['echo 1'])
    await cluster.kubectl('delete pod echo --now')
    await cluster.kubectl('label pod c name=echo --overwrite')
    await eventually('the flow goes on', async () => (await three.ask('a', address, 90, [1], 40_000))[0] === 'c 1')
  })

  test('a node whose process is killed serves on; it comes back with the same containers and rules', async () => {
    const [, second] = nodes
    const address = await cluster.nodeAddress(second)
    const port = await cluster.nodePort('everywhere')
    const started = () =>
      cluster.kubectl('get pod b -o jsonpath={.status.containerStatuses[0].state.running.startedAt}')
    const before = await started()
    process.kill(cluster.pidOf(2), 'SIGKILL')
    for (let i = 0; i < 5; i++) assert.equal(await fromOutside(`${address}:${port}/`), 'b')
    const { code, stderr } = await cluster.up('--nodes', '3')
    assert.equal(code, 0, stderr)
    assert.equal(await fromOutside(`${address}:${port}/`), 'b')
    assert.equal(await started(), before)
    assert.equal(await cluster.kubectl('get pod b -o jsonpath={.status.containerStatuses[0].restartCount}'), '0')
    await cluster.apply(service('later', { type: 'NodePort', selector: { name: 'a' } }))
    const later = await cluster.nodePort('later')
    await eventually('its rules follow', async () => (await fromOutside(`${address}:${later}/`)) === 'a')
  })

  test('a node is drained: its pods go elsewhere, none comes; a node that is deleted joins again', async () => {
    const [, , third] = nodes
    const labels = { app: 'moves' }
    const spread = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }
    await cluster.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'moves' },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            topologySpreadConstraints: [{ ...spread, labelSelector: { matchLabels: labels } }],
            containers: [container()],
          },
        },
      },
    })
    await cluster.kubectl('rollout status deployment/moves --timeout=60s')
    const where = async () =>
      (await cluster.kubectl('get pods -l app=moves -o jsonpath={.items[*].spec.nodeName}')).split(' ').sort()
    assert.deepEqual(await where(), [...nodes].sort())
    await cluster.kubectl(`drain ${third} --force --timeout=60s`)
    await cluster.kubectl('rollout status deployment/moves --timeout=60s')
    assert.ok(!(await where()).includes(third))
    await cluster.kubectl('scale deployment/moves --replicas=6')
    await cluster.kubectl('rollout status deployment/moves --timeout=60s')
    assert.ok(!(await where()).includes(third))
    await cluster.kubectl(`delete node ${third}`)
    const pid = cluster.pidOf(3)
    process.kill(pid, 'SIGTERM')
    await eventually('it has ended', async () => !isAlive(pid))
    const { code, stderr } = await cluster.up('--nodes', '3')
    assert.equal(code, 0, stderr)
    await cluster.kubectl(`wait --for=condition=Ready node/${third} --timeout=60s`)
    await cluster.kubectl('scale deployment/moves --replicas=9')
    await cluster.kubectl('rollout status deployment/moves --timeout=60s')
    assert.ok((await where()).includes(third))
    await cluster.apply(pod('back', third, cluster.name))
    await cluster.kubectl('wait --for=condition=Ready pod/back --timeout=60s')
    assert.equal(await three.fetch('a', `${await three.addressOf('back')}:8080/`), 'back')
    assert.equal(await three.fetch('back', `${three.addresses.b}:8080/`), 'b')
  })
})
