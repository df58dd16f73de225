/** Gives each node a range of pod addresses out of the cluster's (upstream's range allocator). IPv4 and IPv6. */
import { BlockList, isIPv6 } from 'node:net'
import { Node } from '../../api/core/v1/node.ts'
import { type Action, mergePatch } from '../runtime/action.ts'
import type { ControllerDefinition } from '../runtime/controller.ts'

export interface NodeIpamOptions {
  /** As `10.244.0.0/16`. */
  readonly clusterCidr: string
  /** Prefix length of a node's range; absent: 24, with IPv6 64. */
  readonly nodeMaskSize?: number
}

interface Ranges {
  readonly base: bigint
  readonly count: bigint
  readonly bits: number
  readonly mask: number
}

function parseRanges({ clusterCidr, nodeMaskSize }: NodeIpamOptions): Ranges {
  const [address = '', prefixText = ''] = clusterCidr.split('/')
  const bits = isIPv6(address) ? 128 : 32
  const prefix = Number(prefixText)
  const mask = nodeMaskSize ?? (bits === 32 ? 24 : 64)
  new BlockList().addSubnet(address, prefix, bits === 32 ? 'ipv4' : 'ipv6')
  if (mask < prefix || mask > bits || mask - prefix > 16) {
    throw new Error(`nodes cannot get ranges of /${mask} out of ${clusterCidr}`)
  }
  const size = 1n << BigInt(bits - prefix)
  return { base: toNumber(address, bits) & ~(size - 1n), count: 1n << BigInt(mask - prefix), bits, mask }
}

function toNumber(address: string, bits: number): bigint {
  if (bits === 32) return address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const parts = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return parts.reduce((sum: bigint, part: string) => (sum << 16n) + BigInt(`0x${part}`), 0n)
}

function toText(value: bigint, bits: number): string {
  const step = bits === 32 ? 8 : 16
  const parts: string[] = []
  for (let shift = bits - step; shift >= 0; shift -= step) {
    const part = (value >> BigInt(shift)) & ((1n << BigInt(step)) - 1n)
    parts.push(part.toString(bits === 32 ? 10 : 16))
  }
  return bits === 32 ? parts.join('.') : parts.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
}

export function planRanges(nodes: readonly Node[], options: NodeIpamOptions): Action[] {
  const { base, count, bits, mask } = parseRanges(options)
  const used = new Set(nodes.flatMap(node => node.spec.podCIDRs ?? (node.spec.podCIDR ? [node.spec.podCIDR] : [])))
  const actions: Action[] = []
  let at = 0n
  for (const node of nodes) {
    if (node.spec.podCIDR || node.metadata.deletionTimestamp !== undefined) continue
    let range = ''
    for (; at < count && range === ''; at++) {
      const candidate = `${toText(base + (at << BigInt(bits - mask)), bits)}/${mask}`
      if (!used.has(candidate)) range = candidate
    }
    if (range === '') {
      actions.push({
        do: 'event',
        on: node,
        type: 'Normal',
        reason: 'CIDRNotAvailable',
        message: `Node ${node.metadata.name} status is now: CIDRNotAvailable`,
      })
    } else {
      const patch = { metadata: { uid: node.metadata.uid }, spec: { podCIDR: range, podCIDRs: [range] } }
      actions.push(mergePatch(Node, node, patch))
    }
  }
  return actions
}

/** All nodes are planned under one key, so that no range is given twice. */
export const nodeIpamController = (options: NodeIpamOptions): ControllerDefinition => ({
  name: 'node-controller',
  workers: 1,
  build(context) {
    parseRanges(options)
    const nodes = context.informer(Node)
    nodes.subscribe(({ type, object }) => {
      if (type === 'deleted' || !object.spec.podCIDR) context.enqueue('nodes')
    })
    return { plan: () => ({ steps: [planRanges(nodes.list(), options)] }) }
  },
})
