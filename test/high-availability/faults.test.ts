/**
 * The long form of the tests of high availability (`npm run high-availability`): every fault for every machine, under a load
 * of writes, watches and requests to a Service. Clients continue within 5 s, scheduling and controllers within 20 s, nothing
 * that was acknowledged is lost, and nothing is done twice. Figures are printed as diagnostics.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Deployment } from '../../src/api/apps/v1/deployment.ts'
import { ReplicaSet } from '../../src/api/apps/v1/replica-set.ts'
import { Pod } from '../../src/api/core/v1/pod.ts'
import { sleep } from '../../src/base/clock.ts'
import type { HttpsTransport } from '../../src/client/https-transport.ts'
import { eventually } from '../e2e/test-cluster.ts'
import { type ControlPlane, clientsContinueMs, controllersContinueMs, isUp, podsMs } from './control-plane.ts'
import * as faults from './faults.ts'
import { namespace } from './load.ts'
import type { Machine } from './machines.ts'
import { checksOf, seconds } from './plane-checks.ts'
import { verdictOn } from './verdict.ts'

/** How long what stands still does so: longer than a Lease. */
const pausedMs = 30_000

const isLong = process.env.HIGH_AVAILABILITY === 'long'
/** With all its data. */
const diskMib = 700
const smallDisk = 'server3'

let plane: ControlPlane
let deployments = 0

const check = await checksOf(
  async started => {
    plane = started
    await plane.startServers()
    await plane.startAgents()
    await plane.startLoad()
  },
  {
    missing: isLong ? undefined : 'the long form: npm run high-availability',
    diskMib: { [smallDisk]: diskMib },
  },
)

/** What each machine is at this moment, for the figures. */
async function rolesOf(machine: Machine): Promise<string> {
  const members = await plane.membersFrom(machine)
  const roles = members.some(({ name, isLeader }) => isLeader && name === machine.name) ? ['leads etcd'] : []
  for (const lease of ['kube-controller-manager', 'kube-scheduler'])
    if ((await plane.leaderOf(lease)) === machine) roles.push(`is the ${lease}`)
  return roles.join(', ') || 'follows'
}

/** Milliseconds from `begun` until a Deployment that is made now has a pod with a node, and nothing besides. */
async function untilControlled(begun: number): Promise<number> {
  const name = `deployment-${deployments++}`
  await eventually(
    'a Deployment is made',
    () =>
      plane.deploy(name, 1).then(
        () => true,
        error => error.code === 409,
      ),
    clientsContinueMs,
  )
  const labelSelector = `app=${name}`
  await eventually(
    `${name} has its pod`,
    async () => (await plane.podsOf(name)).some(pod => pod.spec.nodeName),
    controllersContinueMs - (performance.now() - begun),
  )
  const tookMs = performance.now() - begun
  assert.equal((await plane.podsOf(name)).length, 1)
  const sets = await plane.client.of(ReplicaSet).list(namespace, { labelSelector })
  assert.equal(sets.items.length, 1)
  return tookMs
}

interface Options {
  /** Longest time that it lasts, at least until everything has continued. */
  readonly lastsMs?: number
}

/** Whom a fault befalls: a server by its number, or whoever leads at that moment. */
type Victim = number | 'kube-controller-manager' | 'etcd'

async function find(victim: Victim): Promise<Machine> {
  if (typeof victim === 'number') return plane.servers[victim - 1]!
  return victim === 'etcd' ? plane.etcdLeader() : plane.leaderOf(victim)
}

const uidsOf = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.uid).sort()

