/**
 * Nodes, and the pods on them, as the scheduler believes them to be: what the informers told, and the pods assumed on a node
 * while their binding is under way. No I/O and no clock.
 */
import type { Node } from '../api/core/v1/node.ts'
import { PodGroups } from './pod-groups.ts'
import type { PodInfo } from './pod-info.ts'
import { amountsOf } from './pod-requests.ts'
import { ResourceColumns } from './resource-columns.ts'

export interface NodeState {
  readonly name: string
  /** Its row in the columns. */
  readonly index: number
  /** Undefined while only pods of it are known. */
  node: Node | undefined
  /** Counts changes of what filters on the node object read: labels, taints, unschedulable. */
  generation: number
  readonly pods: Map<string, PodInfo>
  /** Host addresses in use, by `TCP/80`, with how many pods use each. */
  readonly ports: Map<string, Map<string, number>>
  /** Bytes of each image that it has, by name. */
  images: ReadonlyMap<string, number>
}

/** A node that is there, as all filters and scores get it. */
export interface ReadyNode extends NodeState {
  node: Node
}

export interface NodeChange {
  readonly added: boolean
  readonly allocatable: boolean
  readonly labels: boolean
  readonly taints: boolean
}

/** Labels by which domains are remembered. */
const maxTopologies = 64

const anyAddress = '0.0.0.0'
const portKey = (protocol: string | undefined, port: number): string => `${protocol ?? 'TCP'}/${port}`
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

export class ClusterState {
  readonly columns = new ResourceColumns()
  readonly #nodes = new Map<string, NodeState>()
  #ready: ReadyNode[] | undefined
  readonly #freeRows: number[] = []
  #rows = 0
  /** One count for all nodes: a row that is used again never looks like the node that had it before. */
  #generations = 0
  /** Which node each known pod is on. */
  readonly #nodeOfPod = new Map<string, NodeState>()
  readonly #assumed = new Set<string>()
  /** Pods that wait for a node to become free for them, by node. */
  readonly #nominated = new Map<string, Map<string, PodInfo>>()
  readonly #nominationOf = new Map<string, string>()
  readonly #imageNodes = new Map<string, number>()
  readonly #namespaceLabels = new Map<string, Readonly<Record<string, string>>>()
  readonly groups = new PodGroups()
  /** How many nodes there are in each domain of a topology; made anew when nodes or their labels change. */
  readonly #domains = new Map<string, Map<string, number>>()

  /** In a stable order. */
  nodes(): readonly ReadyNode[] {
    this.#ready ??= [...this.#nodes.values()].filter((state): state is ReadyNode => state.node !== undefined)
    return this.#ready
  }

  node(name: string): ReadyNode | undefined {
    const state = this.#nodes.get(name)
    return state?.node === undefined ? undefined : (state as ReadyNode)
  }

  setNode(node: Node): NodeChange {
    const state = this.#stateOf(node.metadata.name)
    const before = state.node
    const change = {
      added: before === undefined,
      allocatable: !same(before?.status.allocatable, node.status.allocatable),
      labels: !same(before?.metadata.labels, node.metadata.labels),
      taints:
        !same(before?.spec.taints, node.spec.taints) ||
        (before?.spec.unschedulable ?? false) !== (node.spec.unschedulable ?? false),
    }
    if (change.added || change.labels) {
      this.groups.aroundNodeChange(state, () => {
        state.node = node
      })
      this.#domains.clear()
    } else state.node = node
    this.#ready = undefined
    if (change.added || change.labels || change.taints) state.generation = ++this.#generations
    if (change.added || change.allocatable) {
      for (const column of this.columns.columns()) column.allocatable[state.index] = 0
      for (const [name, amount] of amountsOf(node.status.allocatable)) {
        const column = this.columns.column(name)
        if (column !== undefined) column.allocatable[state.index] = amount
      }
    }
    if (before === undefined || before.status.images !== node.status.images) this.#setImages(state, node)
    return change
  }

  /** Its pods stay known until they are deleted too. */
  removeNode(name: string): void {
    const state = this.#nodes.get(name)
    if (state === undefined) return
    this.groups.aroundNodeChange(state, () => {
      state.node = undefined
    })
    this.#domains.clear()
    state.generation = ++this.#generations
    this.#ready = undefined
    this.#countImages(state.images, -1)
    state.images = new Map()
    for (const column of this.columns.columns()) column.allocatable[state.index] = 0
    this.#dropIfEmpty(state)
  }

  /** Puts a pod on a node, in place of what was known of it. */
  addPod(info: PodInfo, nodeName: string): void {
    this.removePod(info.key)
    const state = this.#stateOf(nodeName)
    this.#nodeOfPod.set(info.key, state)
    this.attach(info, state)
  }

  /** Also ends the assumption. */
  removePod(key: string): PodInfo | undefined {
    this.#assumed.delete(key)
    const state = this.#nodeOfPod.get(key)
    const info = state?.pods.get(key)
    if (state === undefined || info === undefined) return undefined
    this.#nodeOfPod.delete(key)
    this.detach(info, state)
    this.#dropIfEmpty(state)
    return info
  }

  assume(info: PodInfo, nodeName: string): void {
    this.addPod(info, nodeName)
    this.#assumed.add(info.key)
  }

  isAssumed(key: string): boolean {
    return this.#assumed.has(key)
  }

