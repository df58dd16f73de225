/**
 * A control plane of three servers, each with its etcd member, and two nodes, under a load of writes, watches and requests
 * to a Service: any one server, etcd member or node may be lost. Clients continue within 5 s, scheduling and controllers
 * within 20 s. Figures are printed as diagnostics. The long form, with every kind of fault for every machine, is
 * `faults.test.ts`.
 */
import assert from 'node:assert/strict'
import { Lease } from '../../src/api/coordination/v1/lease.ts'
import { Client } from '../../src/client/client.ts'
import type { HttpsTransport } from '../../src/client/https-transport.ts'
import { eventually } from '../e2e/test-cluster.ts'
import { type ControlPlane, clientsContinueMs, controllersContinueMs, podsMs } from './control-plane.ts'
import { namespace } from './load.ts'
import type { Machine } from './machines.ts'
import { checksOf, seconds } from './plane-checks.ts'
import { verdictOn } from './verdict.ts'

let plane: ControlPlane

const check = await checksOf(async started => {
  plane = started
  await plane.startServers()
  await plane.startAgents()
  await plane.startLoad()
})

check('three servers are one control plane on three members', async () => {
  const members = await plane.membersFrom(plane.servers[1]!)
  assert.deepEqual(members.map(({ name }) => name).sort(), ['server1', 'server2', 'server3'])
  assert.ok(members.every(({ isHealthy, isLearner }) => isHealthy && !isLearner))
  assert.equal(members.filter(({ isLeader }) => isLeader).length, 1)
  await plane.untilAllServe()
})

check('what is written through one server is read through the others at once', async () => {
  const direct = await Promise.all(plane.servers.map(async server => new Client(await server.transport(), 'test')))
  for (let i = 0; i < 30; i++) {
    const [writer, ...readers] = [0, 1, 2].map(n => direct[(i + n) % 3]!) as [Client, ...Client[]]
    const made = await writer.of(Lease).create(namespace, { metadata: { name: `fresh-${i}` } } as never)
    for (const reader of readers) {
      assert.equal((await reader.of(Lease).get(namespace, `fresh-${i}`)).metadata.uid, made.metadata.uid)
      const { items } = await reader.of(Lease).list(namespace)
      assert.ok(items.some(({ metadata }) => metadata.name === `fresh-${i}`))
    }
  }
  for (const one of direct) (one.transport as HttpsTransport).close()
})

check('a server that leads is killed: clients continue, others lead and control', async t => {
  const lost = await plane.leaderOf('kube-controller-manager')
  await lost.kill()
  t.diagnostic(`clients continued after ${seconds(await plane.load.untilWritten(clientsContinueMs))}`)
  const begun = performance.now()
  await plane.deploy('after-server', 1)
  await eventually(
    'a new Deployment has its pod',
    async () => (await plane.podsOf('after-server')).some(pod => pod.spec.nodeName),
    controllersContinueMs,
  )
  t.diagnostic(`controllers and scheduling continued after ${seconds(performance.now() - begun)}`)
  await eventually(
    'its address is gone',
    async () => !(await plane.addressesOfKubernetes()).includes(lost.address),
    podsMs,
  )
  lost.start()
  await lost.untilReady()
  await plane.untilAllServe()
})

check('the etcd leader is killed: clients continue, the member comes back', async t => {
  const lost = await plane.etcdLeader()
  const pid = lost.etcdPid
  process.kill(pid, 'SIGKILL')
  t.diagnostic(`clients continued after ${seconds(await plane.load.untilWritten(clientsContinueMs))}`)
  await eventually('the member runs again', async () => lost.etcdPid !== pid, podsMs)
  await plane.untilWhole()
})

check('all servers are restarted one after the other: no request fails', async t => {
  await plane.load.settled()
  const before = plane.load.failures.length
  for (const server of plane.servers) {
    await server.kill('SIGTERM')
    server.start()
    await server.untilReady()
    await plane.untilAllServe()
  }
  t.diagnostic(`${plane.load.created.size} objects made so far`)
  assert.deepEqual(plane.load.failures.slice(before), [])
})

check('a server that leads is cut off from the others: it stops to lead before another begins', async t => {
  const lost = await plane.leaderOf('kube-scheduler')
  const heal = await lost.splitFrom(plane.servers.filter(server => server !== lost))
  const cutAt = new Date().toISOString()
  t.diagnostic(`clients continued after ${seconds(await plane.load.untilWritten(clientsContinueMs))}`)
  await eventually(
    'another leads',
    async () => (await plane.leaderOf('kube-scheduler')) !== lost,
    controllersContinueMs,
  )
  await eventually(
    'it has stopped to lead',
    async () => timesOf(lost, 'leads no more').some(time => time > cutAt),
    controllersContinueMs,
  )
  const endedAt = timesOf(lost, 'leads no more').find(time => time > cutAt)!
  const begunAt = timesOf(await plane.leaderOf('kube-scheduler'), 'leads').find(time => time > cutAt)!
  assert.ok(endedAt <= begunAt, `led until ${endedAt}, the next from ${begunAt}`)
  await heal()
  await lost.untilReady()
  await plane.untilAllServe()
})

/** When the scheduler of a server began or stopped to lead. */
const timesOf = (server: Machine, message: string): string[] =>
  server
    .log()
    .split('\n')
    .filter(line => line.includes('"lease":"kube-scheduler"') && line.endsWith(`"msg":"${message}"}`))
    .map(line => (JSON.parse(line) as { time: string }).time)

check('nothing that was acknowledged is lost, nothing was done twice, watches missed nothing', async t => {
  for (const line of await verdictOn(plane)) t.diagnostic(line)
})

check('a node is lost: its pods are replaced on the other', async t => {
  await plane.untilBothRun()
  const [staying, lost] = plane.agents as [Machine, Machine]
  await lost.kill()
  const begun = performance.now()
  await plane.untilBothRunOn(staying)
  t.diagnostic(`replaced after ${seconds(performance.now() - begun)}`)
  lost.start()
  await eventually('the node is back', () => plane.isReady(lost), podsMs)
  await eventually('what was replaced is gone from it', async () => (await plane.podsOf('web')).length === 2, podsMs)
})
