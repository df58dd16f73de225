/**
 * A control plane of three servers, each with its etcd member, and two nodes, under a load of writes, watches and requests
 * to a Service: any one server, etcd member or node may be lost. The requirement is that clients continue within 5 s, and
 * scheduling and controllers within 20 s; on a busy machine twice that passes. Figures are printed as diagnostics.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { Deployment } from '../../src/api/apps/v1/deployment.ts'
import { Lease } from '../../src/api/coordination/v1/lease.ts'
import { Node } from '../../src/api/core/v1/node.ts'
import { Pod } from '../../src/api/core/v1/pod.ts'
import { Service } from '../../src/api/core/v1/service.ts'
import { EndpointSlice } from '../../src/api/discovery/v1/endpoint-slice.ts'
import { sleep } from '../../src/base/clock.ts'
import { loggerOf } from '../../src/base/log.ts'
import type { ListedMember } from '../../src/cli/etcd-command.ts'
import { Client } from '../../src/client/client.ts'
import type { HttpsTransport } from '../../src/client/https-transport.ts'
import { LoadBalancer } from '../../src/load-balancer/load-balancer.ts'
import { readinessOf } from '../../src/load-balancer/readiness.ts'
import { eventually, missingForContainers, testImage, writeTestImage } from '../e2e/test-cluster.ts'
import { findOrBuildEtcd } from './etcd.ts'
import { Load, namespace } from './load.ts'
import { type Machine, Network } from './machines.ts'

const clientsContinueMs = 2 * 5_000
const controllersContinueMs = 2 * 20_000
const podsMs = 120_000
const nodePort = 30_080

const missing = missingForContainers()
const etcd = missing ? undefined : await findOrBuildEtcd()
const skip = missing ?? (etcd === undefined ? 'needs etcd 3.5.13 or later, or Go to build it' : false)

const network = new Network()
let servers: Machine[] = []
let agents: Machine[] = []
let balancer: LoadBalancer
let transport: HttpsTransport
let client: Client
let load: Load
let requests: ServiceRequests
let hasFailed = false

const check = (name: string, run: (t: TestContext) => Promise<void>): void =>
  void test(name, { skip }, async t => {
    try {
      await run(t)
    } catch (error) {
      hasFailed = true
      throw error
    }
  })

before(async () => {
  if (skip) return
  await network.up()
  const flags = ['server', '--etcd-binary', etcd!]
  const names = ['server1', 'server2', 'server3']
  servers = await Promise.all(names.map(name => network.machine(name, flags)))
  const [first, ...others] = servers as [Machine, ...Machine[]]
  first.start(['--cluster-init'])
  await first.untilReady()
  const token = (await first.run('token', 'create', '--server')).trim()
  for (const server of others) {
    server.start(['--server', first.server, '--token', token])
    await server.untilReady()
  }
  const ca = readFileSync(join(first.directory, 'pki/ca.crt'), 'utf8')
  balancer = await LoadBalancer.start({
    servers: servers.map(({ address }) => `${address}:6443`),
    check: address => readinessOf(address, ca),
    log: loggerOf('test'),
    random: Math.random,
  })
  transport = await first.transport(balancer.url)
  client = new Client(transport, 'test')
  await startAgents((await first.run('token', 'create')).trim(), first.server)
  await deploy('web', 2)
  await exposeOnNodes('web')
  load = new Load(await first.transport(balancer.url))
  await load.start(3)
  requests = new ServiceRequests(`http://${agents[0]?.address}:${nodePort}/`)
  await eventually('the Service answers', () => requests.once(), podsMs)
  requests.start()
})

after(async () => {
  if (skip) return
  await requests?.stop()
  await load?.stop()
  transport?.close()
  await balancer?.close()
  await network.down(hasFailed)
  if (hasFailed) console.error(`logs: ${network.directory}`)
  // The load's own transport may wait for answers that never come.
  setTimeout(() => process.exit(), 1_000).unref()
})

async function startAgents(token: string, server: string): Promise<void> {
  agents = await Promise.all(['agent1', 'agent2'].map(name => network.machine(name, ['agent'])))
  const image = join(network.directory, 'image.tar')
  writeTestImage(image)
  for (const agent of agents) {
    agent.start(['--server', server, '--token', token])
    await eventually(`${agent.name} is ready: see ${agent.logFile}`, () => isReady(agent), podsMs)
    await agent.run('image', 'load', image)
  }
}

async function isReady({ name }: Machine): Promise<boolean> {
  const { status } = await client.of(Node).get('', name)
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
}

const shortly = ['not-ready', 'unreachable'].map(key => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
}))

/** Pods of a web server, spread over the nodes, that are replaced soon after their node is lost. */
async function deploy(name: string, replicas: number): Promise<void> {
  const labels = { app: name }
  await client.of(Deployment).create(namespace, {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          tolerations: shortly,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [
            {
              name: 'web',
              image: testImage,
              imagePullPolicy: 'Never',
              command: ['httpd', '-f', '-p', '8080', '-h', '/etc'],
            },
          ],
        },
      },
    },
  } as never)
}