  /** Takes an assumed pod off its node; one that was seen there in the meantime stays. */
  forget(key: string): void {
    if (this.#assumed.has(key)) this.removePod(key)
  }

  knownPod(key: string): PodInfo | undefined {
    return this.#nodeOfPod.get(key)?.pods.get(key)
  }

  nominate(info: PodInfo, nodeName: string): void {
    this.withdraw(info.key)
    if (nodeName === '') return
    const pods = this.#nominated.get(nodeName) ?? new Map<string, PodInfo>()
    pods.set(info.key, info)
    this.#nominated.set(nodeName, pods)
    this.#nominationOf.set(info.key, nodeName)
  }

  withdraw(key: string): void {
    const nodeName = this.#nominationOf.get(key)
    if (nodeName === undefined) return
    this.#nominationOf.delete(key)
    const pods = this.#nominated.get(nodeName)
    pods?.delete(key)
    if (pods?.size === 0) this.#nominated.delete(nodeName)
  }

  nominatedOn(nodeName: string): Iterable<PodInfo> {
    return this.#nominated.get(nodeName)?.values() ?? []
  }

  nominationOf(key: string): string {
    return this.#nominationOf.get(key) ?? ''
  }

  hasNominated(): boolean {
    return this.#nominated.size > 0
  }

  get namespaceLabels(): ReadonlyMap<string, Readonly<Record<string, string>>> {
    return this.#namespaceLabels
  }

  setNamespace(name: string, labels: Readonly<Record<string, string>>): void {
    this.#namespaceLabels.set(name, labels)
    this.groups.namespaceLabelsChanged()
  }

  removeNamespace(name: string): void {
    this.#namespaceLabels.delete(name)
    this.groups.namespaceLabelsChanged()
  }

  /** How many nodes have each value of a label; nodes without it do not count. */
  domains(topologyKey: string): ReadonlyMap<string, number> {
    let domains = this.#domains.get(topologyKey)
    if (domains === undefined) {
      domains = new Map()
      for (const { node } of this.nodes()) {
        const value = node.metadata.labels?.[topologyKey]
        if (value !== undefined) domains.set(value, (domains.get(value) ?? 0) + 1)
      }
      this.#domains.set(topologyKey, domains)
      if (this.#domains.size > maxTopologies) this.#domains.delete(this.#domains.keys().next().value!)
    }
    return domains
  }

  /** How many nodes have an image. */
  nodesWithImage(image: string): number {
    return this.#imageNodes.get(image) ?? 0
  }

  /** Counts a pod on a node without keeping track of it; undone by `detach`. For what-if questions too. */
  attach(info: PodInfo, state: NodeState): void {
    state.pods.set(info.key, info)
    this.groups.add(info, state)
    this.#count(info, state, 1)
    for (const port of info.hostPorts) usePort(state, portKey(port.protocol, port.hostPort!), port.hostIP, 1)
  }

  detach(info: PodInfo, state: NodeState): void {
    state.pods.delete(info.key)
    this.groups.remove(info, state)
    this.#count(info, state, -1)
    for (const port of info.hostPorts) usePort(state, portKey(port.protocol, port.hostPort!), port.hostIP, -1)
  }

  #count(info: PodInfo, state: NodeState, sign: 1 | -1): void {
    const { index } = state
    for (const [name, amount] of info.requests) {
      const column = this.columns.column(name)
      if (column !== undefined) column.requested[index]! += sign * amount
    }
    this.columns.pods.requested[index]! += sign
    this.columns.nonZeroMilliCpu[index]! += sign * info.nonZeroMilliCpu
    this.columns.nonZeroMemoryBytes[index]! += sign * info.nonZeroMemoryBytes
  }

  #stateOf(name: string): NodeState {
    let state = this.#nodes.get(name)
    if (state === undefined) {
      const index = this.#freeRows.pop() ?? this.#rows++
      this.columns.reserve(index)
      state = {
        name,
        index,
        node: undefined,
        generation: ++this.#generations,
        pods: new Map(),
        ports: new Map(),
        images: new Map(),
      }
      this.#nodes.set(name, state)
    }
    return state
  }

  #dropIfEmpty(state: NodeState): void {
    if (state.node !== undefined || state.pods.size > 0) return
    this.#nodes.delete(state.name)
    this.columns.clear(state.index)
    this.#freeRows.push(state.index)
  }

  #setImages(state: NodeState, node: Node): void {
    this.#countImages(state.images, -1)
    const images = new Map<string, number>()
    for (const { names, sizeBytes } of node.status.images ?? []) {
      for (const name of names ?? []) images.set(name, Number(sizeBytes ?? 0))
    }
    state.images = images
    this.#countImages(images, 1)
  }

  #countImages(images: ReadonlyMap<string, number>, sign: 1 | -1): void {
    for (const name of images.keys()) {
      const count = (this.#imageNodes.get(name) ?? 0) + sign
      if (count === 0) this.#imageNodes.delete(name)
      else this.#imageNodes.set(name, count)
    }
  }
}

function usePort(state: NodeState, key: string, address: string | undefined, sign: 1 | -1): void {
  const ip = address || anyAddress
  const users = state.ports.get(key) ?? new Map<string, number>()
  const count = (users.get(ip) ?? 0) + sign
  if (count > 0) users.set(ip, count)
  else users.delete(ip)
  if (users.size > 0) state.ports.set(key, users)
  else state.ports.delete(key)
}

/** Whether a host port is taken. An address of a node conflicts with itself and with "all addresses". */
export function portTaken(
  state: NodeState,
  protocol: string | undefined,
  port: number,
  address: string | undefined,
): boolean {
  const users = state.ports.get(portKey(protocol, port))
  if (users === undefined) return false
  const ip = address || anyAddress
  return ip === anyAddress || users.has(anyAddress) || users.has(ip)
}
