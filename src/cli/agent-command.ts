/** `clipper agent`: this machine becomes a node of a cluster whose servers run elsewhere. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, mergeConfig, readConfig } from './cluster-config.ts'
import { port, serverUrl } from './flag-values.ts'
import { type JoinToken, joinTokenOf } from './join-token.ts'
import { newConfig } from './new-config.ts'
import { requireRoot } from './preflight.ts'

export interface AgentFlags {
  readonly dataDir: string
  readonly name?: string
  readonly server?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly nodeName?: string
  readonly nodeAddress?: string
  readonly kubeletPort?: number
  readonly dnsPort?: number
  readonly dnsUpstream?: string[]
}

const unknownCluster = { apiPort: 0, clusterCidr: '', serviceCidr: '', nodePortRange: '', clusterDomain: '' }

/** What the cluster says of itself comes in place of the empty settings once the machine has joined. */
export function agentConfigOf(flags: AgentFlags): ClusterConfig {
  const { dataDir, dnsUpstream, token: _token, tokenFile: _tokenFile, ...settings } = flags
  const dataDirectory = resolve(dataDir)
  const given = { ...settings, ...(dnsUpstream ? { dnsUpstreams: dnsUpstream } : {}) }
  const kept = readConfig(dataDirectory)
  if (kept && kept.server === undefined)
    throw new CliError(
      `${dataDirectory} holds a cluster of its own`,
      'choose another --data-dir, or delete it: clipper reset',
    )
  if (kept) return mergeConfig(kept, given)
  if (given.server === undefined)
    throw new CliError('this machine has not joined a cluster yet', 'run: clipper agent --server URL --token TOKEN')
  return newConfig(dataDirectory, unknownCluster, given)
}

export interface AgentCommandOptions {
  readonly withCluster: (command: Command) => Command
  readonly run: (config: ClusterConfig, token: JoinToken | undefined) => Promise<void>
}

export function addAgentCommand(program: Command, { withCluster, run }: AgentCommandOptions): void {
  withCluster(program.command('agent').description('join a cluster as a node and run it, in the foreground'))
    .option('--server <url>', 'a server of the cluster, as https://192.0.2.2:6443 (needed to join)', serverUrl)
    .option('--token <token>', 'of "clipper token create" (needed to join)')
    .option('--token-file <file>', 'where the token is, for arguments are seen by every user')
    .option('--node-name <name>', 'name of this node (default: the host name)')
    .option('--node-address <address>', 'IPv4 address of this node (default: that of its first interface)')
    .option('--kubelet-port <port>', 'port of the kubelet (default: 10250)', port)
    .option('--dns-port <port>', 'port of the cluster DNS on the node (default: 10053)', port)
    .option('--dns-upstream <server...>', "DNS servers for other names (default: the host's)")
    .action(async (flags: AgentFlags) => {
      requireRoot('agent')
      await run(agentConfigOf(flags), joinTokenOf(flags))
    })
}
