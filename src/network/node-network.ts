/** Keeps the ways to the pods of other nodes equal to what the Nodes say. The only place that runs `ip` and `bridge`. */
import type { Node } from '../api/core/v1/node.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Informer } from '../client/informer.ts'
import {
  type Entries,
  endpointAddress,
  endpointMac,
  internalAddress,
  type Peer,
  peersOf,
  routeProtocol,
  vxlanChanges,
  vxlanEntries,
} from './node-routes.ts'
import type { CommandRunner } from './pod-network.ts'
import { startUpkeep } from './upkeep.ts'

export interface NodeNetworkOptions {
  readonly mode: 'vxlan' | 'routes'
  /** All nodes. */
  readonly nodes: Informer<Node>
  readonly nodeName: string
  readonly nodeAddress: string
  readonly clusterCidr: string
  /** Name of the tunnel's interface: at most 15 characters, distinct for every cluster on the machine. */
  readonly device: string
  readonly vxlanId: number
  readonly vxlanPort: number
  /** Of packets inside of the tunnel. */
  readonly mtu: number
  readonly runner: CommandRunner
  readonly clock: Clock
  readonly log: Logger
  /** How often the kernel is looked at, in case another program changed it; 30 s where absent. */
  readonly checkMs?: number
}

/** Outer IPv4, UDP and VXLAN header, and the inner Ethernet header. */
export const vxlanOverheadBytes = 50

const commandTimeoutMs = 10_000
const defaultCheckMs = 30_000
/** As many as one `ip -batch` takes at a time. */
const maxBatchLines = 10_000

/** Returns how to stop; the ways stay. */
export function startNodeNetwork(options: NodeNetworkOptions): () => void {
  const { nodes, nodeName, clusterCidr, clock, log, checkMs = defaultCheckMs } = options
  const kernel = new Kernel(options)
  const upkeep = startUpkeep({
    wanted() {
      if (!nodes.hasSynced()) return undefined
      const podCidr = nodes.get('', nodeName)?.spec.podCIDR ?? ''
      return { podCidr, peers: podCidr === '' ? [] : peersOf(nodes.list(), nodeName, clusterCidr) }
    },
    apply: ({ podCidr, peers }) => kernel.apply(podCidr, peers),
    failure: 'cannot set up the network between nodes',
    clock,
    log,
    checkMs,
  })
  const unsubscribe = nodes.subscribe(({ object, old }) => {
    // Every node reports again and again, mostly what is known.
    if (old && old.spec.podCIDR === object.spec.podCIDR && internalAddress(old) === internalAddress(object)) return
    upkeep.wake()
  })
  void nodes.synced().then(upkeep.wake)
  return () => {
    upkeep.stop()
    unsubscribe()
  }
}

interface LinkFacts {
  readonly address?: string
  readonly mtu?: number
  readonly linkinfo?: { readonly info_data?: { readonly id?: number; readonly port?: number; readonly local?: string } }
}

class Kernel {
  readonly #options: NodeNetworkOptions

  constructor(options: NodeNetworkOptions) {
    this.#options = options
  }

