/**
 * A containerd of the cluster's own: own root, state and socket below the data directory. It runs detached, so that
 * containers outlive the cluster's process; a later start adopts it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '../../base/clock.ts'
import { DetachedProcess } from '../../base/detached-process.ts'
import type { Logger } from '../../base/log.ts'
import type { Spawner } from '../../base/spawner.ts'
import { RuntimeClient } from '../cri/runtime-client.ts'
import { Mounter } from '../volumes/mounter.ts'
import { containerdToml, hasSysResource, parseContainerdVersion } from './config.ts'
import { importArchive } from './import-archive.ts'
import { hostArchitecture, writeOciImage } from './oci-image.ts'
import { pauseProgram } from './pause-program.ts'
import { endShims } from './shims.ts'

export const sandboxImage = 'clipper.local/pause:1'

export interface ContainerdOptions {
  readonly spawner: Spawner
  readonly clock: Clock
  readonly log: Logger
  /** The cluster's; containerd's own lies in `containerd/` below it. */
  readonly dataDirectory: string
  readonly cniConfDirectory: string
  readonly cniBinDirectory?: string
  readonly signal?: AbortSignal
}

export interface Containerd {
  /** It changes when containerd had to be started again. Throws while it is down. */
  pid(): number
  readonly socketPath: string
  readonly version: string
  /** Whether it ran before. */
  readonly adopted: boolean
  readonly runtime: RuntimeClient
  /** Closes the connection; containerd and its containers go on. */
  detach(): void
  /** Ends containerd and what it left of removed sandboxes. Remove them first: those that run lose their shims. */
  stop(): Promise<void>
  /** Imports the images of an OCI or docker archive; gives their names. */
  importImage(archivePath: string): Promise<string[]>
}

const startTimeoutMs = 30_000
const importTimeoutMs = 600_000
/** Of a few kilobytes: whoever starts a node waits for it. */
const sandboxTimeoutMs = 30_000
/** sun_path holds 108 bytes with its end. */
const maxSocketPath = 107

function defaultCniBinDirectory(): string {
  const found = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'].find(path => existsSync(join(path, 'bridge')))
  if (found === undefined) throw new Error('the CNI plugins are missing: no bridge in /usr/lib/cni or /opt/cni/bin')
  return found
}

/** Overlay file systems do not stack on each other everywhere: fall back to plain copies. */
function snapshotterFor(root: string): 'overlayfs' | 'native' {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(
      ([, mountPoint]) =>
        mountPoint !== undefined && `${root}/`.startsWith(mountPoint === '/' ? '/' : `${mountPoint}/`),
    )
    .sort(([, a = ''], [, b = '']) => b.length - a.length)
  const type = mounts[0]?.[2]
  return type === 'overlay' || type?.startsWith('fuse') ? 'native' : 'overlayfs'
}

export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const { spawner, signal } = options
  const directory = join(options.dataDirectory, 'containerd')
  const socketPath = join(directory, 'containerd.sock')
  if (Buffer.byteLength(`${socketPath}.ttrpc`) > maxSocketPath)
    throw new Error(`the data directory's path is too long for a socket: ${socketPath}`)
  const registryConfigDirectory = join(directory, 'registries')
  for (const path of [directory, registryConfigDirectory, options.cniConfDirectory])
    mkdirSync(path, { recursive: true, mode: 0o711 })
  const root = join(directory, 'root')
  let versionOutput: string
  try {
    versionOutput = (await spawner.run('containerd', ['--version'])).stdout
  } catch (error) {
    throw new Error(`containerd is not installed: ${(error as Error).message}`)
  }
  const version = parseContainerdVersion(versionOutput)
  const toml = containerdToml(
    {
      root,
      state: join(directory, 'state'),
      socketPath,
      sandboxImage,
      cniBinDirectory: options.cniBinDirectory ?? defaultCniBinDirectory(),
      cniConfDirectory: options.cniConfDirectory,
      registryConfigDirectory,
      snapshotter: snapshotterFor(root),
      systemdCgroup: existsSync('/run/systemd/system'),
      restrictOomScore: !hasSysResource(),
    },
    version.major,
  )
  const configPath = join(directory, 'config.toml')
  const containerd = new DetachedProcess(
    {
      command: 'containerd',
      args: ['--config', configPath],
      logFile: join(directory, 'containerd.log'),
      instanceFile: join(directory, 'instance.json'),
      settings: `${version.text}\n${toml}`,
      prepare() {
        writeFileSync(configPath, toml, { mode: 0o600 })
        rmSync(socketPath, { force: true })
        rmSync(`${socketPath}.ttrpc`, { force: true })
      },
    },
    options,
  )
  const adopted = await containerd.start()
  const runtime = new RuntimeClient(socketPath)
  await awaitAnswer(runtime, options.clock, containerd, signal).catch(error => {
    containerd.detach()
    throw error
  })

  // By its transfer service, containerd 2 tells the names of images with dashes as spaces, and cut off.
  const local = version.major < 2 ? [] : ['--local']
  const importImage = async (archivePath: string, timeoutMs = importTimeoutMs): Promise<string[]> => {
    const names = await importArchive(spawner, { socketPath, options: local, archivePath, timeoutMs })
    await Promise.all(names.map(name => awaitImage(runtime, name)))
    return names
  }
  await ensureSandboxImage(runtime, directory, importImage)
  return {
    pid() {
      const { pid } = containerd
      if (pid === undefined) throw new Error('containerd is down')
      return pid
    },
    socketPath,
    version: version.text,
    adopted,
    runtime,
    importImage: archivePath => importImage(archivePath),
    detach: () => {
      containerd.detach()
      runtime.close()
    },
    stop: async () => {
      runtime.close()
      await containerd.stop()
      await endShims(socketPath)
      await new Mounter(spawner).unmountBelow(directory)
    },
  }
}

async function awaitAnswer(
  runtime: RuntimeClient,
  clock: Clock,
  containerd: DetachedProcess,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = clock.monotonic() + startTimeoutMs
  for (;;) {
    try {
      await runtime.version(2_000)
      // The CRI plugin answers before its stores are loaded; Status shows that it serves.
      await runtime.status()
      return
    } catch (error) {
      if (!containerd.isAlive) throw new Error(`containerd ended while it started: ${containerd.lastLines()}`)
      if (clock.monotonic() > deadline)
        throw new Error(`containerd does not answer after ${startTimeoutMs / 1000} s: ${(error as Error).message}`)
    }
    await sleep(20, signal)
  }
}

/** The CRI plugin learns of an imported image a moment later. */
async function awaitImage(runtime: RuntimeClient, name: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    if (await runtime.imageStatus(name)) return
    await sleep(20)
  }
  throw new Error(`the runtime does not show the imported image ${name}`)
}

async function ensureSandboxImage(
  runtime: RuntimeClient,
  directory: string,
  importImage: (path: string, timeoutMs: number) => Promise<string[]>,
): Promise<void> {
  if (await runtime.imageStatus(sandboxImage)) return
  const archive = join(directory, 'pause.tar')
  const architecture = hostArchitecture()
  const files = [{ name: 'pause', mode: 0o755, content: pauseProgram(architecture) }]
  writeFileSync(
    archive,
    writeOciImage({ name: sandboxImage, files, entrypoint: ['/pause'], user: '65535:65535', architecture }),
  )
  await importImage(archive, sandboxTimeoutMs)
  rmSync(archive)
}
