/** The store that a cluster's settings name: an etcd cluster, else the embedded one in its data directory. */
import { join } from 'node:path'
import type { HealthCheck } from '../apiserver/endpoints/health.ts'
import { systemClock } from '../base/clock.ts'
import type { ClientTls } from '../base/grpc/grpc-channel.ts'
import { loggerOf } from '../base/log.ts'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { fileOfFlag } from '../cli/flag-values.ts'
import { defaultSnapshotRetention, storeListenerOf } from '../cli/store-flags.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { EncryptingStore } from '../store/encryption/encrypting-store.ts'
import { openEtcdStore } from '../store/etcd/etcd-store.ts'
import type { MaintainedStore } from '../store/maintained-store.ts'
import { startStoreServer } from '../store/server/store-server.ts'
import type { Store } from '../store/store.ts'
import { type Encryption, openEncryption } from './encryption.ts'
import { ReloadingEncryption } from './encryption-reload.ts'
import { scheduleSnapshots } from './snapshot-schedule.ts'

const read = (flag: string, file: string | undefined): string | undefined =>
  file === undefined || file === '' ? undefined : fileOfFlag(flag, file)

const followMembersMs = 10_000

export interface OpenedStore {
  readonly store: Store
  readonly healthChecks: readonly HealthCheck[]
  /** Told of every change of what is encrypted how: keys that it asks for may be stored otherwise than they would be now. */
  onEncryptionChange(listener: (isEncrypted: (key: string) => boolean) => void): void
  /** The store, and what it needs besides. */
  close(): Promise<void>
}

/** Throws CliError where etcd cannot be used, or what is to be done with the store is not said rightly. */
export async function openStore(config: ClusterConfig): Promise<OpenedStore> {
  const encryption = encryptionOf(config)
  const listener = storeListenerOf(config)
  const { store, maintained } = await openPlainStore(config)
  const closers: (() => Promise<unknown>)[] = [() => store.close()]
  try {
    if (maintained && listener) {
      const { host, port, certFile, keyFile, clientCaFile } = listener
      const tls = {
        cert: fileOfFlag('store-cert', certFile),
        key: fileOfFlag('store-key', keyFile),
        ca: fileOfFlag('store-client-ca', clientCaFile),
      }
      const directory = pathsOf(config).store
      const server = await startStoreServer({ store: maintained, directory, host, port, tls }).catch(error => {
        throw new CliError(`--store-listen: ${(error as Error).message}`)
      })
      closers.push(() => server.close())
    }
    const stopSnapshots = startSnapshots(config)
    if (stopSnapshots) closers.push(stopSnapshots)
    await encryption?.start()
  } catch (error) {
    await closeAll(closers)
    throw error
  }
  return {
    store: encryption ? new EncryptingStore(store, encryption.transformerOf) : store,
    healthChecks: encryption?.healthChecks ?? [],
    onEncryptionChange(listener) {
      if (encryption instanceof ReloadingEncryption) encryption.onChange(listener)
    },
    async close() {
      await closeAll(closers)
      encryption?.close()
    },
  }
}

function encryptionOf(config: ClusterConfig): Encryption | undefined {
  const { encryptionProviderConfig: file, encryptionProviderConfigAutomaticReload: reloads } = config
  if (!reloads) return openEncryption(read('encryption-provider-config', file))
  if (!file) throw new CliError('--encryption-provider-config-automatic-reload needs --encryption-provider-config')
  return new ReloadingEncryption({
    read: () => fileOfFlag('encryption-provider-config', file),
    clock: systemClock,
    log: loggerOf('encryption'),
  })
}

/** What was opened last goes first. */
async function closeAll(closers: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const close of closers.toReversed()) await close()
}

function startSnapshots(config: ClusterConfig): (() => Promise<void>) | undefined {
  const { snapshotScheduleCron: cron, snapshotRetention: retention = defaultSnapshotRetention, snapshotDir } = config
  if (!cron) return undefined
  const { etcdServers: servers = [] } = config
  return scheduleSnapshots({
    cron,
    retention,
    directory: snapshotDir || join(config.dataDirectory, 'snapshots'),
    cluster: config.name,
    source:
      servers.length > 0
        ? { is: 'etcd', servers, tls: etcdTls(config) }
        : { is: 'embedded', directory: pathsOf(config).store },
    clock: systemClock,
    log: loggerOf('snapshots'),
  })
}

interface PlainStore {
  readonly store: Store
  /** Where it is the embedded one. */
  readonly maintained?: MaintainedStore
}

async function openPlainStore(config: ClusterConfig): Promise<PlainStore> {
  const { etcdServers = [] } = config
  if (etcdServers.length === 0) {
    const maintained = await openEmbeddedStore({ directory: pathsOf(config).store })
    return { store: maintained, maintained }
  }
  const follow = config.etcdMember ? { followMembersMs } : {}
  const store = await openEtcdStore({ servers: etcdServers, tls: etcdTls(config), ...follow }).catch(error => {
    throw new CliError(`cannot use etcd at ${etcdServers.join(', ')}: ${(error as Error).message}`)
  })
  return { store }
}

/** Files are read at every connection, as etcd's own clients do: they are renewed while the server runs. */
function etcdTls({ etcdCafile, etcdCertfile, etcdKeyfile }: ClusterConfig): ClientTls {
  const ca = read('etcd-cafile', etcdCafile)
  const cert = read('etcd-certfile', etcdCertfile)
  const key = read('etcd-keyfile', etcdKeyfile)
  if ((cert === undefined) !== (key === undefined)) throw new CliError('--etcd-certfile and --etcd-keyfile go together')
  const authority = ca === undefined ? {} : { ca }
  if (cert === undefined) return authority
  return {
    ...authority,
    get cert() {
      return fileOfFlag('etcd-certfile', etcdCertfile ?? '')
    },
    get key() {
      return fileOfFlag('etcd-keyfile', etcdKeyfile ?? '')
    },
  }
}
