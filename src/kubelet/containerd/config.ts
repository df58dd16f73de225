/** The configuration of the cluster's own containerd, for 1.6 and 1.7 (version 2) and for 2.x (version 3). */
import { readFileSync } from 'node:fs'

export interface ContainerdConfig {
  readonly root: string
  readonly state: string
  readonly socketPath: string
  readonly sandboxImage: string
  readonly cniBinDirectory: string
  readonly cniConfDirectory: string
  /** Holds a folder with a `hosts.toml` per registry. */
  readonly registryConfigDirectory: string
  readonly snapshotter: 'overlayfs' | 'native'
  readonly systemdCgroup: boolean
  /** Without CAP_SYS_RESOURCE, no process may lower its score below its parent's. */
  readonly restrictOomScore: boolean
}

type Toml = string | number | boolean | readonly string[] | { readonly [key: string]: Toml }

function toToml(value: { readonly [key: string]: Toml }, path: readonly string[] = []): string {
  const lines: string[] = []
  const tables: string[] = []
  const key = (name: string) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name))
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === 'object' && !Array.isArray(item)) {
      const inner = [...path, key(name)]
      tables.push(`\n[${inner.join('.')}]\n${toToml(item as { readonly [key: string]: Toml }, inner)}`)
    } else lines.push(`${key(name)} = ${JSON.stringify(item)}\n`)
  }
  return lines.join('') + tables.join('')
}

const unusedPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.opt',
]

const runtimes = (config: ContainerdConfig) => ({
  runc: { runtime_type: 'io.containerd.runc.v2', options: { SystemdCgroup: config.systemdCgroup } },
})

/** `majorVersion` is containerd's own. */
export function containerdToml(config: ContainerdConfig, majorVersion: number): string {
  const common = {
    root: config.root,
    state: config.state,
    disabled_plugins: unusedPlugins,
    grpc: { address: config.socketPath },
    ttrpc: { address: `${config.socketPath}.ttrpc` },
    debug: { level: 'warn' },
  }
  const stream = { stream_server_address: '127.0.0.1', stream_server_port: '0', enable_tls_streaming: false }
  const cni = { bin_dir: config.cniBinDirectory, conf_dir: config.cniConfDirectory, max_conf_num: 1 }
  if (majorVersion < 2)
    return toToml({
      version: 2,
      ...common,
      plugins: {
        'io.containerd.grpc.v1.cri': {
          ...stream,
          sandbox_image: config.sandboxImage,
          restrict_oom_score_adj: config.restrictOomScore,
          tolerate_missing_hugetlb_controller: true,
          netns_mounts_under_state_dir: true,
          containerd: { snapshotter: config.snapshotter, default_runtime_name: 'runc', runtimes: runtimes(config) },
          cni,
          registry: { config_path: config.registryConfigDirectory },
        },
      },
    })
  return toToml({
    version: 3,
    ...common,
    plugins: {
      'io.containerd.cri.v1.images': {
        snapshotter: config.snapshotter,
        pinned_images: { sandbox: config.sandboxImage },
        registry: { config_path: config.registryConfigDirectory },
      },
      'io.containerd.cri.v1.runtime': {
        restrict_oom_score_adj: config.restrictOomScore,
        tolerate_missing_hugetlb_controller: true,
        // Below /run/netns, a first `ip netns add` would cover them.
        netns_mounts_under_state_dir: true,
        containerd: { default_runtime_name: 'runc', runtimes: runtimes(config) },
        cni: { bin_dirs: [config.cniBinDirectory], conf_dir: config.cniConfDirectory, max_conf_num: 1 },
      },
      'io.containerd.grpc.v1.cri': stream,
    },
  })
}

/** Reads `containerd --version`: `containerd github.com/containerd/containerd 1.6.20~ds1 ...`. */
export function parseContainerdVersion(output: string): { readonly major: number; readonly text: string } {
  const text = /\bv?(\d+\.\d+\.\d+\S*)/.exec(output)?.[1]
  if (text === undefined) throw new Error(`cannot read containerd's version from ${JSON.stringify(output.trim())}`)
  return { major: Number(text.split('.')[0]), text }
}

const capSysResource = 24n

/** Whether this process has CAP_SYS_RESOURCE (capabilities(7)). */
export function hasSysResource(status = readFileSync('/proc/self/status', 'utf8')): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'
  return ((BigInt(`0x${effective}`) >> capSysResource) & 1n) === 1n
}
