/** The store that a cluster's settings name: an etcd cluster, else the embedded one in its data directory. */
import { readFileSync } from 'node:fs'
import { CliError } from '../cli/cli-error.ts'
import { type ClusterConfig, pathsOf } from '../cli/cluster-config.ts'
import { openEmbeddedStore } from '../store/embedded/embedded-store.ts'
import { openEtcdStore } from '../store/etcd/etcd-store.ts'
import type { Store } from '../store/store.ts'

function read(flag: string, file: string | undefined): string | undefined {
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`--${flag}: ${(error as Error).message}`)
  }
}

/** Throws CliError where etcd cannot be used. */
export async function openStore(config: ClusterConfig): Promise<Store> {
  const { etcdServers = [] } = config
  if (etcdServers.length === 0) return openEmbeddedStore({ directory: pathsOf(config).store })
  const ca = read('etcd-cafile', config.etcdCafile)
  const cert = read('etcd-certfile', config.etcdCertfile)
  const key = read('etcd-keyfile', config.etcdKeyfile)
  if ((cert === undefined) !== (key === undefined)) throw new CliError('--etcd-certfile and --etcd-keyfile go together')
  const tls = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined || key === undefined ? {} : { cert, key }) }
  return openEtcdStore({ servers: etcdServers, tls }).catch(error => {
    throw new CliError(`cannot use etcd at ${etcdServers.join(', ')}: ${(error as Error).message}`)
  })
}
