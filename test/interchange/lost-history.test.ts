/**
 * A store that loses its history: an etcd under a running API server of ours, compacted beyond what the watch has seen, or
 * restored from an older snapshot; our own store, restored while its server is down. The server must notice, read everything
 * again, and send its clients to list again; nothing of before is served.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { clipperCommand, findInPath } from '../../bench/sides/executables.ts'
import type { ServerProcess } from '../../bench/sides/server-process.ts'
import { ConfigMap } from '../../src/api/core/v1/config-map.ts'
import { Event } from '../../src/api/core/v1/event.ts'
import { sleep, systemClock } from '../../src/base/clock.ts'
import { loggerOf } from '../../src/base/log.ts'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import { Client } from '../../src/client/client.ts'
import { HttpsTransport } from '../../src/client/https-transport.ts'
import { WatchingInformer } from '../../src/client/informer.ts'
import { readKubeconfig, transportOptionsOf } from '../../src/client/kubeconfig.ts'
import type { WatchEvent } from '../../src/client/transport.ts'
import { ApiError, isConflict } from '../../src/machinery/api-error.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { prefixEnd, type Store } from '../../src/store/store.ts'
import { eventually, succeed } from '../e2e/test-cluster.ts'
import { findOrBuildEtcd, findOrBuildEtcdutl } from '../high-availability/etcd.ts'
import { FaultyNetwork } from '../robustness/faulty-network.ts'
import { Servers } from './servers.ts'

const missing = ['etcdctl', 'kubectl'].filter(name => !findInPath(name))
const etcd = missing.length === 0 ? await findOrBuildEtcd() : undefined
const etcdutl = etcd === undefined ? undefined : await findOrBuildEtcdutl()
const unable =
  missing.length > 0 ? `not on PATH: ${missing}` : etcdutl === undefined && 'neither etcd and etcdutl nor Go'
const namespace = 'default'
const prefix = `/registry/configmaps/${namespace}/`

/** A client with a watch of its own, and what that watch said. */
class Watching {
  readonly events: WatchEvent<ConfigMap>[] = []
  readonly over: Promise<void>

  constructor(client: Client, resourceVersion: string, signal: AbortSignal) {
    this.over = (async () => {
      for await (const event of client.of(ConfigMap).watch(namespace, { resourceVersion, signal })) {
        this.events.push(event)
      }
    })().catch(() => {})
  }

  get code(): number | undefined {
    const last = this.events.at(-1)
    return last?.type === 'ERROR' ? (last.object as { code?: number }).code : undefined
  }
}

/** The watch ends and sends its client to list again. */
async function expires(watch: Watching): Promise<void> {
  await eventually('the watch has ended', () =>
    Promise.race([watch.over.then(() => true), sleep(100).then(() => false)]),
  )
  assert.equal(watch.code, 410)
}

const listed = (objects: readonly ConfigMap[]): string[] =>
  objects.map(({ metadata, data }) => `${metadata?.name}@${metadata?.resourceVersion}=${data?.value}`).sort()

const withoutValues = (lines: readonly string[]) => lines.map(line => line.replace(/=.*/, ''))

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.code === 504 &&
    /^Timeout: Too large resource version: \d+, current: \d+$/.test(error.message) &&
    error.status.details?.causes?.[0]?.reason === 'ResourceVersionTooLarge'
  )
}

async function clientOf(kubeconfig: string): Promise<Client> {
  return new Client(new HttpsTransport(await transportOptionsOf(await readKubeconfig(kubeconfig))), 'test')
}

async function startInformer(client: Client, signal: AbortSignal): Promise<WatchingInformer<ConfigMap>> {
  const needs = { clock: systemClock, random: Math.random, log: loggerOf('test') }
  const informer = new WatchingInformer(client.of(ConfigMap), { namespace }, needs)
  informer.start(signal)
  await informer.synced()
  return informer
}

