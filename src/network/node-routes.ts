/**
 * How packets reach pods on other nodes, as a pure function of the Nodes: by VXLAN (RFC 7348), where each node is one
 * tunnel endpoint whose addresses follow from its range of pod addresses, so that nothing but the Node object has to be
 * known of it; or by plain routes, where all nodes are on one link.
 */
import { BlockList, isIP } from 'node:net'
import type { Node } from '../api/core/v1/node.ts'

export interface Peer {
  /** As `10.244.1.0/24`. */
  readonly podCidr: string
  /** IPv4 address of the node. */
  readonly address: string
}

/** The routing protocol number of our routes, by which they are told from others' (see `ip route`, `proto`). */
export const routeProtocol = 76

const cidrPattern = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/

const isPodCidr = (text: string | undefined): text is string => {
  const [, address = '', bits] = cidrPattern.exec(text ?? '') ?? []
  return isIP(address) === 4 && Number(bits) >= 8 && Number(bits) <= 30
}

export const internalAddress = ({ status }: Node): string | undefined =>
  (status.addresses ?? []).find(({ type, address }) => type === 'InternalIP' && isIP(address) === 4)?.address

/** The other nodes that have a range of the cluster's and an address. Of two with the same range the first by name counts. */
export function peersOf(nodes: readonly Node[], ownName: string, clusterCidr: string): Peer[] {
  const [base = '', bits = ''] = clusterCidr.split('/')
  const cluster = new BlockList()
  cluster.addSubnet(base, Number(bits))
  const isInside = (range: string) =>
    cluster.check(endpointAddress(range)) && Number(range.split('/')[1]) >= Number(bits)
  const peers = new Map<string, Peer>()
  const own = nodes.find(({ metadata }) => metadata.name === ownName)?.spec.podCIDR
  for (const node of nodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { podCIDR } = node.spec
    const address = internalAddress(node)
    if (node.metadata.name === ownName || address === undefined || !isPodCidr(podCIDR) || !isInside(podCIDR)) continue
    if (podCIDR !== own && !peers.has(podCIDR)) peers.set(podCIDR, { podCidr: podCIDR, address })
  }
  return [...peers.values()]
}

/** The first address of a range, which no pod gets: the tunnel endpoint's inside of the tunnel. */
export const endpointAddress = (podCidr: string): string => podCidr.split('/')[0] ?? ''

/** Locally administered, with the address in it, as the bridge plugin makes those of pods. */
export const endpointMac = (podCidr: string): string =>
  `0a:58:${endpointAddress(podCidr)
    .split('.')
    .map(part => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`

/** What the kernel holds, or should hold, for one way between nodes. */
export interface Entries {
  /** Range → the next hop. */
  readonly routes: ReadonlyMap<string, string>
  /** Endpoint's address → its MAC. */
  readonly neighbours: ReadonlyMap<string, string>
  /** MAC → the node's address. */
  readonly forwarding: ReadonlyMap<string, string>
}

export function vxlanEntries(peers: readonly Peer[]): Entries {
  return {
    routes: new Map(peers.map(({ podCidr }) => [podCidr, endpointAddress(podCidr)])),
    neighbours: new Map(peers.map(({ podCidr }) => [endpointAddress(podCidr), endpointMac(podCidr)])),
    forwarding: new Map(peers.map(({ podCidr, address }) => [endpointMac(podCidr), address])),
  }
}

/** Lines for `ip -batch` and `bridge -batch` that turn one into the other; what goes, goes first. */
export function vxlanChanges(device: string, now: Entries, wanted: Entries): { ip: string[]; bridge: string[] } {
  const gone = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>) =>
    [...from].filter(([key]) => !to.has(key))
  const other = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>) =>
    [...to].filter(([key, value]) => from.get(key) !== value)
  return {
    ip: [
      ...gone(now.routes, wanted.routes).map(([range]) => `route del ${range} dev ${device}`),
      ...gone(now.neighbours, wanted.neighbours).map(([address]) => `neigh del ${address} dev ${device}`),
      ...other(now.neighbours, wanted.neighbours).map(
        ([address, mac]) => `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`,
      ),
      ...other(now.routes, wanted.routes).map(
        ([range, via]) => `route replace ${range} via ${via} dev ${device} onlink proto ${routeProtocol}`,
      ),
    ],
    bridge: [
      ...[...gone(now.forwarding, wanted.forwarding), ...changedOf(now.forwarding, wanted.forwarding)].map(
        ([mac, address]) => `fdb del ${mac} dev ${device} dst ${address} self`,
      ),
      ...other(now.forwarding, wanted.forwarding).map(
        ([mac, address]) => `fdb append ${mac} dev ${device} dst ${address} self permanent`,
      ),
    ],
  }
}

/** What is there under a key that shall have another value: a MAC may have several destinations, so it has to go. */
const changedOf = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>) =>
  [...from].filter(([key, value]) => to.has(key) && to.get(key) !== value)