  async apply(podCidr: string, peers: readonly Peer[]): Promise<void> {
    if (this.#options.mode === 'routes') return this.#applyRoutes(peers)
    // A cluster of one node has no tunnel.
    if (podCidr === '' || (peers.length === 0 && !(await this.#link()))) return
    await this.#ensureDevice(podCidr)
    const { device } = this.#options
    const changes = vxlanChanges(device, await this.#entries(), vxlanEntries(peers))
    await this.#batch('bridge', changes.bridge)
    await this.#batch('ip', changes.ip)
  }

  async #link(): Promise<LinkFacts | undefined> {
    const { runner, device } = this.#options
    const args = ['-d', '-j', 'link', 'show', 'dev', device]
    const { code, stdout } = await runner.run('ip', args, { timeoutMs: commandTimeoutMs })
    return code === 0 ? (JSON.parse(stdout) as LinkFacts[])[0] : undefined
  }

  async #ensureDevice(podCidr: string): Promise<void> {
    const { device, vxlanId, vxlanPort, nodeAddress, mtu } = this.#options
    const mac = endpointMac(podCidr)
    const known = await this.#link()
    const { id, port, local } = known?.linkinfo?.info_data ?? {}
    const fits = known?.address === mac && id === vxlanId && port === vxlanPort && local === nodeAddress
    if (known && !fits) await this.#batch('ip', [`link del ${device}`])
    if (!fits)
      await this.#batch('ip', [
        `link add ${device} address ${mac} type vxlan id ${vxlanId} dstport ${vxlanPort} local ${nodeAddress} nolearning`,
      ])
    await this.#batch('ip', [
      `link set ${device} mtu ${mtu} up`,
      `address replace ${endpointAddress(podCidr)}/32 dev ${device}`,
    ])
  }

  async #entries(): Promise<Entries> {
    const { device } = this.#options
    const [routes, neighbours, forwarding] = await Promise.all([
      this.#json<{ dst: string; gateway?: string }>('ip', ['-j', 'route', 'show', 'dev', device]),
      this.#json<{ dst: string; lladdr?: string }>('ip', ['-j', 'neigh', 'show', 'dev', device, 'nud', 'permanent']),
      this.#json<{ mac: string; dst?: string }>('bridge', ['-j', 'fdb', 'show', 'dev', device]),
    ])
    return {
      routes: new Map(routes.flatMap(({ dst, gateway }) => (gateway === undefined ? [] : [[dst, gateway]]))),
      neighbours: new Map(neighbours.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [[dst, lladdr]]))),
      forwarding: new Map(forwarding.flatMap(({ mac, dst }) => (dst === undefined ? [] : [[mac, dst]]))),
    }
  }

  async #applyRoutes(peers: readonly Peer[]): Promise<void> {
    const known = new Map(
      (await this.#routes()).flatMap(({ dst, gateway }) => (gateway === undefined ? [] : [[dst, gateway] as const])),
    )
    const wanted = new Map(peers.map(({ podCidr, address }) => [podCidr, address]))
    const lines = [...known.keys()].filter(range => !wanted.has(range)).map(range => `route del ${range}`)
    for (const [range, address] of wanted) {
      if (known.get(range) === address) continue
      const [way] = await this.#json<{ dev?: string }>('ip', ['-j', 'route', 'get', address])
      lines.push(`route replace ${range} via ${address} dev ${way?.dev} onlink proto ${routeProtocol}`)
    }
    await this.#batch('ip', lines)
  }

  /** Those that we made for this cluster. */
  #routes(): Promise<{ dst: string; gateway?: string }[]> {
    const { clusterCidr } = this.#options
    return this.#json('ip', ['-j', 'route', 'show', 'root', clusterCidr, 'proto', `${routeProtocol}`])
  }

  async #json<T>(command: string, args: readonly string[]): Promise<T[]> {
    const { stdout } = await this.#run(command, args)
    return stdout.trim() === '' ? [] : (JSON.parse(stdout) as T[])
  }

  async #batch(command: string, lines: readonly string[]): Promise<void> {
    for (let at = 0; at < lines.length; at += maxBatchLines)
      await this.#run(command, ['-batch', '-'], `${lines.slice(at, at + maxBatchLines).join('\n')}\n`)
  }

  async #run(command: string, args: readonly string[], stdin?: string): Promise<{ stdout: string }> {
    const { code, stdout, stderr } = await this.#options.runner.run(command, args, {
      timeoutMs: commandTimeoutMs,
      ...(stdin === undefined ? {} : { stdin }),
    })
    if (code !== 0) throw new Error(`${command} ${stdin?.split('\n')[0] ?? args.join(' ')}: ${stderr.slice(0, 1000)}`)
    return { stdout }
  }
}

export interface Uplink {
  readonly name: string
  readonly mtu: number
}

/** The interface with an address: what goes to other nodes leaves through it. Undefined where there is none but loopback. */
export async function uplinkOf(runner: CommandRunner, address: string): Promise<Uplink | undefined> {
  const { code, stdout } = await runner.run('ip', ['-j', 'address', 'show'], { timeoutMs: commandTimeoutMs })
  if (code !== 0) return undefined
  const links = JSON.parse(stdout) as {
    ifname: string
    mtu: number
    flags: string[]
    addr_info?: { local?: string }[]
  }[]
  const link = links.find(
    ({ flags, addr_info = [] }) => !flags.includes('LOOPBACK') && addr_info.some(({ local }) => local === address),
  )
  return link && { name: link.ifname, mtu: link.mtu }
}

/** Removes the tunnel and the routes. */
export async function tearDownNodeNetwork({
  runner,
  device,
  clusterCidr,
}: Pick<NodeNetworkOptions, 'runner' | 'device' | 'clusterCidr'>): Promise<void> {
  const run = (args: readonly string[]) => runner.run('ip', args, { timeoutMs: commandTimeoutMs })
  if ((await run(['link', 'show', device])).code === 0) await run(['link', 'delete', device])
  if (clusterCidr !== '') await run(['route', 'flush', 'root', clusterCidr, 'proto', `${routeProtocol}`])
}
