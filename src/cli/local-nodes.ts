/**
 * Further nodes on this machine (`--nodes`): each has a network namespace, a containerd and a data directory of its own and
 * joins as another machine would; file systems are the machine's. A bridge joins their namespaces, as a switch would.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, interfaceName, readConfig } from './cluster-config.ts'

export interface LocalNode {
  readonly name: string
  readonly dataDirectory: string
  readonly networkNamespace: string
  /** The machine's end of the link. */
  readonly link: string
  readonly address: string
  /** The machine's address on the nodes' bridge. */
  readonly gateway: string
  /** Names what is the node's alone on this machine; no cluster can have such a name. */
  readonly instance: string
}

interface Network {
  readonly bridge: string
  readonly gateway: string
  readonly cidr: string
  readonly table: string
}

export const maxLocalNodes = 64

type Local = Pick<ClusterConfig, 'name' | 'dataDirectory' | 'nodes' | 'nodeNetworkCidr'>

const networkOf = ({ name, nodeNetworkCidr = '' }: Local): Network => ({
  bridge: interfaceName('clipn', name),
  gateway: addressIn(nodeNetworkCidr, 1),
  cidr: nodeNetworkCidr,
  table: `clipper-${name}-nodes`,
})

const addressIn = (cidr: string, host: number): string => cidr.replace(/\d+\/\d+$/, `${host}`)

/** Those beside the first, which runs in the cluster's own process. */
export function localNodesOf(config: Local): LocalNode[] {
  return Array.from({ length: Math.max(0, (config.nodes ?? 1) - 1) }, (_, i) => {
    const number = i + 2
    return {
      name: `${config.name}-${number}`,
      dataDirectory: join(config.dataDirectory, 'nodes', `${number}`),
      networkNamespace: `clipper-${config.name}-${number}`,
      link: interfaceName(`clipl${number}`, config.name),
      address: addressIn(config.nodeNetworkCidr ?? '', number),
      gateway: addressIn(config.nodeNetworkCidr ?? '', 1),
      instance: `${config.name}_${number}`,
    }
  })
}

/** A range for the nodes' links that this machine does not use yet. */
export function freeNodeNetwork(interfaces = networkInterfaces()): string {
  const used = Object.values(interfaces)
    .flatMap(addresses => addresses ?? [])
    .map(({ address }) => address.split('.').slice(0, 3).join('.'))
  for (let third = 0; third < 256; third++) {
    const prefix = `172.30.${third}`
    if (!used.includes(prefix)) return `${prefix}.0/24`
  }
  throw new CliError('no range of 172.30.0.0/16 is free for the links of nodes', 'end clusters that you no longer need')
}

/** The settings of the agent of a node. */
export function agentConfigOf(config: ClusterConfig, node: LocalNode): ClusterConfig {
  const kept = readConfig(node.dataDirectory)
  return {
    ...config,
    clusterCidr: kept?.clusterCidr ?? '',
    serviceCidr: kept?.serviceCidr ?? '',
    clusterDomain: kept?.clusterDomain ?? '',
    nodes: 1,
    name: node.instance,
    dataDirectory: node.dataDirectory,
    nodeName: node.name,
    nodeAddress: node.address,
    server: `https://${config.nodeAddress}:${config.apiPort}`,
    // The machine's own servers may listen on its loopback address alone, which is not the node's.
    dnsUpstreams: config.dnsUpstreams.length > 0 ? config.dnsUpstreams : [`${config.nodeAddress}:${config.dnsPort}`],
  }
}

export const namespacePath = ({ networkNamespace }: LocalNode): string => join('/run/netns', networkNamespace)

/** A command inside of the node's network; nothing else of it is the node's own. */
export const insideOf = (node: LocalNode, command: readonly string[]): readonly string[] => [
  'nsenter',
  `--net=${namespacePath(node)}`,
  ...command,
]

const commandTimeoutMs = 15_000

function run(command: string, args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, [...args], { timeout: commandTimeoutMs }, (error, _, stderr) =>
      error ? reject(new CliError(`${command} ${args.join(' ')}: ${stderr.trim() || error.message}`)) : resolve(),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

const linkExists = (name: string): boolean => existsSync(join('/proc/sys/net/ipv4/conf', name))

/** Makes what is missing of the nodes' network; safe to repeat. */
export async function ensureLocalNetwork(config: Local): Promise<void> {
  const nodes = localNodesOf(config)
  if (nodes.length === 0) return
  const { bridge, gateway, cidr, table } = networkOf(config)
  const ip = (text: string) => run('ip', text.split(' '))
  if (!linkExists(bridge)) await ip(`link add ${bridge} type bridge`)
  await ip(`address replace ${gateway}/24 dev ${bridge}`)
  await ip(`link set ${bridge} up`)
  for (const node of nodes) {
    const { networkNamespace: namespace, link, address } = node
    if (!existsSync(namespacePath(node))) await ip(`netns add ${namespace}`)
    // One end does not live without the other: the machine's is there only where the node's is.
    if (!linkExists(link)) await ip(`link add ${link} type veth peer name eth0 netns ${namespace}`)
    await ip(`link set ${link} master ${bridge} up`)
    await ip(`-n ${namespace} link set lo up`)
    await ip(`-n ${namespace} address replace ${address}/24 dev eth0`)
    await ip(`-n ${namespace} link set eth0 up`)
    await ip(`-n ${namespace} route replace default via ${gateway}`)
  }
  await run(
    'nft',
    ['-f', '-'],
    [
      `add table ip ${table}`,
      `delete table ip ${table}`,
      `add table ip ${table}`,
      `add chain ip ${table} postrouting { type nat hook postrouting priority srcnat; }`,
      `add rule ip ${table} postrouting ip saddr ${cidr} ip daddr != ${cidr} oifname != "${bridge}" masquerade`,
      '',
    ].join('\n'),
  )
}

/** Takes it away; the nodes' processes have ended. */
export async function removeLocalNetwork(config: Local): Promise<void> {
  const nodes = localNodesOf(config)
  if (nodes.length === 0) return
  const { bridge, table } = networkOf(config)
  for (const node of nodes) {
    if (linkExists(node.link)) await run('ip', ['link', 'delete', node.link])
    if (existsSync(namespacePath(node))) await run('ip', ['netns', 'delete', node.networkNamespace])
  }
  if (linkExists(bridge)) await run('ip', ['link', 'delete', bridge])
  await run('nft', ['-f', '-'], `add table ip ${table}\ndelete table ip ${table}\n`)
}
