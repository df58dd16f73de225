/** A node's server in front of a real containerd with one container, for tests of streaming. Needs root. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../base/clock.ts'
import { loggerOf } from '../../../base/log.ts'
import { HelperSpawner } from '../../../base/spawner.ts'
import { Client } from '../../../client/client.ts'
import { certificate, key } from '../../../client/testing/localhost-certificate.ts'
import { MemoryTransport } from '../../../client/testing/memory-transport.ts'
import { type Containerd, startContainerd } from '../../containerd/instance.ts'
import { writeOciImage } from '../../containerd/oci-image.ts'
import { NamespaceMode } from '../../cri/enums.ts'
import { NodeAuthorization } from '../node-authorization.ts'
import type { NodeBackend } from '../node-backend.ts'
import { type NodeServer, startNodeServer } from '../node-server.ts'

const image = 'clipper.local/streaming-test:1'
const commands = ['sh', 'cat', 'echo', 'sleep', 'stty', 'head', 'wc', 'tty', 'dd', 'kill', 'seq', 'true', 'md5sum']

export interface StreamingNode {
  readonly port: number
  readonly server: NodeServer
  readonly containerd: Containerd
  readonly containerId: string
  readonly logPath: string
  /** Whether `logOf` says that more may come. */
  live: boolean
  /** Command lines of the processes in the container. */
  processes(): Promise<string[]>
  end(): Promise<void>
}

/** Why it cannot start here, or undefined. */
export function missingForStreaming(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = [
    ['/usr/bin/containerd', '/usr/local/bin/containerd'],
    ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'],
    ['/bin/busybox', '/usr/bin/busybox'],
  ].filter(paths => !paths.some(path => existsSync(path)))
  return missing.length === 0 ? undefined : `missing: ${missing.map(([path]) => path).join(', ')}`
}

/** Pod `default/web` with the container `main`, which reads its input; `script` is what it runs. */
export async function startStreamingNode(script = 'echo started; cat; sleep 1000'): Promise<StreamingNode> {
  const directory = mkdtempSync(join(tmpdir(), 'clip-s-'))
  const spawner = new HelperSpawner()
  const log = loggerOf('test')
  const containerd = await startContainerd({
    spawner,
    clock: systemClock,
    log,
    dataDirectory: directory,
    cniConfDirectory: join(directory, 'cni'),
  })
  const archive = join(directory, 'image.tar')
  const files = [
    { name: 'bin', mode: 0o755 },
    { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
    ...commands.map(command => ({ name: `bin/${command}`, mode: 0o777, linkTo: 'busybox' })),
    { name: 'tmp', mode: 0o1777 },
  ]
  writeFileSync(archive, writeOciImage({ name: image, command: ['sh'], files }))
  await containerd.importImage(archive)
  const { runtime } = containerd
  const logDirectory = join(directory, 'logs')
  mkdirSync(logDirectory)
  const namespaceOptions = { network: NamespaceMode.node, pid: NamespaceMode.container }
  const sandboxConfig = {
    metadata: { name: 'web', namespace: 'default', uid: 'u1', attempt: 0 },
    logDirectory,
    linux: { cgroupParent: '', securityContext: { namespaceOptions } },
  }
  const sandboxId = await runtime.runPodSandbox(sandboxConfig, '')
  const containerId = await runtime.createContainer(
    sandboxId,
    {
      metadata: { name: 'main', attempt: 0 },
      image: { image },
      command: ['sh', '-c', script],
      logPath: 'main.log',
      stdin: true,
      linux: { securityContext: { namespaceOptions } },
    },
    sandboxConfig,
  )
  await runtime.startContainer(containerId)
  const logPath = join(logDirectory, 'main.log')
  const node = { live: true }
  const server = await startNodeServer({
    backend: backendOf(containerd, sandboxId, containerId, logPath, () => node.live),
    authorization: new NodeAuthorization(new Client(reviews(), 'test'), 'node1', systemClock),
    host: '127.0.0.1',
    port: 0,
    certificate,
    key,
    clientCa: certificate,
    log,
    now: Date.now,
  })
  return Object.assign(node, {
    port: server.port,
    server,
    containerd,
    containerId,
    logPath,
    processes: () => processesOf(containerd, containerId),
    async end() {
      await server.stop()
      await runtime.stopPodSandbox(sandboxId)
      await runtime.removePodSandbox(sandboxId)
      await containerd.stop()
      spawner.close()
      rmSync(directory, { recursive: true, force: true })
    },
  })
}

/** Token `good` may do everything, `weak` nothing; any other is unknown. */
function reviews(): MemoryTransport {
  const transport = new MemoryTransport()
  transport.intercept = ({ path, body }) => {
    const { spec } = body as { spec: { token?: string; user?: string } }
    if (path.endsWith('/tokenreviews')) {
      const known = spec.token === 'good' || spec.token === 'weak'
      return { ...(body as object), status: known ? { authenticated: true, user: { username: spec.token } } : {} }
    }
    return { ...(body as object), status: { allowed: spec.user !== 'weak' } }
  }
  return transport
}

function backendOf(
  { runtime }: Containerd,
  sandboxId: string,
  containerId: string,
  logPath: string,
  isLive: () => boolean,
): NodeBackend {
  return {
    runningContainer: async ({ namespace, pod, container }) =>
      namespace === 'default' && pod === 'web' && container === 'main' ? { id: containerId, tty: false } : undefined,
    runningSandbox: async (namespace, pod) =>
      namespace === 'default' && pod === 'web' ? { id: sandboxId } : undefined,
    logOf: async ({ container }) =>
      container === 'main' ? { path: logPath, isLive } : { problem: `container "${container}" is not here` },
    execUrl: async (id, command, streams) =>
      new URL(await runtime.execUrl({ containerId: id, cmd: [...command], ...streams })),
    attachUrl: async (id, streams) => new URL(await runtime.attachUrl({ containerId: id, ...streams })),
    portForwardUrl: async (id, ports) => new URL(await runtime.portForwardUrl(id, [...ports])),
    pods: () => [],
    statsSummary: async () => ({ node: {} }),
    metrics: async () => 'up 1\n',
  }
}

/** Command lines of what runs in the process namespace of the container. */
async function processesOf({ runtime }: Containerd, containerId: string): Promise<string[]> {
  const { stdout } = await runtime.execSync(
    containerId,
    ['sh', '-c', 'for p in /proc/[0-9]*; do cat $p/cmdline; echo; done'],
    5,
  )
  return Buffer.from(stdout)
    .toString()
    .replaceAll('\0', ' ')
    .split('\n')
    .filter(line => line !== '')
}
