/** Three servers, each with its etcd member, and two nodes, with clients at work that reach them through a balancer. */
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
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
import { eventually, testImage, writeTestImage } from '../e2e/test-cluster.ts'
import { Load, namespace } from './load.ts'
import { type Machine, Network } from './machines.ts'

export const podsMs = 120_000
/** What is promised when one of three is lost. */
export const clientsContinueMs = 5_000
export const controllersContinueMs = 20_000
const nodePort = 30_080

const shortly = ['not-ready', 'unreachable'].map(key => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 1,
}))

export const isUp = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.conditions?.some(one => one.type === 'Ready' && one.status === 'True') === true

/** Requests to the Service on a node, without end, each on a connection of its own. */
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

export interface ControlPlaneOptions {
  readonly etcd: string
  /** MiB that a machine has for all its data; others share the disk. */
  readonly diskMib?: Readonly<Record<string, number>>
}

export class ControlPlane {
  readonly network = new Network()
  readonly etcd: string
  readonly #diskMib: Readonly<Record<string, number>>
  servers: readonly Machine[] = []
  agents: readonly Machine[] = []
  balancer!: LoadBalancer
  client!: Client
  load!: Load
  requests!: ServiceRequests
  #token = ''
  readonly #transports: HttpsTransport[] = []

  constructor({ etcd, diskMib = {} }: ControlPlaneOptions) {
    this.etcd = etcd
    this.#diskMib = diskMib
  }

  /** Servers alone; `flags` are of the first, which the others get with its settings. */
  async startServers(flags: readonly string[] = []): Promise<void> {
    await this.network.up()
    const names = ['server1', 'server2', 'server3']
    this.servers = await Promise.all(names.map(name => this.addServer(name)))
    const [first, ...others] = this.servers as [Machine, ...Machine[]]
    first.start(['--cluster-init', ...flags])
    await first.untilReady()
    this.#token = (await first.run('token', 'create', '--server')).trim()
    for (const server of others) {
      this.join(server)
      await server.untilReady()
    }
    const ca = readFileSync(join(first.directory, 'pki/ca.crt'), 'utf8')
    this.balancer = await LoadBalancer.start({
      servers: this.servers.map(({ address }) => `${address}:6443`),
      check: address => readinessOf(address, ca),
      log: loggerOf('test'),
      random: Math.random,
    })
    this.client = await this.connect()
  }

  /** `label` tells machines of one name apart. */
  addServer(label: string, name = label): Promise<Machine> {
    return this.network.machine(label, ['server', '--etcd-binary', this.etcd], { diskMib: this.#diskMib[label], name })
  }

  /** With a token for servers, which lives for hours. */
  join(server: Machine, flags: readonly string[] = []): void {
    server.start(['--server', this.servers[0]!.server, '--token', this.#token, ...flags])
  }

  /** A client with a connection of its own; the balancer gives new ones to the server that has the fewest. */
  async connect(): Promise<Client> {
    const transport = await this.servers[0]!.transport(this.balancer.url)
    this.#transports.push(transport)
    return new Client(transport, 'test')
  }

  async startAgents(): Promise<void> {
    const [first] = this.servers as [Machine]
    const token = (await first.run('token', 'create')).trim()
    this.agents = await Promise.all(['agent1', 'agent2'].map(name => this.network.machine(name, ['agent'])))
    const image = join(this.network.directory, 'image.tar')
    writeTestImage(image)
    for (const agent of this.agents) {
      agent.start(['--server', first.server, '--token', token])
      await eventually(`${agent.name} is ready: see ${agent.logFile}`, () => this.isReady(agent), podsMs)
      await agent.run('image', 'load', image)
    }
  }

  /** Writes, watches, and requests to a Service. */
  async startLoad(): Promise<void> {
    await this.deploy('web', 2)
    await this.#exposeOnNodes('web')
    this.load = new Load(await this.connect())
    await this.load.start(3)
    this.requests = new ServiceRequests(`http://${this.agents[0]?.address}:${nodePort}/`)
    await eventually('the Service answers', () => this.requests.once(), podsMs)
    this.requests.start()
  }

  async end(hasFailed: boolean): Promise<void> {
    await this.requests?.stop()
    await this.load?.stop()
    for (const transport of this.#transports) transport.close()
    await this.balancer?.close()
    await this.network.down(hasFailed)
    if (hasFailed) console.error(`logs: ${this.network.directory}`)
  }

  async isReady({ name }: Machine): Promise<boolean> {
    const { status } = await this.client.of(Node).get('', name)
    return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  }

  /** Pods of a web server, spread over the nodes, that are replaced soon after their node is lost. */
  async deploy(name: string, replicas: number): Promise<void> {
    const labels = { app: name }
    const spread = {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: labels },
    }
    const web = {
      name: 'web',
      image: testImage,
      imagePullPolicy: 'Never',
      command: ['httpd', '-f', '-p', '8080', '-h', '/etc'],
    }
    await this.client.of(Deployment).create(namespace, {
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            tolerations: shortly,
            topologySpreadConstraints: [spread],
            containers: [web],
          },
        },
      },
    } as never)
  }

  async #exposeOnNodes(name: string): Promise<void> {
    await this.client.of(Service).create(namespace, {
      metadata: { name },
      spec: { type: 'NodePort', selector: { app: name }, ports: [{ port: 80, targetPort: 8080, nodePort }] },
    } as never)
  }

