/** The etcd member of this server: made with a new cluster or joined to one, run, and looked after. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../base/clock.ts'
import { type DetachedDependencies, DetachedProcess, endDetached } from '../base/detached-process.ts'
import type { ClientTls } from '../base/grpc/grpc-channel.ts'
import { GrpcError } from '../base/grpc/grpc-error.ts'
import { readIfExists, writeFileWhole } from '../base/whole-file.ts'
import { initialClusterOf, type NewMember, planJoin } from './join-plan.ts'
import { Members, showMemberId } from './members.ts'

export interface MemberFiles {
  readonly ca: string
  readonly serverCert: string
  readonly serverKey: string
  readonly peerCert: string
  readonly peerKey: string
}

export interface MemberOptions extends DetachedDependencies {
  readonly binary: string
  /** Everything of the member lies here. */
  readonly directory: string
  readonly name: string
  readonly address: string
  readonly clientPort: number
  readonly peerPort: number
  readonly files: MemberFiles
  readonly clientTls: ClientTls
  readonly signal: AbortSignal
}

/** How a member without data begins. */
export type Beginning =
  | { readonly is: 'new-cluster' }
  /** URLs of clients of the cluster's members. */
  | { readonly is: 'join'; readonly servers: readonly string[] }

/** What etcd is started with for the first time; it says so at every start, so that a running one is known again. */
interface Initial {
  readonly state: 'new' | 'existing'
  readonly cluster: string
}

export class MemberError extends Error {}

const retryMs = 250
const tellEveryMs = 5_000
const quotaBytes = 8 * 1024 ** 3
const logRotation = { maxsize: 20, maxage: 0, maxbackups: 2, localtime: false, compress: false }

export const ownClientUrl = ({ address, clientPort }: Pick<MemberOptions, 'address' | 'clientPort'>): string =>
  `https://${address}:${clientPort}`

const peerUrlOf = ({ address, peerPort }: MemberOptions): string => `https://${address}:${peerPort}`
const dataOf = ({ directory }: Pick<MemberOptions, 'directory'>): string => join(directory, 'data')
const initialFile = ({ directory }: Pick<MemberOptions, 'directory'>): string => join(directory, 'initial.json')
const instanceFile = (directory: string): string => join(directory, 'instance.json')

/** Whether it has data, so that it need not begin any more. */
export const hasData = (directory: string): boolean => existsSync(join(dataOf({ directory }), 'member', 'snap'))

export const stopMember = (directory: string): Promise<void> => endDetached(instanceFile(directory))

export class EtcdMember {
  readonly #options: MemberOptions
  readonly #process: DetachedProcess

  private constructor(options: MemberOptions, process: DetachedProcess) {
    this.#options = options
    this.#process = process
  }