describe('an etcd with another history than before', { skip: unable, timeout: 600_000 }, () => {
  const servers = new Servers('history')
  const stopping = new AbortController()
  let etcdProcess: ServerProcess
  let restores = 0
  let dataDirectory = join(servers.directory, 'etcd')
  let ports: number[]
  let network: FaultyNetwork
  /** Not through the network of the API server. */
  let direct: Store
  let client: Client
  let informer: WatchingInformer<ConfigMap>

  const storeUrl = () => `http://127.0.0.1:${ports[0]}`

  async function startEtcd(): Promise<void> {
    const peer = `http://127.0.0.1:${ports[1]}`
    etcdProcess = servers.start('etcd', etcd!, [
      ...['--data-dir', dataDirectory, '--log-level', 'warn', '--initial-cluster', `default=${peer}`],
      ...['--listen-client-urls', storeUrl(), '--advertise-client-urls', storeUrl()],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ])
    direct = await eventually('etcd answers', async () => {
      const store = await openEtcdStore({ servers: [storeUrl()], timeoutMs: 2000 })
      await store.currentRevision()
      return store
    })
  }

  before(async () => {
    ports = await freePorts(3)
    await startEtcd()
    network = new FaultyNetwork(ports[0]!)
    const port = await network.listen()
    const kubeconfig = join(servers.data, 'admin.kubeconfig')
    const ours = servers.startOurApi(ports[2]!, ['--etcd-servers', `http://127.0.0.1:${port}`])
    await servers.ready(ours, ['--kubeconfig', kubeconfig])
    client = await clientOf(kubeconfig)
    informer = await startInformer(client, stopping.signal)
  })
  after(async () => {
    stopping.abort()
    await direct?.close()
    await servers.end()
    await network?.close()
  })

  const create = (name: string, value: string) =>
    client.of(ConfigMap).create(namespace, { metadata: { name }, data: { value } })
  async function set(name: string, value: string): Promise<void> {
    const current = await client.of(ConfigMap).get(namespace, name)
    await client.of(ConfigMap).update({ ...current, data: { value } })
  }
  const valueAt = async (name: string) => (await client.of(ConfigMap).get(namespace, name)).data?.value

  /** What the store holds, asked of the store itself. */
  async function stored(): Promise<string[]> {
    const { kvs } = await direct.range({ start: prefix, end: prefixEnd(prefix), keysOnly: true })
    return kvs.map(({ key, modRevision }) => `${key.slice(prefix.length)}@${modRevision}`).sort()
  }

  /** A list and an informer that was there all the time show what the store holds, and writes of every kind work. */
  async function works(): Promise<void> {
    const list = await eventually('a list', () => client.of(ConfigMap).list(namespace))
    assert.deepEqual(withoutValues(listed(list.items)), await stored())
    const name = `new-${restores}-${list.metadata.resourceVersion}`
    await create(name, 'one')
    await set(name, 'two')
    assert.equal(await valueAt(name), 'two')
    // Events have a lease, which may be one that the store has forgotten.
    const involvedObject = { kind: 'ConfigMap', namespace, name }
    await client.of(Event).create(namespace, { metadata: { name }, involvedObject, reason: 'Test' })
    const now = await client.of(ConfigMap).list(namespace)
    await eventually('the informer shows it', async () => {
      return JSON.stringify(listed(informer.list())) === JSON.stringify(listed(now.items))
    })
    await client.of(ConfigMap).delete(namespace, name)
    await eventually('the informer has heard of the deletion', async () => informer.get(namespace, name) === undefined)
  }

  async function watching(): Promise<Watching> {
    const { metadata } = await client.of(ConfigMap).list(namespace)
    const watch = new Watching(client, metadata.resourceVersion!, stopping.signal)
    const name = `seen-${metadata.resourceVersion}`
    await create(name, 'x')
    await eventually('the watch has begun', async () => watch.events.length > 0)
    return watch
  }

  /** Written by another API server. */
  async function writeDirectly(name: string, value: string): Promise<void> {
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace }, data: { value } }
    const put = { put: prefix + name, value: Buffer.from(JSON.stringify(object)) }
    await direct.transact({ compare: [], success: [put], failure: [] })
  }

  async function saveSnapshot(name: string): Promise<string> {
    const file = join(servers.directory, name)
    await succeed('etcdctl', ['--endpoints', storeUrl(), 'snapshot', 'save', file], { env: { ETCDCTL_API: '3' } })
    return file
  }

  /** From when etcd is gone, its old state can no longer be asked for: what is read from then on is in the result. */
  async function restore(file: string, flags: readonly string[] = []): Promise<{ stop(): Promise<string[]> }> {
    const peer = `http://127.0.0.1:${ports[1]}`
    await direct.close()
    process.kill(etcdProcess.pid, 'SIGKILL')
    await etcdProcess.stop()
    const reads = readAgain('changed')
    dataDirectory = join(servers.directory, `etcd-${++restores}`)
    await succeed(etcdutl!, [
      ...['snapshot', 'restore', file, '--data-dir', dataDirectory, ...flags],
      ...['--initial-cluster', `default=${peer}`, '--initial-advertise-peer-urls', peer],
    ])
    await startEtcd()
    return reads
  }

  function readAgain(name: string): { stop(): Promise<string[]> } {
    const seen = new Set<string>()
    let stopped = false
    const reading = (async () => {
      while (!stopped) {
        await valueAt(name).then(
          value => seen.add(`${value}`),
          () => {},
        )
        await sleep(5)
      }
    })()
    return {
      async stop() {
        stopped = true
        await reading
        return [...seen]
      },
    }
  }

  it('is compacted while the server is cut off from it', async () => {
    await create('changed', 'before')
    await create('deleted', 'before')
    const watch = await watching()
    network.cut()
    await writeDirectly('changed', 'after')
    await writeDirectly('made', 'after')
    await direct.transact({ compare: [], success: [{ delete: `${prefix}deleted` }], failure: [] })
    for (let i = 0; i < 50; i++) await writeDirectly('changed', `after ${i}`)
    await direct.compact(await direct.currentRevision(), { physical: true })
    network.heal()
    await expires(watch)
    assert.equal(await valueAt('changed'), 'after 49')
    await works()
  })

  it('is compacted while the server’s watch stands still', async () => {
    const watch = await watching()
    network.hold('answers')
    // The large ones fill the stream, the others what etcd keeps for it.
    for (let i = 0; i < 6; i++) await writeDirectly('large', 'x'.repeat(1_000_000))
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 50 }, () => writeDirectly('other', `${i}`)))
    await writeDirectly('changed', 'stalled')
    await direct.compact(await direct.currentRevision(), { physical: true })
    network.heal()
    await expires(watch)
    assert.equal(await valueAt('changed'), 'stalled')
    await works()
  })

  it('is restored from an older snapshot', async () => {
    await set('changed', 'saved')
    const file = await saveSnapshot('older')
    await set('changed', 'lost')
    await create('lost', 'x')
    await client.of(ConfigMap).delete(namespace, 'made')
    const watch = await watching()
    const stale = await client.of(ConfigMap).get(namespace, 'changed')
    const future = (await client.of(ConfigMap).list(namespace)).metadata.resourceVersion!
    const reads = await restore(file)
    await expires(watch)
    await eventually('a read', () => valueAt('changed'))
    // Nobody may wait for what belonged to a history that is gone, or write over what came of it.
    const tooLate = new Watching(client, future, stopping.signal)
    await expires(tooLate)
    await assert.rejects(client.of(ConfigMap).list(namespace, { resourceVersion: future }), isTooLarge)
    await assert.rejects(client.of(ConfigMap).update({ ...stale, data: { value: 'stale' } }), isConflict)
    assert.deepEqual(await reads.stop(), ['saved'])
    await works()
  })

  it('is restored, and written to, until its revision is past that of before', async () => {
    await set('changed', 'saved again')
    const file = await saveSnapshot('overtaken')
    await set('changed', 'lost')
    await create('lost', 'x')
    const watch = await watching()
    network.cut()
    const reads = await restore(file)
    for (let i = 0; i < 100; i++) await writeDirectly('other', `${i}`)
    network.heal()
    await expires(watch)
    assert.equal(await eventually('a read', () => valueAt('changed')), 'saved again')
    assert.deepEqual(await reads.stop(), ['saved again'])
    await works()
  })

  it('is restored at a later revision, its history marked as compacted', async () => {
    await set('changed', 'saved at last')
    const file = await saveSnapshot('bumped')
    await set('changed', 'lost')
    await create('lost', 'x')
    const watch = await watching()
    const reads = await restore(file, ['--bump-revision', '1000000', '--mark-compacted'])
    await expires(watch)
    assert.equal(await eventually('a read', () => valueAt('changed')), 'saved at last')
    assert.deepEqual(await reads.stop(), ['saved at last'])
    await works()
  })
})