async function exposeOnNodes(name: string): Promise<void> {
  await client.of(Service).create(namespace, {
    metadata: { name },
    spec: { type: 'NodePort', selector: { app: name }, ports: [{ port: 80, targetPort: 8080, nodePort }] },
  } as never)
}

const podsOf = async (name: string): Promise<readonly Pod[]> =>
  (await client.of(Pod).list(namespace, { labelSelector: `app=${name}` })).items

const isUp = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.conditions?.some(one => one.type === 'Ready' && one.status === 'True') === true

/** The server whose process holds a Lease; one that stopped gave it back, and another takes it soon after. */
function leaderOf(name: string): Promise<Machine> {
  return eventually(
    `${name} is led`,
    async () => {
      const { spec } = await client.of(Lease).get('kube-system', name)
      return servers.find(server => spec.holderIdentity?.startsWith(`${server.name}_`))
    },
    controllersContinueMs,
  )
}

const membersFrom = async (server: Machine): Promise<ListedMember[]> =>
  JSON.parse(await server.run('etcd', 'member', 'list', '--output', 'json')) as ListedMember[]

async function addressesOfKubernetes(): Promise<string[]> {
  const { endpoints } = await client.of(EndpointSlice).get('default', 'kubernetes')
  return (endpoints ?? []).flatMap(({ addresses }) => addresses).sort()
}

const allAddresses = () => servers.map(({ address }) => address).sort()
const allServe = () =>
  eventually(
    'all servers are in the kubernetes Service',
    async () => `${await addressesOfKubernetes()}` === `${allAddresses()}`,
    podsMs,
  )

/** Requests to the Service on a node, without end. A request on a connection that was refused is sent again, once. */
class ServiceRequests {
  readonly #url: string
  readonly failures: string[] = []
  answered = 0
  #running: Promise<void> | undefined
  #stopped = false

  constructor(url: string) {
    this.#url = url
  }

  once(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const asked = get(`${this.#url}passwd`, { agent: false, timeout: 5_000 }, answer => {
        answer.resume().once('end', () => resolve(answer.statusCode === 200))
      })
      asked.once('timeout', () => asked.destroy(new Error('no answer in 5 s')))
      asked.once('error', reject)
    })
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.once().then(
        ok => void (ok ? this.answered++ : this.failures.push('not 200')),
        error => void this.failures.push((error as Error).message),
      )
      await sleep(100)
    }
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

check('three servers are one control plane on three members', async () => {
  const members = await membersFrom(servers[1]!)
  assert.deepEqual(members.map(({ name }) => name).sort(), ['server1', 'server2', 'server3'])
  assert.ok(members.every(({ isHealthy, isLearner }) => isHealthy && !isLearner))
  assert.equal(members.filter(({ isLeader }) => isLeader).length, 1)
  await allServe()
})

check('what is written through one server is read through the others at once', async () => {
  const direct = await Promise.all(servers.map(async server => new Client(await server.transport(), 'test')))
  for (let i = 0; i < 30; i++) {
    const [writer, ...readers] = [0, 1, 2].map(n => direct[(i + n) % 3]!) as [Client, ...Client[]]
    const made = await writer.of(Lease).create(namespace, { metadata: { name: `fresh-${i}` } } as never)
    for (const reader of readers) {
      assert.equal((await reader.of(Lease).get(namespace, `fresh-${i}`)).metadata.uid, made.metadata.uid)
      const { items } = await reader.of(Lease).list(namespace)
      assert.ok(items.some(({ metadata }) => metadata.name === `fresh-${i}`))
    }
  }
  for (const one of direct) (one.transport as HttpsTransport).close()
})

check('a server that leads is killed: clients continue, others lead and control', async t => {
  const lost = await leaderOf('kube-controller-manager')
  await lost.kill()
  t.diagnostic(`clients continued after ${seconds(await load.untilWritten(clientsContinueMs))}`)
  const begun = performance.now()
  await deploy('after-server', 1)
  await eventually(
    'a new Deployment has its pod',
    async () => (await podsOf('after-server')).some(pod => pod.spec.nodeName),
    controllersContinueMs,
  )
  t.diagnostic(`controllers and scheduling continued after ${seconds(performance.now() - begun)}`)
  await eventually('its address is gone', async () => !(await addressesOfKubernetes()).includes(lost.address), podsMs)
  lost.start()
  await lost.untilReady()
  await allServe()
})

