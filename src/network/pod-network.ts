/**
 * The network of the pods of one node: a bridge with host-local addresses (CNI reference plugins), leaving the node
 * under the node's address.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Node } from '../api/core/v1/node.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Informer } from '../client/informer.ts'
import { startUpkeep } from './upkeep.ts'

export interface CommandRunner {
  run(
    command: string,
    args: readonly string[],
    options: { stdin?: string; timeoutMs: number },
  ): Promise<{ code: number; stdout: string; stderr: string }>
}

export interface PodNetworkOptions {
  readonly runner: CommandRunner
  /** At most 15 characters, distinct for every cluster on the machine. */
  readonly bridge: string
  /** nftables table of its own. */
  readonly table: string
  readonly podCidr: string
  /** Pod addresses of the whole cluster: not masqueraded. */
  readonly clusterCidr: string
  readonly cniConfigDirectory: string
  /** Where host-local keeps which addresses are taken. */
  readonly ipamDirectory: string
  readonly mtu: number
}

const commandTimeoutMs = 10_000

/** The list of CNI plugins that containerd runs for every sandbox (CNI specification 1.0.0). */
export function cniConfigList({
  bridge,
  podCidr,
  ipamDirectory,
  mtu,
}: Pick<PodNetworkOptions, 'bridge' | 'podCidr' | 'ipamDirectory' | 'mtu'>): object {
  return {
    cniVersion: '1.0.0',
    name: bridge,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isDefaultGateway: true,
        // Masquerading is a rule of ours; the plugin would need iptables.
        ipMasq: false,
        hairpinMode: true,
        mtu,
        ipam: { type: 'host-local', dataDir: ipamDirectory, ranges: [[{ subnet: podCidr }]] },
      },
    ],
  }
}

/** The rules that let pods reach the world: whatever a firewall's forward policy is, and under the node's address. */
export function egressRules({
  table,
  bridge,
  podCidr,
  clusterCidr,
}: Pick<PodNetworkOptions, 'table' | 'bridge' | 'podCidr' | 'clusterCidr'>): string {
  return [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `add table ip ${table}`,
    `add chain ip ${table} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ip ${table} postrouting ip saddr ${podCidr} ip daddr != { ${clusterCidr}, 224.0.0.0/4 } oifname != "${bridge}" masquerade fully-random`,
    '',
  ].join('\n')
}

/** Writes the configuration and the rules; safe to repeat. Pods can get addresses once it resolves. */
export async function setUpPodNetwork(options: PodNetworkOptions): Promise<void> {
  mkdirSync(options.cniConfigDirectory, { recursive: true, mode: 0o700 })
  mkdirSync(options.ipamDirectory, { recursive: true, mode: 0o700 })
  const path = join(options.cniConfigDirectory, '10-clipper.conflist')
  writeFileSync(`${path}.new`, JSON.stringify(cniConfigList(options), null, 2))
  renameSync(`${path}.new`, path)
  await setKernelSettings()
  await runChecked(options.runner, 'nft', ['-f', '-'], egressRules(options))
}

export interface PodNetworkUpkeep extends Omit<PodNetworkOptions, 'podCidr'> {
  readonly nodes: Informer<Node>
  readonly nodeName: string
  readonly clock: Clock
  readonly log: Logger
}

/** Sets the network up when the node has its range of addresses, and again when it has another. Returns how to stop. */
export function startPodNetwork(options: PodNetworkUpkeep): () => void {
  const { nodes, nodeName, clock, log } = options
  const upkeep = startUpkeep({
    wanted: () => nodes.get('', nodeName)?.spec.podCIDR || undefined,
    apply: podCidr => setUpPodNetwork({ ...options, podCidr }),
    failure: 'cannot set up the pod network',
    clock,
    log,
  })
  const unsubscribe = nodes.subscribe(({ object }) => {
    if (object.metadata.name === nodeName) upkeep.wake()
  })
  return () => {
    upkeep.stop()
    unsubscribe()
  }
}

/** Routing between interfaces, and netfilter for frames that stay on a bridge: a pod may reach its neighbour through a Service. */
async function setKernelSettings(): Promise<void> {
  await writeSetting('/proc/sys/net/ipv4/ip_forward')
  try {
    await writeSetting('/proc/sys/net/bridge/bridge-nf-call-iptables')
  } catch (error) {
    throw new Error(`the kernel lacks br_netfilter (${(error as Error).message}); run: modprobe br_netfilter`)
  }
}

async function writeSetting(path: string): Promise<void> {
  if ((await readFile(path, 'utf8')).trim() !== '1') await writeFile(path, '1')
}

/** Removes the bridge and the rules. Sandboxes must be gone. */
export async function tearDownPodNetwork({
  runner,
  bridge,
  table,
}: Pick<PodNetworkOptions, 'runner' | 'bridge' | 'table'>): Promise<void> {
  await runChecked(runner, 'nft', ['-f', '-'], `add table ip ${table}\ndelete table ip ${table}\n`)
  const { code } = await runner.run('ip', ['link', 'show', bridge], { timeoutMs: commandTimeoutMs })
  if (code === 0) await runChecked(runner, 'ip', ['link', 'delete', bridge])
}

async function runChecked(
  runner: CommandRunner,
  command: string,
  args: readonly string[],
  stdin?: string,
): Promise<void> {
  const { code, stderr } = await runner.run(command, args, {
    timeoutMs: commandTimeoutMs,
    ...(stdin === undefined ? {} : { stdin }),
  })
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr.slice(0, 1000)}`)
}