  /** Resolves when the member votes and answers. Throws MemberError. `known`: URLs of other members' clients. */
  static async start(options: MemberOptions, beginning: Beginning, known: readonly string[]): Promise<EtcdMember> {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const initial = await initialOf(options, beginning)
    const process = new DetachedProcess(programOf(options, initial), options)
    const member = new EtcdMember(options, process)
    await process.start()
    try {
      await member.#untilItVotes(beginning.is === 'join' ? beginning.servers : known)
      await member.#untilItServes()
      return member
    } catch (error) {
      process.detach()
      throw error
    }
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** etcd goes on; a later start adopts it. */
  detach(): void {
    this.#process.detach()
  }

  /** A learner is promoted by the members that vote, once it has caught up. */
  async #untilItVotes(others: readonly string[]): Promise<void> {
    const own = new Members([ownClientUrl(this.#options)], this.#options.clientTls, 2_000)
    try {
      const status = await this.#patiently('etcd answers', () => own.status())
      if (!status.isLearner) return
      if (others.length === 0) throw new MemberError('this etcd member is a learner, and no other member is known')
      const voters = new Members(others, this.#options.clientTls, 5_000)
      try {
        await this.#patiently('etcd has caught up', () =>
          voters.promote(status.memberId).catch(error => {
            // An attempt whose answer was lost has done it.
            if (!/can only promote a learner member$/.test((error as Error).message)) throw error
          }),
        )
        this.#options.log.info({ member: showMemberId(status.memberId) }, 'the etcd member votes')
      } finally {
        voters.close()
      }
    } finally {
      own.close()
    }
  }

  /** There is a majority, and this member is in it. */
  async #untilItServes(): Promise<void> {
    const own = new Members([ownClientUrl(this.#options)], this.#options.clientTls, 2_000)
    try {
      await this.#patiently('the etcd cluster has a majority', () => own.list())
    } finally {
      own.close()
    }
  }

  async #patiently<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { signal, log, clock } = this.#options
    let toldAtMs = clock.monotonic()
    for (;;) {
      signal.throwIfAborted()
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        const lastLines = this.#process.lastLines(20)
        if (/permanently removed from the cluster/.test(lastLines))
          throw new MemberError(
            `this server's etcd member was removed from its cluster; delete ${this.#options.directory} to join it anew`,
          )
        if (clock.monotonic() - toldAtMs > tellEveryMs) {
          toldAtMs = clock.monotonic()
          log.info({ reason: error.details }, `waiting until ${what}`)
        }
      }
      await sleep(retryMs, signal)
    }
  }
}

function programOf(options: MemberOptions, initial: Initial) {
  const { binary, directory, name, clientPort, files } = options
  const logFile = join(directory, 'etcd.log')
  const clientUrl = ownClientUrl(options)
  const peerUrl = peerUrlOf(options)
  const flags = {
    name,
    'data-dir': dataOf(options),
    'listen-client-urls': [...new Set([clientUrl, `https://127.0.0.1:${clientPort}`])].join(','),
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': initial.cluster,
    'initial-cluster-state': initial.state,
    'trusted-ca-file': files.ca,
    'cert-file': files.serverCert,
    'key-file': files.serverKey,
    'client-cert-auth': 'true',
    'peer-trusted-ca-file': files.ca,
    'peer-cert-file': files.peerCert,
    'peer-key-file': files.peerKey,
    'peer-client-cert-auth': 'true',
    'quota-backend-bytes': String(quotaBytes),
    'log-level': 'warn',
    'log-outputs': logFile,
    'enable-log-rotation': 'true',
    'log-rotation-config-json': JSON.stringify(logRotation),
  }
  return {
    command: binary,
    args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
    logFile,
    instanceFile: instanceFile(directory),
  }
}

/** Decided once. Before there is data, a join is looked at anew: what was decided may have been undone meanwhile. */
async function initialOf(options: MemberOptions, beginning: Beginning): Promise<Initial> {
  const kept = readIfExists(initialFile(options))
  if (kept !== undefined && hasData(options.directory)) return JSON.parse(kept) as Initial
  const self = { name: options.name, peerUrl: peerUrlOf(options) }
  await stopMember(options.directory)
  rmSync(dataOf(options), { recursive: true, force: true })
  const initial: Initial =
    beginning.is === 'new-cluster'
      ? { state: 'new', cluster: `${self.name}=${self.peerUrl}` }
      : { state: 'existing', cluster: await joinCluster(options, beginning.servers, self) }
  writeFileWhole(initialFile(options), JSON.stringify(initial), 0o600)
  return initial
}

/** Makes it a learner, unless it is one; gives `--initial-cluster`. */
async function joinCluster(options: MemberOptions, servers: readonly string[], self: NewMember): Promise<string> {
  const { log, signal, clientTls } = options
  const members = new Members(servers, clientTls)
  try {
    for (;;) {
      signal.throwIfAborted()
      try {
        const list = await members.list()
        const plan = planJoin(list, self)
        if (plan.is === 'refuse') throw new MemberError(plan.why)
        if (plan.is === 'resume') return initialClusterOf(list, plan.id, self)
        if (plan.is === 'replace') {
          log.warn(
            { member: showMemberId(plan.id) },
            'this server was an etcd member, and its data are gone: replacing it',
          )
          await members.remove(plan.id)
        }
        const added = await members.addLearner(self.peerUrl)
        log.info({ member: showMemberId(added.id) }, 'this server is a learner of the etcd cluster')
        return initialClusterOf(added.members, added.id, self)
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        // Another one joins just now, or the cluster is short of members: both may pass.
        log.info({ reason: error.details }, 'waiting to join the etcd cluster')
      }
      await sleep(4 * retryMs, signal)
    }
  } finally {
    members.close()
  }
}