  async podsOf(name: string): Promise<readonly Pod[]> {
    return (await this.client.of(Pod).list(namespace, { labelSelector: `app=${name}` })).items
  }

  /** The server whose process holds a Lease; one that stopped gave it back, and another takes it soon after. */
  leaderOf(name: string, timeoutMs = podsMs): Promise<Machine> {
    return eventually(
      `${name} is led`,
      async () => {
        const { spec } = await this.client.of(Lease).get('kube-system', name)
        return this.servers.find(server => spec.holderIdentity?.startsWith(`${server.name}_`))
      },
      timeoutMs,
    )
  }

  /** Both pods of `web` run. */
  async untilBothRun(): Promise<void> {
    await eventually('both pods run', async () => (await this.podsOf('web')).filter(isUp).length === 2, podsMs)
  }

  /** Both pods of `web` run on this node. */
  async untilBothRunOn(node: Machine): Promise<void> {
    await eventually(
      `both pods run on ${node.name}`,
      async () => {
        const up = (await this.podsOf('web')).filter(isUp)
        return up.length === 2 && up.every(pod => pod.spec.nodeName === node.name)
      },
      podsMs,
    )
  }

  /** The server whose member leads etcd. */
  async etcdLeader(): Promise<Machine> {
    const { name } = (await this.membersFrom(this.servers[0]!)).find(({ isLeader }) => isLeader)!
    return this.servers.find(server => server.name === name)!
  }

  async membersFrom(server: Machine): Promise<ListedMember[]> {
    return JSON.parse(await server.run('etcd', 'member', 'list', '--output', 'json')) as ListedMember[]
  }

  async addressesOfKubernetes(): Promise<string[]> {
    const { endpoints } = await this.client.of(EndpointSlice).get('default', 'kubernetes')
    return (endpoints ?? []).flatMap(({ addresses }) => addresses).sort()
  }

  /** All servers are in the kubernetes Service. */
  async untilAllServe(): Promise<void> {
    const wanted = this.servers.map(({ address }) => address).sort()
    await eventually(
      'all servers are in the kubernetes Service',
      async () => `${await this.addressesOfKubernetes()}` === `${wanted}`,
      podsMs,
    )
  }

  /** All servers serve, and all members answer. */
  async untilWhole(): Promise<void> {
    await Promise.all(this.servers.map(server => server.untilReady()))
    await this.untilAllServe()
    await eventually(
      'all members are healthy',
      async () => (await this.membersFrom(this.servers[0]!)).every(({ isHealthy }) => isHealthy),
      podsMs,
    )
  }
}
