/** An etcd cluster of three members, each behind a network of its own; members are killed, stopped, and cut off. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import type { Random } from '../../src/schema/testing/random-object.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { sufferNetwork, type Target } from './episode.ts'
import { type Fault, networkFault } from './faults.ts'
import { FaultyNetwork } from './faulty-network.ts'

/** Leaders are missed after a second at most. */
const timing = ['--heartbeat-interval', '50', '--election-timeout', '500']

export function nextMemberFault(random: Random): Fault {
  const choice = random()
  const killAfterMs = 200 + Math.floor(random() * 800)
  if (choice < 0.4) return networkFault(random)
  if (choice < 0.7) return { at: 'process', name: 'kill a member', killAfterMs }
  if (choice < 0.9) return { at: 'process', name: 'stop a member: its leader moves', killAfterMs: 700 + killAfterMs }
  return { at: 'process', name: 'kill two members', killAfterMs }
}

class Member {
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  constructor(args: readonly string[]) {
    this.#args = args
  }

  start(): void {
    this.#child = spawn('etcd', this.#args, { stdio: 'ignore' })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

export async function startEtcdTarget(): Promise<Target> {
  const root = mkdtempSync(join(tmpdir(), 'clipper-members-'))
  const ports = await freePorts(6)
  const peers = ports.slice(3).map((port, i) => `m${i}=http://127.0.0.1:${port}`)
  const members = [0, 1, 2].map(i => {
    const peer = peers[i]!.slice(3)
    const client = `http://127.0.0.1:${ports[i]}`
    return new Member([
      ...['--name', `m${i}`, '--data-dir', join(root, `m${i}`), '--log-level', 'error', ...timing],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', peers.join(',')],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ])
  })
  const networks = ports.slice(0, 3).map(port => new FaultyNetwork(port))
  const clientPorts = await Promise.all(networks.map(network => network.listen()))
  const servers = clientPorts.map(port => `http://127.0.0.1:${port}`)
  for (const member of members) member.start()
  await untilWell(servers)
  let turn = 0
  return {
    servers,
    async suffer(fault, clientsAtWork) {
      await clientsAtWork()
      // The member that clients talk to moves on with every failure: each is hit in its turn.
      const victim = turn++ % 3
      if (fault.at === 'network') return sufferNetwork(networks[victim]!, fault)
      if (fault.at !== 'process') return
      const hit = fault.name === 'kill two members' ? [victim, (victim + 1) % 3] : [victim]
      if (fault.name.startsWith('stop')) {
        members[victim]!.signal('SIGSTOP')
        await sleep(fault.killAfterMs)
        members[victim]!.signal('SIGCONT')
        return
      }
      await Promise.all(hit.map(i => members[i]!.kill()))
      await sleep(fault.killAfterMs)
      for (const i of hit) members[i]!.start()
      await untilWell(servers)
    },
    recover: () => untilWell(servers),
    async stop() {
      await Promise.all(members.map(member => member.kill()))
      await Promise.all(networks.map(network => network.close()))
      rmSync(root, { recursive: true })
    },
  }
}

/** Until a majority answers. */
async function untilWell(servers: readonly string[]): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; ) {
    try {
      const store = await openEtcdStore({ servers, timeoutMs: 2000 })
      try {
        await store.currentRevision()
        return
      } finally {
        await store.close()
      }
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}
