/** What must hold before a cluster starts here; each fault says what to do. */
import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { checkNodePorts, checkRanges } from './address-ranges.ts'
import { CliError } from './cli-error.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { checkNodeAddress, checkNodeName } from './node-identity.ts'

const minFreeBytes = 64 * 1024 * 1024

const toolFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** The path of an executable; looks in PATH and in the usual folders. */
export function findExecutable(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':').filter(folder => folder.startsWith('/')), ...toolFolders]
  return folders.map(folder => `${folder}/${name}`).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export function requireRoot(command: string): void {
  if (process.getuid?.() !== 0)
    throw new CliError('Clipper needs root for containers and networks', `run: sudo clipper ${command}`)
}

function portIsFree(port: number, protocol: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', error => {
      const why =
        (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
          ? 'is taken by another process'
          : `cannot be used: ${error.message}`
      reject(
        new CliError(`port ${port} (${protocol}) ${why}`, `choose another one, as with --${protocol}-port ${port + 1}`),
      )
    })
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => server.close(() => resolve()))
  })
}

function requireDisk(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CliError(
      `cannot make the data directory ${directory}: ${(error as Error).message}`,
      'choose another one with --data-dir',
    )
  }
  const { bavail, bsize } = statfsSync(directory)
  if (bavail * bsize < minFreeBytes) {
    const free = Math.floor((bavail * bsize) / 1024 / 1024)
    throw new CliError(
      `the disk of ${directory} is full: ${free} MiB free, ${minFreeBytes / 1024 / 1024} MiB needed`,
      'free some space, or choose another disk with --data-dir',
    )
  }
}

const requiredTools: readonly (readonly [tool: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['runc', 'runc'],
  ['nft', 'nftables'],
  ['conntrack', 'conntrack'],
  ['ip', 'iproute2'],
]

export async function preflight(config: ClusterConfig): Promise<void> {
  for (const [tool, debianPackage] of requiredTools)
    if (!findExecutable(tool)) throw new CliError(`${tool} was not found`, `run: apt-get install ${debianPackage}`)
  if (!isExecutable('/usr/lib/cni/bridge') && !isExecutable('/opt/cni/bin/bridge'))
    throw new CliError(
      'the CNI plugins were not found in /usr/lib/cni or /opt/cni/bin',
      'run: apt-get install containernetworking-plugins',
    )
  checkNodeName(config.nodeName)
  checkNodeAddress(config.nodeAddress)
  if (config.server === undefined) {
    checkRanges(config)
    checkNodePorts(config.nodePortRange)
  }
  requireDisk(config.dataDirectory)
  const ports: readonly (readonly [number, string])[] = [
    ...(config.server === undefined ? [[config.apiPort, 'api'] as const] : []),
    [config.kubeletPort, 'kubelet'],
    [config.dnsPort, 'dns'],
  ]
  const seen = new Set<number>()
  for (const [port, protocol] of ports) {
    if (seen.has(port))
      throw new CliError(
        `port ${port} is given twice`,
        'give --api-port, --kubelet-port and --dns-port different values',
      )
    seen.add(port)
    await portIsFree(port, protocol)
  }
}
