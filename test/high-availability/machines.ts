/** Machines of a control plane and its nodes: network namespaces on one bridge, each with processes of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { HttpsTransport } from '../../src/client/https-transport.ts'
import { readKubeconfig, transportOptionsOf } from '../../src/client/kubeconfig.ts'
import { eventually, run, succeed } from '../e2e/test-cluster.ts'

const clipper = resolve(import.meta.dirname, '../../bin/clipper')
const apiPort = 6443
/** Under the load of a whole test run. */
const startTimeoutMs = 120_000

const runs = (command: string, ...args: string[]): Promise<string> => succeed(command, args, { timeoutMs: 120_000 })

/** `ip netns exec` would hide the machine's cgroups from containers. */
const inside = (namespace: string): string => `--net=/run/netns/${namespace}`

export class Machine {
  readonly name: string
  readonly address: string
  readonly namespace: string
  readonly directory: string
  readonly #command: readonly string[]
  /** The end of its link that is outside of it. */
  readonly link: string
  #process: ChildProcess | undefined

  constructor(network: Network, number: number, label: string, flags: readonly string[], name: string) {
    this.name = name
    this.address = network.addressOf(number)
    this.namespace = `${network.bridge}-${label}`
    this.directory = join(network.directory, label)
    this.link = `${network.bridge}v${number}`
    const own = ['--data-dir', this.directory, '--name', this.namespace, '--node-name', name]
    this.#command = [...flags, ...own, '--node-address', this.address]
  }

  get logFile(): string {
    return `${this.directory}.log`
  }

  get server(): string {
    return `https://${this.address}:${apiPort}`
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** The process that listens for the API, or runs the node; it carries on with what the directory holds. */
  start(flags: readonly string[] = []): void {
    const log = openSync(this.logFile, 'a')
    this.#process = spawn('nsenter', [inside(this.namespace), clipper, ...this.#command, ...flags], {
      stdio: ['ignore', log, log],
    })
    closeSync(log)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ending = this.#process
    if (!ending || !this.isRunning) return
    const ended = once(ending, 'exit')
    ending.kill(signal)
    await ended
  }

  /** Its exit code, when it has ended by itself. */
  async ended(): Promise<number | null | undefined> {
    if (this.isRunning) await once(this.#process!, 'exit')
    return this.#process?.exitCode
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /** From outside, the machine is gone without a word: packets to and from it vanish, connections hang. */
  async unplug(): Promise<() => Promise<unknown>> {
    await runs('ip', 'link', 'set', this.link, 'down')
    return () => runs('ip', 'link', 'set', this.link, 'up')
  }

  /** Packets that a rule's conditions fit are dropped, in the direction that each names. */
  async drop(...rules: readonly (readonly ['in' | 'out', string])[]): Promise<() => Promise<unknown>> {
    const nft = (...args: string[]) => runs('nsenter', inside(this.namespace), 'nft', ...args)
    await nft('add table ip split')
    await nft('add chain ip split in { type filter hook input priority -200; }')
    await nft('add chain ip split out { type filter hook output priority -200; }')
    for (const [chain, conditions] of rules) await nft(`add rule ip split ${chain} ${conditions} drop`)
    return () => nft('delete table ip split')
  }

  /** No packet passes between this machine and the others, in either direction. */
  splitFrom(others: readonly Machine[]): Promise<() => Promise<unknown>> {
    const addresses = others.map(({ address }) => address).join(', ')
    return this.drop(['in', `ip saddr { ${addresses} }`], ['out', `ip daddr { ${addresses} }`])
  }

  exec(command: string, ...args: string[]): Promise<string> {
    return runs('nsenter', inside(this.namespace), command, ...args)
  }

  run(...args: string[]): Promise<string> {
    return runs('nsenter', inside(this.namespace), clipper, ...args, '--data-dir', this.directory)
  }

  async untilReady(): Promise<void> {
    await eventually(
      `${this.name} is ready: see ${this.logFile}`,
      async () => {
        if (!this.isRunning) throw new Error(`${this.name} has ended: ${this.log().slice(-500)}`)
        const transport = await this.transport()
        try {
          return (await transport.requestText({ method: 'GET', path: '/readyz' })) === 'ok'
        } finally {
          transport.close()
        }
      },
      startTimeoutMs,
    )
  }

  log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8') : ''
  }

  /** As the administrator, to this server or another URL for it. */
  async transport(server = this.server): Promise<HttpsTransport> {
    const options = await transportOptionsOf(await readKubeconfig(join(this.directory, 'admin.kubeconfig')))
    return new HttpsTransport({ ...options, server, requestTimeoutMs: 10_000, connectTimeoutMs: 3_000 })
  }

  /** Of its etcd member. */
  get etcdPid(): number {
    return (JSON.parse(readFileSync(join(this.directory, 'etcd/instance.json'), 'utf8')) as { pid: number }).pid
  }
}

export interface MachineOptions {
  readonly diskMib?: number | undefined
  /** Of the node, or of the server and its etcd member. */
  readonly name?: string
}

/** A /24 and a bridge of the test's own, told apart from others by the process. */
export class Network {
  readonly bridge = `ha${process.pid}`
  readonly directory = mkdtempSync(join(tmpdir(), 'clipper-ha-'))
  /** Apart from the ranges of clusters, those of other tests too. */
  readonly #prefix = `10.${100 + (process.pid % 20)}.${Math.floor(process.pid / 20) % 256}`
  readonly #machines: Machine[] = []
  readonly #mounted: string[] = []

  addressOf(number: number): string {
    return `${this.#prefix}.${number}`
  }

  async up(): Promise<void> {
    await runs('ip', 'link', 'add', this.bridge, 'type', 'bridge')
    await runs('ip', 'address', 'add', `${this.addressOf(1)}/24`, 'dev', this.bridge)
    await runs('ip', 'link', 'set', this.bridge, 'up')
  }

  /** With a disk of `diskMib` for all its data, else with a part of everybody's. `label` tells machines of one name apart. */
  async machine(
    label: string,
    flags: readonly string[],
    { diskMib, name = label }: MachineOptions = {},
  ): Promise<Machine> {
    const number = this.#machines.length + 11
    const machine = new Machine(this, number, label, flags, name)
    this.#machines.push(machine)
    const { namespace, address, link, directory } = machine
    if (diskMib !== undefined) {
      mkdirSync(directory)
      await runs('mount', '-t', 'tmpfs', '-o', `size=${diskMib}m,mode=700`, this.bridge, directory)
      this.#mounted.push(directory)
    }
    await runs('ip', 'netns', 'add', namespace)
    await runs('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    await runs('ip', 'link', 'set', link, 'master', this.bridge, 'up')
    await runs('ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
    for (const device of ['eth0', 'lo']) await runs('ip', '-n', namespace, 'link', 'set', device, 'up')
    await runs('ip', '-n', namespace, 'route', 'add', 'default', 'via', this.addressOf(1))
    return machine
  }

  /** Ends everything. Logs stay where `keep` says so. */
  async down(keep: boolean): Promise<void> {
    for (const machine of this.#machines) {
      await machine.kill()
      if (existsSync(join(machine.directory, 'config.json')))
        await run('nsenter', [
          inside(machine.namespace),
          clipper,
          keep ? 'down' : 'reset',
          '--data-dir',
          machine.directory,
        ])
      await run('ip', ['netns', 'delete', machine.namespace])
    }
    await run('ip', ['link', 'delete', this.bridge])
    for (const directory of this.#mounted) await run('umount', ['--recursive', directory])
    if (!keep) rmSync(this.directory, { recursive: true, force: true })
  }
}