/** Measures what a fault costs, ends it, and waits until all is whole again. */
const befalls = (fault: faults.Fault, victim: Victim, { lastsMs = 0 }: Options = {}): void =>
  check(`${typeof victim === 'number' ? `server${victim}` : `who leads ${victim}`}: ${fault.name}`, async t => {
    const machine = await find(victim)
    t.diagnostic(`${machine.name} ${await rolesOf(machine)}`)
    await plane.load.settled()
    // New connections go to the servers that have the fewest: with so many each server has one.
    const clients = await Promise.all(Array.from({ length: 2 * plane.servers.length }, () => plane.connect()))
    await Promise.all(clients.map(client => client.of(Pod).list(namespace)))
    const pods = await plane.podsOf('web')
    const pausedAt = new Date()
    const end = await fault.begin(machine, plane)
    const begun = performance.now()
    const continued = await Promise.all(
      clients.map(client => plane.load.untilWritten(clientsContinueMs, client).catch((error: Error) => error)),
    )
    const controlled = await untilControlled(begun).catch((error: Error) => error)
    const show = (one: number | Error): string => (typeof one === 'number' ? seconds(one) : one.message)
    t.diagnostic(`clients continued after ${continued.map(show).join(', ')}`)
    t.diagnostic(`controllers and scheduling continued after ${show(controlled)}`)
    for (const { transport } of clients) (transport as HttpsTransport).close()
    await sleep(Math.max(0, lastsMs - (performance.now() - begun)))
    await end()
    if (fault === faults.serverPaused) pauses.push({ server: machine.name, from: pausedAt, to: new Date() })
    await plane.untilWhole()
    t.diagnostic(`all is whole ${seconds(performance.now() - begun)} after the fault`)
    assert.deepEqual(
      [...continued, controlled].filter(one => typeof one !== 'number'),
      [],
    )
    assert.deepEqual(uidsOf(await plane.podsOf('web')), uidsOf(pods), 'no pod was replaced')
    assert.deepEqual(termsThatOverlap(), [])
  })

/** When servers stood still: they cannot have noticed that their terms were over before they went on. */
const pauses: { readonly server: string; readonly from: Date; readonly to: Date }[] = []
const noticeMs = 1_000

function endOf(server: string, end: string): string {
  const at = Date.parse(end)
  const pause = pauses.find(one => one.server === server && at >= +one.from && at <= +one.to + noticeMs)
  return pause ? pause.from.toISOString() : end
}

