/** A node, two pods and a machine outside as network namespaces. Needs root, `ip` and `nft`. */
import { type ChildProcess, execFile, execFileSync, fork } from 'node:child_process'
import { join } from 'node:path'
import type { CommandRunner } from '../nftables.ts'

export const nodeAddress = '198.51.100.1'
export const addresses = { pod1: '10.244.0.11', pod2: '10.244.0.12', outside: '198.51.100.2' } as const

export class Agent {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (result: unknown) => void>()
  readonly started: Promise<unknown>
  #nextId = 1

  constructor(namespace: string, name: string) {
    this.#child = fork(join(import.meta.dirname, 'agent.ts'), [name], {
      execPath: '/usr/bin/env',
      execArgv: ['ip', 'netns', 'exec', namespace, process.execPath],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', ({ id, result }: { id: number; result: unknown }) => this.#waiting.get(id)?.(result))
    this.started = new Promise(resolve => this.#waiting.set(0, resolve))
  }

  #ask(request: object): Promise<unknown> {
    const id = this.#nextId++
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, ...request })
    })
  }

  tcp = (host: string, port: number) => this.#ask({ tcp: { host, port } }) as Promise<string>
  udp = (host: string, port: number, fromPort = 0) => this.#ask({ udp: { host, port, fromPort } }) as Promise<string>
  hammer = (host: string, port: number) => this.#ask({ hammer: { host, port } })
  stopHammering = () => this.#ask({ stop: true }) as Promise<string[]>

  die(): Promise<void> {
    const gone = new Promise<void>(resolve => this.#child.once('exit', () => resolve()))
    if (this.#child.exitCode !== null) return Promise.resolve()
    this.#child.send({ id: -1, die: true })
    return gone
  }
}

export class Lab {
  readonly #prefix = `clp${process.pid}`
  readonly node: Agent
  readonly pod1: Agent
  readonly pod2: Agent
  readonly outside: Agent
  readonly #all: Agent[]
  /** Commands that were run, as `nft -f -`. */
  readonly commands: string[] = []

  private constructor() {
    this.node = new Agent(this.#name('node'), 'node')
    this.pod1 = new Agent(this.#name('pod1'), 'pod1')
    this.pod2 = new Agent(this.#name('pod2'), 'pod2')
    this.outside = new Agent(this.#name('outside'), 'outside')
    this.#all = [this.node, this.pod1, this.pod2, this.outside]
  }

  static async start(): Promise<Lab> {
    const prefix = `clp${process.pid}`
    const ip = (text: string) => execFileSync('ip', text.split(' '))
    const node = `${prefix}-node`
    ip(`netns add ${node}`)
    ip(`-n ${node} link set lo up`)
    for (const [name, address] of Object.entries(addresses)) {
      const namespace = `${prefix}-${name}`
      const gateway = name === 'outside' ? nodeAddress : '10.244.0.1'
      ip(`netns add ${namespace}`)
      ip(`-n ${node} link add ${name} type veth peer name eth0 netns ${namespace}`)
      ip(`-n ${node} addr add ${gateway}/32 dev ${name}`)
      ip(`-n ${node} link set ${name} up`)
      ip(`-n ${node} route add ${address}/32 dev ${name} src ${gateway}`)
      ip(`-n ${namespace} link set lo up`)
      ip(`-n ${namespace} addr add ${address}/32 dev eth0`)
      ip(`-n ${namespace} link set eth0 up`)
      ip(`-n ${namespace} route add ${gateway}/32 dev eth0`)
      // No default route outside: a reject must come from the node's rules.
      ip(`-n ${namespace} route add default via ${gateway}`)
    }
    ip(`-n ${node} route add default via ${addresses.outside} dev outside src ${nodeAddress}`)
    execFileSync('ip', ['netns', 'exec', node, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    const lab = new Lab()
    await Promise.all(lab.#all.map(({ started }) => started))
    return lab
  }

  readonly runner: CommandRunner = {
    run: (command, args, { stdin, timeoutMs }) => {
      this.commands.push([command, ...args].join(' '))
      return this.inNode(command, args, stdin, timeoutMs)
    },
  }

  inNode(command: string, args: readonly string[], stdin = '', timeoutMs = 10_000) {
    return new Promise<{ code: number; stdout: string; stderr: string }>(resolve => {
      const child = execFile(
        'ip',
        ['netns', 'exec', this.#name('node'), command, ...args],
        { timeout: timeoutMs, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
      child.stdin?.on('error', () => {})
      child.stdin?.end(stdin)
    })
  }

  async end(): Promise<void> {
    await Promise.all(this.#all.map(agent => agent.die()))
    for (const name of ['node', ...Object.keys(addresses)]) execFileSync('ip', ['netns', 'delete', this.#name(name)])
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`
  }
}
