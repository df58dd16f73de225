/** Ports of the node that lead to a container (`hostPort`): nftables rules from the pods of the node. */
import { isIP } from 'node:net'
import type { Pod } from '../api/core/v1/pod.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Informer } from '../client/informer.ts'
import type { CommandRunner } from './pod-network.ts'
import { startUpkeep } from './upkeep.ts'

export interface HostPortsOptions {
  /** The pods of this node. */
  readonly pods: Informer<Pod>
  readonly runner: CommandRunner
  readonly clock: Clock
  readonly log: Logger
  readonly table: string
  readonly bridge: string
}

interface HostPort {
  readonly hostIp: string
  readonly hostPort: number
  readonly protocol: string
  readonly address: string
  readonly containerPort: number
}

/** The host ports of the pods that have an address and still run. */
export function hostPortsOf(pods: readonly Pod[]): HostPort[] {
  const ports: HostPort[] = []
  for (const pod of pods) {
    const address = pod.status.podIP
    if (
      address === undefined ||
      isIP(address) !== 4 ||
      pod.spec.hostNetwork === true ||
      pod.status.phase === 'Succeeded' ||
      pod.status.phase === 'Failed'
    )
      continue
    // One address that the table's family does not know would make the kernel refuse every rule.
    for (const container of [
      ...pod.spec.containers,
      ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ])
      for (const port of container.ports ?? [])
        if (port.hostPort && isIP(port.hostIP || '0.0.0.0') === 4)
          ports.push({
            hostIp: port.hostIP ?? '',
            hostPort: port.hostPort,
            protocol: (port.protocol ?? 'TCP').toLowerCase(),
            address,
            containerPort: port.containerPort,
          })
  }
  return ports
}

export function hostPortRules(table: string, bridge: string, ports: readonly HostPort[]): string {
  const rules = ports.map(({ hostIp, hostPort, protocol, address, containerPort }) => {
    const destination = hostIp === '' || hostIp === '0.0.0.0' ? 'fib daddr type local' : `ip daddr ${hostIp}`
    return `add rule ip ${table} host-ports ${destination} meta l4proto ${protocol} th dport ${hostPort} dnat ip to ${address}:${containerPort}`
  })
  return [
    `add table ip ${table}`,
    `delete table ip ${table}`,
    `add table ip ${table}`,
    `add chain ip ${table} host-ports`,
    `add chain ip ${table} prerouting { type nat hook prerouting priority dstnat; }`,
    `add chain ip ${table} output { type nat hook output priority -100; }`,
    `add chain ip ${table} postrouting { type nat hook postrouting priority srcnat; }`,
    `add rule ip ${table} prerouting jump host-ports`,
    `add rule ip ${table} output jump host-ports`,
    // A local client's loopback address means nothing inside a pod.
    `add rule ip ${table} postrouting ip saddr 127.0.0.0/8 oifname "${bridge}" masquerade`,
    // With route_localnet, pods could otherwise send to what listens on the node's loopback address alone.
    `add chain ip ${table} from-pods { type filter hook prerouting priority raw; }`,
    `add rule ip ${table} from-pods iifname "${bridge}" ip daddr 127.0.0.0/8 drop`,
    ...ports.map(
      ({ address, containerPort, protocol }) =>
        `add rule ip ${table} postrouting ip saddr ${address} ip daddr ${address} meta l4proto ${protocol} th dport ${containerPort} masquerade`,
    ),
    ...rules,
    '',
  ].join('\n')
}

const commandTimeoutMs = 10_000

/** Keeps the rules equal to the pods. Returns how to stop. */
export function startHostPorts({ pods, runner, clock, log, table, bridge }: HostPortsOptions): () => void {
  const run = async (command: string, args: readonly string[], stdin?: string): Promise<void> => {
    const options = { timeoutMs: commandTimeoutMs, ...(stdin === undefined ? {} : { stdin }) }
    const { code, stderr } = await runner.run(command, args, options)
    if (code !== 0) throw new Error(stderr.slice(0, 1000))
  }
  /** From 127.0.0.1 to a pod, as from any other address. After the rules, which shield the node's loopback address. */
  const routeLoopback = () => run('sh', ['-c', `echo 1 >/proc/sys/net/ipv4/conf/${bridge}/route_localnet`])
  const upkeep = startUpkeep({
    wanted: () => (pods.hasSynced() ? hostPortRules(table, bridge, hostPortsOf(pods.list())) : undefined),
    async apply(script) {
      await run('nft', ['-f', '-'], script)
      if (script.includes('dnat')) await routeLoopback()
    },
    failure: 'cannot apply the host port rules',
    clock,
    log,
  })
  const unsubscribe = pods.subscribe(upkeep.wake)
  void pods.synced().then(upkeep.wake)
  return () => {
    upkeep.stop()
    unsubscribe()
  }
}
