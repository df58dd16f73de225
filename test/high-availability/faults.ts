/** What can befall one machine of a control plane, and how it passes. */
import { writeFileSync } from 'node:fs'
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigMap } from '../../src/api/core/v1/config-map.ts'
import { eventually, isAlive, succeed } from '../e2e/test-cluster.ts'
import { type ControlPlane, podsMs } from './control-plane.ts'
import { namespace } from './load.ts'
import type { Machine } from './machines.ts'

export interface Fault {
  readonly name: string
  /** Of the machine that it befalls; resolves when it has begun, to what ends it. */
  begin(machine: Machine, plane: ControlPlane): Promise<() => Promise<unknown>>
}

const etcdClientPort = 2379
const etcdPeerPort = 2380

const ports = (...numbers: number[]) => `{ ${numbers.join(', ')} }`

export const serverKilled: Fault = {
  name: 'the server is killed',
  async begin(machine) {
    await machine.kill()
    return async () => machine.start()
  },
}

export const memberKilled: Fault = {
  name: 'its etcd member is killed',
  async begin(machine) {
    const pid = machine.etcdPid
    process.kill(pid, 'SIGKILL')
    // It is started again by the server.
    return () => eventually('the member runs again', async () => machine.etcdPid !== pid, podsMs)
  },
}

export const machineLost: Fault = {
  name: 'the machine is gone: connections hang',
  begin: machine => machine.unplug(),
}

export const machineOff: Fault = {
  name: 'the machine loses its power',
  async begin(machine) {
    const plug = await machine.unplug()
    const pid = machine.etcdPid
    await machine.kill()
    process.kill(pid, 'SIGKILL')
    return async () => {
      await plug()
      machine.start()
    }
  },
}

export const serverPaused: Fault = {
  name: 'the server stands still',
  async begin(machine) {
    machine.signal('SIGSTOP')
    return async () => machine.signal('SIGCONT')
  },
}

export const memberPaused: Fault = {
  name: 'its etcd member stands still',
  async begin(machine) {
    const pid = machine.etcdPid
    process.kill(pid, 'SIGSTOP')
    return async () => process.kill(pid, 'SIGCONT')
  },
}

export const cutFromEtcd: Fault = {
  name: 'the server is cut off from etcd, not from clients',
  begin: machine =>
    machine.drop(['out', `tcp dport ${ports(etcdClientPort)}`], ['in', `tcp sport ${ports(etcdClientPort)}`]),
}

export const memberCutFromMembers: Fault = {
  name: 'its etcd member is cut off from the others, not from servers',
  begin: machine =>
    machine.drop(
      ['out', `tcp dport ${ports(etcdPeerPort)}`],
      ['in', `tcp dport ${ports(etcdPeerPort)}`],
      ['out', `tcp sport ${ports(etcdPeerPort)}`],
      ['in', `tcp sport ${ports(etcdPeerPort)}`],
    ),
}

export const cutFromServers: Fault = {
  name: 'the server is cut off from the other servers, not from clients',
  begin: (machine, plane) => machine.splitFrom(plane.servers.filter(server => server !== machine)),
}

const largeValue = 'x'.repeat(900_000)

/** Of a machine with a small disk of its own: etcd cannot write, and ends, again at every start. */
export const diskFull: Fault = {
  name: 'its disk is full',
  async begin(machine, { client }) {
    const { bavail, bsize } = await statfs(machine.directory)
    const filler = join(machine.directory, 'filler')
    await succeed('fallocate', ['-l', String(bavail * bsize), filler]).catch(() => writeFileSync(filler, ''))
    const pid = machine.etcdPid
    const maps = client.of(ConfigMap)
    let made = 0
    await eventually(
      'the member cannot write',
      async () => {
        if (machine.etcdPid !== pid || !isAlive(pid)) return true
        await maps.create(namespace, { metadata: { name: `large-${made++}` }, data: { value: largeValue } } as never)
        return false
      },
      podsMs,
    )
    return async () => {
      await rm(filler)
      for (let i = 0; i < made; i++) await maps.delete(namespace, `large-${i}`).catch(() => {})
    }
  },
}
