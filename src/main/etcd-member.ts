/** The etcd member of a server, and what the server then uses as its store. */
import { join } from 'node:path'
import { type EtcdPki, ensureEtcdPki } from '../apiserver/pki/etcd-pki.ts'
import { sleep, systemClock } from '../base/clock.ts'
import { GrpcError } from '../base/grpc/grpc-error.ts'
import { loggerOf } from '../base/log.ts'
import type { Spawner } from '../base/spawner.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf, writeConfig } from '../cli/cluster-config.ts'
import type { ListedMember } from '../cli/etcd-command.ts'
import { EtcdBinaryError, findEtcd } from '../etcd-member/binary.ts'
import { clientUrlsOf } from '../etcd-member/join-plan.ts'
import { type Beginning, EtcdMember, hasData, MemberError, ownClientUrl } from '../etcd-member/member.ts'
import { isSameMember, type Member, Members, parseMemberId, showMemberId } from '../etcd-member/members.ts'

export interface RunningMember {
  /** With the members as the store. */
  readonly config: ClusterConfig
  /** Leaves etcd running. */
  stop(): Promise<void>
}

const rememberMs = 30_000
const askTimeoutMs = 3_000

export const etcdDirectory = ({ dataDirectory }: ClusterConfig): string => join(dataDirectory, 'etcd')

export const etcdPkiOf = (config: ClusterConfig): EtcdPki =>
  ensureEtcdPki({
    directory: pathsOf(config).pki,
    name: config.nodeName,
    address: config.nodeAddress,
    clock: systemClock,
  })

const ownUrlOf = ({ nodeAddress, etcdMember }: ClusterConfig): string =>
  ownClientUrl({ address: nodeAddress, clientPort: etcdMember?.clientPort ?? 0 })

/** Resolves when the member votes and has a majority around it. Throws CliError. */
export async function startEtcdMember(
  config: ClusterConfig,
  spawner: Spawner,
  signal: AbortSignal,
): Promise<RunningMember> {
  const { etcdMember } = config
  if (!etcdMember) throw new Error('this server has no etcd member')
  const log = loggerOf('etcd')
  const pki = etcdPkiOf(config)
  try {
    const { path, version } = await findEtcd(spawner, etcdMember.binary)
    const { servers, hasBegun } = etcdMember
    if (servers.length === 0 && hasBegun && !hasData(etcdDirectory(config)))
      throw new MemberError(`the data of the only etcd member are gone from ${etcdDirectory(config)}: put them back`)
    const beginning: Beginning = servers.length === 0 ? { is: 'new-cluster' } : { is: 'join', servers }
    const member = await EtcdMember.start(
      {
        binary: path,
        directory: etcdDirectory(config),
        name: config.nodeName,
        address: config.nodeAddress,
        clientPort: etcdMember.clientPort,
        peerPort: etcdMember.peerPort,
        files: pki.files,
        clientTls: pki.client,
        signal,
        spawner,
        clock: systemClock,
        log,
      },
      beginning,
      servers,
    )
    log.info({ version, pid: member.pid }, 'the etcd member serves')
    const members = new Members([ownUrlOf(config)], pki.client, askTimeoutMs)
    const known = await rememberMembers(config, members, pki)
    const stopping = new AbortController()
    const remembering = keepRemembering(known, members, pki, stopping.signal)
    return {
      config: known,
      async stop() {
        stopping.abort()
        await remembering
        members.close()
        // It goes on, as containers do: so a restart of all servers, one by one, costs the cluster no leader.
        member.detach()
      },
    }
  } catch (error) {
    throw error instanceof EtcdBinaryError || error instanceof MemberError ? new CliError(error.message) : error
  }
}

/** Writes down who the members are, for other commands, and for a next start at which this one is not whole. */
async function rememberMembers(config: ClusterConfig, members: Members, { files }: EtcdPki): Promise<ClusterConfig> {
  const [own = '', ...servers] = clientUrlsOf(await members.list(), ownUrlOf(config))
  const { etcdMember } = config
  if (!etcdMember) return config
  if (etcdMember.hasBegun && servers.join() === etcdMember.servers.join() && config.etcdServers) return config
  const next: ClusterConfig = {
    ...config,
    etcdMember: { ...etcdMember, servers, hasBegun: true },
    etcdServers: [own, ...servers],
    etcdCafile: files.ca,
    etcdCertfile: files.clientCert,
    etcdKeyfile: files.clientKey,
  }
  writeConfig(next)
  return next
}

async function keepRemembering(
  config: ClusterConfig,
  members: Members,
  pki: EtcdPki,
  signal: AbortSignal,
): Promise<void> {
  let current = config
  while (!signal.aborted) {
    await sleep(rememberMs, signal).catch(() => {})
    // Without a majority nothing can have changed.
    if (!signal.aborted) current = await rememberMembers(current, members, pki).catch(() => current)
  }
}

async function withMembers<T>(config: ClusterConfig, use: (members: Members, pki: EtcdPki) => Promise<T>): Promise<T> {
  const { etcdMember } = config
  if (!etcdMember) throw new CliError('this server runs no etcd member', 'see: clipper server --cluster-init')
  const pki = etcdPkiOf(config)
  const members = new Members([ownUrlOf(config), ...etcdMember.servers], pki.client)
  try {
    return await use(members, pki)
  } catch (error) {
    throw error instanceof GrpcError ? new CliError(error.details) : error
  } finally {
    members.close()
  }
}

export const listMembers = (config: ClusterConfig): Promise<ListedMember[]> =>
  withMembers(config, async (members, pki) => {
    const list = await members.list()
    const states = await Promise.all(list.map(member => stateOf(member, pki)))
    return list.map((member, i) => ({
      id: showMemberId(member.id ?? 0),
      name: member.name ?? '',
      peerUrls: member.peerUrls ?? [],
      clientUrls: member.clientUrls ?? [],
      isLearner: member.isLearner ?? false,
      isLeader: states[i] === 'leader',
      isHealthy: states[i] !== undefined,
    }))
  })

async function stateOf({ id = 0, clientUrls = [] }: Member, pki: EtcdPki): Promise<'leader' | 'follower' | undefined> {
  if (clientUrls.length === 0) return undefined
  const one = new Members(clientUrls, pki.client, askTimeoutMs)
  try {
    const { leader } = await one.status()
    return isSameMember(leader, id) ? 'leader' : 'follower'
  } catch {
    return undefined
  } finally {
    one.close()
  }
}

async function find(members: Members, text: string): Promise<Member> {
  const id = parseMemberId(text)
  const list = await members.list()
  const found = list.find(member => member.name === text || (id !== undefined && isSameMember(member.id ?? 0, id)))
  if (!found) throw new CliError(`there is no etcd member ${text}`, 'see: clipper etcd member list')
  return found
}

export const removeMember = (config: ClusterConfig, text: string): Promise<void> =>
  withMembers(config, async members => {
    const { id = 0, name } = await find(members, text)
    if (name === config.nodeName)
      throw new CliError('this is the member of this server', 'remove it from another server')
    await members.remove(id)
  })

export const promoteMember = (config: ClusterConfig, text: string): Promise<void> =>
  withMembers(config, async members => members.promote((await find(members, text)).id ?? 0))
