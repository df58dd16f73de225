/** `clipper etcd`: the etcd cluster that the servers of a control plane run. */
import type { Command } from 'commander'
import type { ClusterConfig } from './cluster-config.ts'

export interface ListedMember {
  /** Hexadecimal, as etcdctl shows it. */
  readonly id: string
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  readonly isLearner: boolean
  readonly isLeader: boolean
  /** Whether it answers. */
  readonly isHealthy: boolean
}

export interface EtcdActions {
  listMembers(config: ClusterConfig): Promise<readonly ListedMember[]>
  /** `member`: its id or its name. Throws CliError where there is none, or the cluster refuses. */
  removeMember(config: ClusterConfig, member: string): Promise<void>
  promoteMember(config: ClusterConfig, member: string): Promise<void>
}

export interface EtcdCommandOptions {
  /** Loaded when they are needed. */
  readonly actions: () => Promise<EtcdActions>
  readonly withCluster: (command: Command) => Command
  readonly configOf: (flags: object) => ClusterConfig
  readonly print: (line: string) => void
}

export function addEtcdCommand(program: Command, { actions, withCluster, configOf, print }: EtcdCommandOptions): void {
  const member = program
    .command('etcd')
    .description("the etcd cluster of a control plane's servers")
    .command('member')
    .description('its members')
  withCluster(member.command('list').description('show the members'))
    .option('-o, --output <format>', 'as JSON: json')
    .action(async (flags: { output?: string }) => {
      const members = await (await actions()).listMembers(configOf(flags))
      if (flags.output === 'json') return print(JSON.stringify(members, null, 2))
      print(['ID', 'NAME', 'STATUS', 'ROLE', 'PEER URLS', 'CLIENT URLS'].join('\t'))
      for (const one of members) print(rowOf(one).join('\t'))
    })
  withCluster(member.command('remove').description('remove a member whose machine is gone'))
    .argument('<member>', 'its id or name')
    .action(async (name: string, flags: object) => (await actions()).removeMember(configOf(flags), name))
  withCluster(member.command('promote').description('make a learner vote, once it has caught up'))
    .argument('<member>', 'its id or name')
    .action(async (name: string, flags: object) => (await actions()).promoteMember(configOf(flags), name))
}

const rowOf = ({ id, name, peerUrls, clientUrls, isLearner, isLeader, isHealthy }: ListedMember): string[] => [
  id,
  name || '<unstarted>',
  isHealthy ? 'healthy' : 'unreachable',
  isLearner ? 'learner' : isLeader ? 'leader' : 'follower',
  peerUrls.join(','),
  clientUrls.join(',') || '<none>',
]