check('the etcd leader is killed: clients continue, the member comes back', async t => {
  const { name } = (await membersFrom(servers[0]!)).find(({ isLeader }) => isLeader)!
  const lost = servers.find(server => server.name === name)!
  const pid = lost.etcdPid
  process.kill(pid, 'SIGKILL')
  t.diagnostic(`clients continued after ${seconds(await load.untilWritten(clientsContinueMs))}`)
  await eventually('the member runs again', async () => lost.etcdPid !== pid, podsMs)
  await eventually(
    'all members are healthy',
    async () => (await membersFrom(servers[0]!)).every(({ isHealthy }) => isHealthy),
    podsMs,
  )
  await Promise.all(servers.map(server => server.untilReady()))
})

check('all servers are restarted one after the other: no request fails', async t => {
  await load.settled()
  const before = load.failures.length
  for (const server of servers) {
    await server.kill('SIGTERM')
    server.start()
    await server.untilReady()
    await allServe()
  }
  t.diagnostic(`${load.created.size} objects made so far`)
  assert.deepEqual(load.failures.slice(before), [])
})

check('a server that leads is cut off from the others: it stops to lead before another begins', async t => {
  const lost = await leaderOf('kube-scheduler')
  const heal = await network.split(
    lost,
    servers.filter(server => server !== lost),
  )
  const cutAt = new Date().toISOString()
  t.diagnostic(`clients continued after ${seconds(await load.untilWritten(clientsContinueMs))}`)
  await eventually('another leads', async () => (await leaderOf('kube-scheduler')) !== lost, controllersContinueMs)
  await eventually(
    'it has stopped to lead',
    async () => timesOf(lost, 'leads no more').some(time => time > cutAt),
    controllersContinueMs,
  )
  const endedAt = timesOf(lost, 'leads no more').find(time => time > cutAt)!
  const begunAt = timesOf(await leaderOf('kube-scheduler'), 'leads').find(time => time > cutAt)!
  assert.ok(endedAt <= begunAt, `led until ${endedAt}, the next from ${begunAt}`)
  await heal()
  await lost.untilReady()
  await allServe()
})

/** When the scheduler of a server began or stopped to lead. */
const timesOf = (server: Machine, message: string): string[] =>
  server
    .log()
    .split('\n')
    .filter(line => line.includes('"lease":"kube-scheduler"') && line.endsWith(`"msg":"${message}"}`))
    .map(line => (JSON.parse(line) as { time: string }).time)

check('nothing that was acknowledged is lost, nothing was done twice, watches missed nothing', async t => {
  const acknowledged = [...load.created]
  await eventually(
    'the watch has told of everything',
    async () => acknowledged.every(name => load.seen.has(name)),
    podsMs,
  )
  await load.stop()
  await requests.stop()
  const { names, count } = await load.state()
  const lost = [...load.created].filter(name => !names.has(name))
  assert.deepEqual(lost, [])
  const strange = [...names].filter(name => !load.created.has(name) && !load.unknown.has(name))
  assert.deepEqual(strange, [])
  assert.deepEqual(
    [...load.seen].filter(([, times]) => times > 1),
    [],
  )
  t.diagnostic(`${names.size} objects, ${count} increments, ${load.unknown.size} unknown outcomes`)
  assert.ok(count >= load.increments && count <= load.increments + load.unknownIncrements, `${count}`)
  t.diagnostic(`${requests.answered} requests to the Service were answered`)
  assert.deepEqual(requests.failures, [])
})

check('a node is lost: its pods are replaced on the other', async t => {
  await eventually('the pods are spread', async () => (await podsOf('web')).filter(isUp).length === 2, podsMs)
  const [staying, lost] = agents as [Machine, Machine]
  await lost.kill()
  const begun = performance.now()
  await eventually(
    'both pods run on the other node',
    async () => {
      const up = (await podsOf('web')).filter(isUp)
      return up.length === 2 && up.every(pod => pod.spec.nodeName === staying.name)
    },
    podsMs,
  )
  t.diagnostic(`replaced after ${seconds(performance.now() - begun)}`)
  lost.start()
  await eventually('the node is back', () => isReady(lost), podsMs)
  await eventually('what was replaced is gone from it', async () => (await podsOf('web')).length === 2, podsMs)
})
