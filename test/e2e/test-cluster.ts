/** A cluster of a test's own, started by the real command, with its own name, ports, addresses and data directory. */
import { type ExecFileException, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import { writeOciImage } from '../../src/kubelet/containerd/oci-image.ts'

const root = resolve(import.meta.dirname, '../..')
const clipper = join(root, 'bin/clipper')

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly timeoutMs?: number
  readonly env?: Readonly<Record<string, string>>
}

export function run(
  command: string,
  args: readonly string[],
  { input = '', timeoutMs = 60_000, env = {} }: RunOptions = {},
): Promise<Ran> {
  return new Promise(done => {
    const child = execFile(
      command,
      [...args],
      { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env } },
      (error: ExecFileException | null, stdout, stderr) =>
        done({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr }),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The standard output; throws with all that the command wrote where it fails. */
export async function succeed(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`)
  return stdout
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export const hasKubectl = (): boolean =>
  ['/usr/bin/kubectl', '/usr/local/bin/kubectl', '/snap/bin/kubectl'].some(path => existsSync(path))

/** Why tests with real containers cannot run here, or undefined. */
export function missingForContainers(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root'
  const missing = [
    ['/usr/bin/containerd', '/usr/local/bin/containerd'],
    ['/usr/sbin/nft'],
    ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'],
  ].filter(paths => !paths.some(path => existsSync(path)))
  return missing.length === 0 ? undefined : `missing: ${missing.map(([path]) => path).join(', ')}`
}

export const testImage = 'clipper.local/test:1'

/** busybox under the names of its commands, as an OCI archive. */
export function writeTestImage(path: string): void {
  const commands = [
    'sh',
    'cat',
    'cp',
    'date',
    'dd',
    'echo',
    'env',
    'false',
    'head',
    'hostname',
    'httpd',
    'id',
    'kill',
    'ls',
    'mkdir',
    'nc',
    'nslookup',
    'ps',
    'rm',
    'sed',
    'seq',
    'sleep',
    'stat',
    'stty',
    'tail',
    'tar',
    'test',
    'touch',
    'true',
    'tty',
    'wc',
    'wget',
    'whoami',
    'yes',
    'grep',
    'awk',
    'ip',
    'base64',
    'sort',
    'uniq',
    'chmod',
    'find',
    'mount',
    'od',
    'tr',
    'ln',
    'df',
    'du',
  ]
  const archive = writeOciImage({
    name: testImage,
    command: ['sh'],
    files: [
      { name: 'bin', mode: 0o755 },
      { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
      ...commands.map(command => ({ name: `bin/${command}`, mode: 0o777, linkTo: 'busybox' })),
      { name: 'tmp', mode: 0o1777 },
      { name: 'root', mode: 0o700 },
      { name: 'etc', mode: 0o755 },
      {
        name: 'etc/passwd',
        mode: 0o644,
        content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
      },
      { name: 'etc/group', mode: 0o644, content: Buffer.from('root:x:0:\nnobody:x:65534:\n') },
    ],
  })
  writeFileSync(path, archive)
}

const argumentsOf = (args: string | readonly string[]): readonly string[] =>
  typeof args === 'string' ? args.split(' ') : args

let clusters = 0

export class TestCluster {
  readonly name: string
  readonly directory: string
  readonly dataDirectory: string
  readonly flags: readonly string[]
  readonly apiPort: number
  readonly #env: Readonly<Record<string, string>>

  private constructor(
    name: string,
    directory: string,
    [apiPort = 0, kubeletPort = 0, dnsPort = 0]: readonly number[],
    octet: number,
    nodePorts: string,
  ) {
    this.name = name
    this.directory = directory
    this.dataDirectory = join(directory, 'data')
    this.apiPort = apiPort
    this.#env = { KUBECONFIG: join(directory, 'kubeconfig') }
    this.flags = [
      ...['--data-dir', this.dataDirectory, '--name', name, '--node-name', 'node1'],
      ...['--api-port', String(apiPort), '--kubelet-port', String(kubeletPort), '--dns-port', String(dnsPort)],
      ...[
        '--cluster-cidr',
        `10.${octet}.0.0/16`,
        '--service-cidr',
        `10.${octet + 64}.0.0/16`,
        '--node-port-range',
        nodePorts,
      ],
    ]
  }

  /** Only the names and flags; nothing runs yet. */
  static async prepare(): Promise<TestCluster> {
    clusters += 1
    const id = `${process.pid % 10_000}${clusters}`
    const slot = (process.pid + clusters) % 60
    const directory = mkdtempSync(join(tmpdir(), 'clip-'))
    const from = 20_000 + slot * 150
    return new TestCluster(`t${id}`, directory, await freePorts(3, '0.0.0.0'), 128 + slot, `${from}-${from + 149}`)
  }

  static async start(): Promise<TestCluster> {
    const cluster = await TestCluster.prepare()
    const { code, stderr } = await cluster.up()
    if (code !== 0) {
      const log = cluster.log()
      await cluster.end()
      throw new Error(`clipper up failed: ${stderr}\n${log}`)
    }
    try {
      await cluster.loadTestImage()
    } catch (error) {
      await cluster.end()
      throw error
    }
    return cluster
  }

  async loadTestImage(): Promise<void> {
    const image = join(this.directory, 'image.tar')
    writeTestImage(image)
    const { code, stderr } = await this.clipper('image', 'load', image, '--data-dir', this.dataDirectory)
    if (code !== 0) throw new Error(`clipper image load failed: ${stderr}`)
  }

  up(...more: readonly string[]): Promise<Ran> {
    return this.clipper('up', ...this.flags, ...more)
  }

  clipper(...args: readonly string[]): Promise<Ran> {
    return run(clipper, args, { env: this.#env, timeoutMs: 180_000 })
  }

  /** Stops the cluster and deletes everything; prints the end of its log where `failed`. */
  async end(): Promise<void> {
    await this.clipper('reset', '--data-dir', this.dataDirectory)
    rmSync(this.directory, { recursive: true, force: true })
  }

  log(lines = 40): string {
    const path = join(this.dataDirectory, 'clipper.log')
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(-lines).join('\n') : ''
  }

  /** The process of a node on this machine, by the node's number. */
  pidOf(node: number): number {
    const instance = node === 1 ? this.name : `${this.name}_${node}`
    return (JSON.parse(readFileSync(`/run/clipper/${instance}/clipper.json`, 'utf8')) as { pid: number }).pid
  }

  nodeAddress(node: string): Promise<string> {
    return this.kubectl(['get', 'node', node, '-o', 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'])
  }

  nodePort(service: string): Promise<string> {
    return this.kubectl(`get service ${service} -o jsonpath={.spec.ports[0].nodePort}`)
  }

  get kubeconfig(): string {
    return join(this.dataDirectory, 'admin.kubeconfig')
  }

  /** kubectl as the administrator; throws with its errors where it fails. */
  kubectl(args: string | readonly string[], options: RunOptions = {}): Promise<string> {
    return succeed('kubectl', argumentsOf(args), this.#asAdministrator(options))
  }

  tryKubectl(args: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run('kubectl', argumentsOf(args), this.#asAdministrator(options))
  }

  #asAdministrator(options: RunOptions): RunOptions {
    return { ...options, env: { ...options.env, KUBECONFIG: this.kubeconfig } }
  }

  /** A kubectl that goes on beside the test. */
  startKubectl(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): { readonly output: () => string; stop(): Promise<void> } {
    const child = spawn('kubectl', [...args], { env: { ...process.env, ...env, KUBECONFIG: this.kubeconfig } })
    let text = ''
    child.stdout.on('data', (part: Buffer) => (text += part.toString()))
    child.stderr.on('data', (part: Buffer) => (text += part.toString()))
    const closed = new Promise<void>(done => child.on('close', () => done()))
    return {
      output: () => text,
      stop: () => {
        child.kill()
        return closed
      },
    }
  }

  /** JSON is YAML too: documents of a stream. */
  apply(manifest: object | readonly object[]): Promise<string> {
    const input = [manifest]
      .flat()
      .map(object => `---\n${JSON.stringify(object)}\n`)
      .join('')
    return this.kubectl(['apply', '-f', '-'], { input })
  }
}

/** Polls until `probe` gives a value; a failing test shows what it saw last. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false | null | ''>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const found = await probe()
      if (found) return found
      last = found
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline)
      throw new Error(
        `${what}: not so after ${timeoutMs} ms; last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
      )
    await sleep(100)
  }
}