describe('our own store, restored while its server is down', {
  skip: !findInPath('kubectl') && 'no kubectl on PATH',
  timeout: 300_000,
}, () => {
  const servers = new Servers('restored')
  const stopping = new AbortController()
  const kubeconfig = join(servers.data, 'admin.kubeconfig')
  let port: number
  let server: ServerProcess
  let client: Client

  async function start(): Promise<void> {
    server = servers.startOurApi(port, [])
    await servers.ready(server, ['--kubeconfig', kubeconfig])
  }
  const command = (...args: string[]) => succeed(clipperCommand, ['snapshot', ...args, '--data-dir', servers.data])
  const create = (name: string) => client.of(ConfigMap).create(namespace, { metadata: { name }, data: { value: name } })

  before(async () => {
    ;[port = 0] = await freePorts(1)
    await start()
    client = await clientOf(kubeconfig)
  })
  after(async () => {
    stopping.abort()
    await servers.end()
  })

  it('sends those who have seen later revisions to list again', async () => {
    const informer = await startInformer(client, stopping.signal)
    await create('saved')
    const file = join(servers.directory, 'snapshot')
    await command('save', file)
    await create('lost')
    await client.of(ConfigMap).delete(namespace, 'saved')
    await eventually('the informer has seen both', async () => {
      return informer.get(namespace, 'saved') === undefined && informer.get(namespace, 'lost') !== undefined
    })
    const { metadata } = await client.of(ConfigMap).list(namespace)
    await server.stop()
    await command('restore', file, '--replace')
    await start()
    const watch = new Watching(client, metadata.resourceVersion!, stopping.signal)
    await expires(watch)
    await create('new')
    await eventually('the informer shows what there is', async () => {
      const names = informer.list(namespace).map(({ metadata }) => metadata?.name)
      return names.includes('saved') && names.includes('new') && !names.includes('lost')
    })
    assert.deepEqual(listed(informer.list()), listed((await client.of(ConfigMap).list(namespace)).items))
  })

  it('refuses a list as of a revision that is not there, if the gap is left out', async () => {
    const file = join(servers.directory, 'without-gap')
    await command('save', file)
    for (const name of ['later-1', 'later-2', 'later-3']) await create(name)
    const { metadata } = await client.of(ConfigMap).list(namespace)
    // What a server writes when it starts must not bring the revision there.
    const resourceVersion = String(Number(metadata.resourceVersion) + 1000)
    await server.stop()
    await command('restore', file, '--replace', '--revision-gap', '0')
    await start()
    await assert.rejects(client.of(ConfigMap).list(namespace, { resourceVersion }), isTooLarge)
    assert.equal(
      (await client.of(ConfigMap).list(namespace)).items.some(item => item.metadata?.name === 'later-1'),
      false,
    )
  })
})
