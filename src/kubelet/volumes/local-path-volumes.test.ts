import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PersistentVolume } from '../../api/core/v1/persistent-volume.ts'
import { loggerOf } from '../../base/log.ts'
import { Client } from '../../client/client.ts'
import { ManualClock } from '../../client/testing/manual-clock.ts'
import { MemoryTransport } from '../../client/testing/memory-transport.ts'
import { localPathProvisioner, localPathVolumeName, provisionedByAnnotation } from '../../machinery/local-path.ts'
import { LocalPathVolumes } from './local-path-volumes.ts'

function setUp(t: { after(end: () => void): void }) {
  const directory = mkdtempSync(join(tmpdir(), 'local-path-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const clock = new ManualClock()
  const client = new Client(new MemoryTransport({ now: () => clock.now() }), 'test')
  const mounted = new Set<string>()
  const volumes = new LocalPathVolumes({
    client,
    log: loggerOf('test').child({}, { level: 'silent' }),
    directory,
    isMounted: name => mounted.has(name),
  })
  const create = (name: string, path = join(directory, name), policy: 'Delete' | 'Retain' = 'Delete') =>
    client.of(PersistentVolume).create('', {
      metadata: { name, annotations: { [provisionedByAnnotation]: localPathProvisioner } },
      spec: { local: { path }, persistentVolumeReclaimPolicy: policy },
      status: { phase: 'Bound' },
    })
  const release = async (name: string) => {
    const volume = await client.of(PersistentVolume).get('', name)
    await client.of(PersistentVolume).updateStatus({ ...volume, status: { phase: 'Released' } })
  }
  return { directory, mounted, volumes, create, release }
}

test('a directory is made for its volume, is told of while it is there, and goes when the volume is to be deleted', async t => {
  const { directory, mounted, volumes, create, release } = setUp(t)
  volumes.prepare(await create('v'))
  const path = join(directory, 'v')
  assert.equal(statSync(path).mode & 0o777, 0o777)
  assert.deepEqual(volumes.inUse(), [localPathVolumeName('v')])
  writeFileSync(join(path, 'file'), '')
  await volumes.look()
  assert.ok(existsSync(path), 'it is bound')
  await release('v')
  mounted.add('v')
  await volumes.look()
  assert.ok(existsSync(path), 'a pod has it')
  mounted.clear()
  await volumes.look()
  assert.deepEqual(volumes.inUse(), [])
})

test('nothing is made elsewhere, and what is retained or not known stays', async t => {
  const { directory, volumes, create, release } = setUp(t)
  volumes.prepare(await create('elsewhere', join(directory, '..', 'elsewhere-of-local-path')))
  assert.deepEqual(volumes.inUse(), [])
  volumes.prepare(await create('kept', undefined, 'Retain'))
  await release('kept')
  writeFileSync(join(directory, 'stranger'), '')
  await volumes.look()
  assert.ok(existsSync(join(directory, 'kept')))
  assert.ok(existsSync(join(directory, 'stranger')))
})
