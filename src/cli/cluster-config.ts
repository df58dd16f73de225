/**
 * What makes one cluster on this machine: set by flags at its first start, kept in `config.json` of its data directory,
 * and the same at every later start. Two clusters differ in name, data directory and ports and share nothing.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from './cli-error.ts'
import type { LeaderElectionSettings } from './leader-election-flags.ts'
import type { EtcdMemberConfig } from './server-flags.ts'
import type { StoreConfig } from './store-flags.ts'

export interface ClusterConfig extends LeaderElectionSettings, StoreConfig {
  readonly name: string
  readonly dataDirectory: string
  readonly nodeName: string
  /** IPv4 address of the node; the API server is reached at it from pods. */
  readonly nodeAddress: string
  readonly apiPort: number
  readonly kubeletPort: number
  readonly dnsPort: number
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly nodePortRange: string
  readonly clusterDomain: string
  /** Upstream DNS servers of the cluster DNS; empty: those of the host's resolv.conf. */
  readonly dnsUpstreams: readonly string[]
  /** Absolute path of an audit.k8s.io/v1 Policy; absent or empty: no audit. */
  readonly auditPolicyFile?: string
  /** Absolute path of the audit log, or `-` for the process's own log. */
  readonly auditLogPath?: string
  /** URLs of an etcd cluster; absent or empty: the embedded store in the data directory. */
  readonly etcdServers?: readonly string[]
  /** PEM files, for https. */
  readonly etcdCafile?: string
  readonly etcdCertfile?: string
  readonly etcdKeyfile?: string
  /** This server runs a member of the servers' own etcd cluster, which is then the store. */
  readonly etcdMember?: EtcdMemberConfig
  /** Absolute path of an EncryptionConfiguration; absent or empty: nothing is encrypted. */
  readonly encryptionProviderConfig?: string
  /** Read again when its file changes. */
  readonly encryptionProviderConfigAutomaticReload?: boolean
  /** Nodes on this machine; 1 where absent. */
  readonly nodes?: number
  /** Addresses of the links of the further ones: a /24. */
  readonly nodeNetworkCidr?: string
  /** `vxlan` where absent; `routes` needs nodes that reach each other without a router. */
  readonly podNetwork?: 'vxlan' | 'routes'
  readonly vxlanPort?: number
  /** Prefix length of the range of pod addresses of a node; 24 where absent. */
  readonly nodeCidrMaskSize?: number
  /** Of a machine that joined a cluster: the URL of its API server. Absent on a server. */
  readonly server?: string
  /** Features by name, where they differ from their default. */
  readonly featureGates?: Readonly<Record<string, boolean>>
  /** Admission plugins on top of those that are on by default, and those of them that are off. */
  readonly enableAdmissionPlugins?: readonly string[]
  readonly disableAdmissionPlugins?: readonly string[]
}

/** Where things of a cluster lie. */
export interface ClusterPaths {
  readonly config: string
  readonly adminKubeconfig: string
  readonly log: string
  readonly store: string
  readonly pki: string
  readonly runDirectory: string
  readonly pidFile: string
}

export function pathsOf(config: Pick<ClusterConfig, 'name' | 'dataDirectory'>): ClusterPaths {
  const data = config.dataDirectory
  const runDirectory = join('/run/clipper', config.name)
  return {
    config: join(data, 'config.json'),
    adminKubeconfig: join(data, 'admin.kubeconfig'),
    log: join(data, 'clipper.log'),
    store: join(data, 'store'),
    pki: join(data, 'pki'),
    runDirectory,
    pidFile: join(runDirectory, 'clipper.json'),
  }
}

/** A name for kernel objects of at most 15 characters (IFNAMSIZ), distinct for every cluster name. */
export function interfaceName(prefix: string, clusterName: string): string {
  const plain = `${prefix}-${clusterName}`
  if (plain.length <= 15) return plain
  return `${prefix}-${createHash('sha256')
    .update(clusterName)
    .digest('hex')
    .slice(0, 14 - prefix.length)}`
}

export function readConfig(dataDirectory: string): ClusterConfig | undefined {
  const path = join(dataDirectory, 'config.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`)
  }
  try {
    return JSON.parse(text) as ClusterConfig
  } catch {
    throw new CliError(`${path} is not valid JSON`, `restore it, or run: clipper reset --data-dir ${dataDirectory}`)
  }
}

export function writeConfig(config: ClusterConfig): void {
  const path = join(config.dataDirectory, 'config.json')
  try {
    mkdirSync(config.dataDirectory, { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC')
      throw new CliError(
        `the disk of ${config.dataDirectory} is full`,
        'free some space, or choose another disk with --data-dir',
      )
    throw new CliError(`cannot write ${path}: ${message}`)
  }
}

/** What may not change once the cluster has addresses and names in use. */
const fixedSettings = ['name', 'nodeName', 'clusterCidr', 'serviceCidr', 'clusterDomain', 'nodeCidrMaskSize'] as const

/** The kept settings with the given flags laid over them. Refuses to change what is fixed. */
export function mergeConfig(kept: ClusterConfig, flags: Partial<ClusterConfig>): ClusterConfig {
  for (const setting of fixedSettings) {
    const wanted = flags[setting]
    if (wanted !== undefined && wanted !== kept[setting] && kept[setting] !== '') {
      throw new CliError(
        `the cluster in ${kept.dataDirectory} was made with ${setting} ${kept[setting]}, which cannot become ${wanted}`,
        `leave the flag out, or start anew: clipper reset --data-dir ${kept.dataDirectory}`,
      )
    }
  }
  if (flags.nodes !== undefined && flags.nodes < (kept.nodes ?? 1))
    throw new CliError(
      `the cluster in ${kept.dataDirectory} has ${kept.nodes} nodes on this machine, which cannot become ${flags.nodes}`,
      `leave the flag out, or start anew: clipper reset --data-dir ${kept.dataDirectory}`,
    )
  return { ...kept, ...flags }
}
