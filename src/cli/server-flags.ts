/** Flags of `clipper server` about other servers: with them, its store is a member of an etcd cluster of their own. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, pathsOf } from './cluster-config.ts'
import { port, serverUrl } from './flag-values.ts'
import { type JoinToken, joinTokenOf, type TokenFlags } from './join-token.ts'

export interface EtcdMemberConfig {
  /** Absolute path of etcd; absent: the one on PATH. */
  readonly binary?: string
  readonly clientPort: number
  readonly peerPort: number
  /** URLs of the other members' clients, as they were last known. */
  readonly servers: readonly string[]
  /** It has been a member: without data it must not begin a new cluster. */
  readonly hasBegun?: boolean
}

export interface ServerFlags extends TokenFlags {
  readonly clusterInit?: boolean
  readonly server?: string
  readonly etcdBinary?: string
  readonly etcdClientPort?: number
  readonly etcdPeerPort?: number
}

/** Whose control plane is to be joined. */
export interface JoinTarget {
  readonly server: string
  readonly token: JoinToken
}

export interface ServerStart {
  readonly config: ClusterConfig
  /** Absent where it begins a control plane, or is part of one. */
  readonly join?: JoinTarget
}

export function withServerFlags(command: Command): Command {
  return command
    .option('--cluster-init', 'begin a control plane of several servers: run the first member of their etcd')
    .option('--server <url>', 'join the control plane of this server, with --token-file', serverUrl)
    .option('--token <token>', 'from "clipper token create --server" on a server that runs')
    .option('--token-file <file>', 'where the token is, for arguments are seen by every user')
    .option('--etcd-binary <file>', 'etcd 3.5.13 or later (default: the one on PATH)', file => resolve(file))
    .option('--etcd-client-port <port>', 'port of the etcd member for clients (default: 2379)', port)
    .option('--etcd-peer-port <port>', 'port of the etcd member for other members (default: 2380)', port)
}

const defaultMember = { clientPort: 2379, peerPort: 2380, servers: [] }

/** What the flags ask for, given what the data directory holds. Throws CliError. */
export function serverStartOf(
  config: ClusterConfig,
  { clusterInit, server, token, tokenFile, etcdBinary, etcdClientPort, etcdPeerPort }: ServerFlags,
): ServerStart {
  const known = config.etcdMember
  const isMany = clusterInit === true || server !== undefined || known !== undefined
  if (!isMany) {
    if (token !== undefined || tokenFile !== undefined) throw new CliError('--token and --token-file need --server')
    if (etcdBinary !== undefined || etcdClientPort !== undefined || etcdPeerPort !== undefined)
      throw new CliError('--etcd-binary, --etcd-client-port and --etcd-peer-port need --cluster-init or --server')
    return { config }
  }
  if (clusterInit && server !== undefined) throw new CliError('--cluster-init and --server exclude each other')
  if (!known && (config.etcdServers ?? []).length > 0)
    throw new CliError(
      'with --etcd-servers the etcd cluster is another: neither --cluster-init nor --server goes with it',
    )
  const member: EtcdMemberConfig = {
    ...(known ?? defaultMember),
    ...(etcdBinary === undefined ? {} : { binary: etcdBinary }),
    ...(etcdClientPort === undefined ? {} : { clientPort: etcdClientPort }),
    ...(etcdPeerPort === undefined ? {} : { peerPort: etcdPeerPort }),
  }
  if (known && (member.clientPort !== known.clientPort || member.peerPort !== known.peerPort))
    throw new CliError('the ports of an etcd member cannot change', 'leave the flags out')
  const next = { ...config, etcdMember: member }
  if (known) return { config: next }
  if (existsSync(pathsOf(config).store))
    throw new CliError(
      `${config.dataDirectory} has an embedded store`,
      'copy it into an etcd cluster first (clipper store copy), or choose another --data-dir',
    )
  if (server === undefined) return { config: next }
  const joinToken = joinTokenOf({ token, tokenFile })
  if (joinToken === undefined)
    throw new CliError(
      '--server needs --token or --token-file',
      'make one on the server that runs: clipper token create --server',
    )
  return { config: next, join: { server, token: joinToken } }
}