/** Terms of the elected, as the servers' logs tell them, that began while another server's had not ended. */
function termsThatOverlap(): string[] {
  const pattern = /"time":"([^"]+)".*"lease":"([^"]+)".*"msg":"(leads|leads no more|starting)"/
  const wrong: string[] = []
  for (const lease of ['kube-controller-manager', 'kube-scheduler']) {
    const terms = plane.servers.flatMap(server => {
      const own: { server: string; from: string; to: string }[] = []
      for (const line of server.log().split('\n')) {
        const [, time = '', of, is] = pattern.exec(line) ?? []
        if (of !== lease) continue
        // One that was killed has no end: it ended before it begins again.
        if (is === 'leads') own.push({ server: server.name, from: time, to: '' })
        else if (own.length > 0) own.at(-1)!.to = endOf(server.name, time)
      }
      return own
    })
    for (const { server, from, to } of terms)
      for (const other of terms)
        if (other.server !== server && to !== '' && from < other.from && other.from < to)
          wrong.push(`${lease}: ${server} led from ${from} to ${to}, ${other.server} from ${other.from}`)
  }
  return wrong
}

for (const victim of ['kube-controller-manager', 'etcd'] as const) {
  befalls(faults.machineLost, victim)
  befalls(faults.machineOff, victim)
  befalls(faults.memberPaused, victim, { lastsMs: pausedMs })
  befalls(faults.serverPaused, victim, { lastsMs: pausedMs })
  befalls(faults.cutFromServers, victim, { lastsMs: pausedMs })
}
for (const number of [1, 2, 3]) {
  befalls(faults.serverKilled, number)
  befalls(faults.memberKilled, number)
  befalls(faults.machineLost, number)
  befalls(faults.machineOff, number)
}
for (const number of [1, 2, 3]) {
  befalls(faults.serverPaused, number, { lastsMs: pausedMs })
  befalls(faults.memberPaused, number, { lastsMs: pausedMs })
  befalls(faults.cutFromEtcd, number, { lastsMs: pausedMs })
  befalls(faults.memberCutFromMembers, number, { lastsMs: pausedMs })
  befalls(faults.cutFromServers, number, { lastsMs: pausedMs })
}
befalls(faults.diskFull, Number(smallDisk.at(-1)))

/** All servers, one at a time or at once, then back; pods and their Service go on meanwhile. */
async function withoutServers(t: TestContext, end: (server: Machine) => Promise<void>): Promise<void> {
  const pods = uidsOf(await plane.podsOf('web'))
  const [, second] = plane.agents as [Machine, Machine]
  const failedBefore = plane.requests.failures.length
  await Promise.all(plane.servers.map(end))
  // A node's process that starts now has nobody to ask.
  await second.kill()
  second.start()
  await sleep(20_000)
  assert.ok(second.isRunning, second.log().slice(-500))
  for (const server of plane.servers) server.start()
  const begun = performance.now()
  await plane.untilWhole()
  t.diagnostic(`the servers are whole after ${seconds(performance.now() - begun)}`)
  for (const agent of plane.agents) await eventually(`${agent.name} is ready`, () => plane.isReady(agent), podsMs)
  t.diagnostic(`controllers and scheduling continued after ${seconds(await untilControlled(performance.now()))}`)
  const after = await plane.podsOf('web')
  assert.deepEqual(uidsOf(after), pods)
  assert.ok(after.every(({ status }) => status.containerStatuses?.every(({ restartCount }) => restartCount === 0)))
  assert.deepEqual(plane.requests.failures.slice(failedBefore), [])
}

check('all servers are killed, and come back', t => withoutServers(t, server => server.kill()))

check('all servers and their etcd lose their power, and come back', t =>
  withoutServers(t, async server => {
    const pid = server.etcdPid
    await server.kill()
    process.kill(pid, 'SIGKILL')
  }),
)

for (const number of [1, 2, 3]) {
  check(`agent1 is cut off from server${number}, not from the others: it stays ready`, async () => {
    const [agent] = plane.agents as [Machine]
    const join = await agent.splitFrom([plane.servers[number - 1]!])
    const begun = performance.now()
    // Longer than the grace period of nodes.
    while (performance.now() - begun < 60_000) {
      assert.ok(await plane.isReady(agent))
      await sleep(1_000)
    }
    await join()
  })
}

check('nothing that was acknowledged is lost, nothing was done twice, watches missed nothing', async t => {
  for (const line of await verdictOn(plane)) t.diagnostic(line)
})

for (const number of [1, 2]) {
  check(`agent${number} is gone: its pods are replaced; on its return the old ones end`, async t => {
    await plane.untilBothRun()
    const lost = plane.agents[number - 1]!
    const staying = plane.agents[2 - number]!
    const plug = await lost.unplug()
    const begun = performance.now()
    await plane.untilBothRunOn(staying)
    t.diagnostic(`replaced after ${seconds(performance.now() - begun)}`)
    await plug()
    const back = performance.now()
    await eventually('the node is back', () => plane.isReady(lost), podsMs)
    t.diagnostic(`ready ${seconds(performance.now() - back)} after its return`)
    await eventually('the old ones are gone', async () => (await plane.podsOf('web')).length === 2, podsMs)
    await spreadAgain()
  })
}

/** New pods, for after the loss of a node nothing moves back by itself. */
async function spreadAgain(): Promise<void> {
  const deployments = plane.client.of(Deployment)
  const scale = (replicas: number) => deployments.patch(namespace, 'web', 'strategic', { spec: { replicas } }, '')
  await scale(0)
  await eventually('the old pods are gone', async () => (await plane.podsOf('web')).length === 0, podsMs)
  await scale(2)
  await eventually(
    'a pod on each node',
    async () => {
      const pods = await plane.podsOf('web')
      return pods.length === 2 && pods.every(isUp) && new Set(pods.map(({ spec }) => spec.nodeName)).size === 2
    },
    podsMs,
  )
}
