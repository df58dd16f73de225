import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  changeKubeconfig,
  mergeIntoFile,
  parseKubeconfig,
  readKubeconfig,
  singleKubeconfig,
  transportOptionsOf,
  withoutContext,
} from './kubeconfig.ts'

const clipper = singleKubeconfig('clipper', { server: 'https://127.0.0.1:6443' }, { token: 'secret' })

test('mergeIntoFile keeps other entries and unknown members, replaces its own, and is private', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'sub', 'config')
  await mergeIntoFile(path, clipper)
  const other = singleKubeconfig('other', { server: 'https://other:6443' }, { token: 'x' })
  await changeKubeconfig(path, config => ({ ...config, ...other, preferences: { colors: true } }))
  await mergeIntoFile(path, singleKubeconfig('clipper', { server: 'https://127.0.0.1:7443' }, { token: 'secret' }))
  const merged = await readKubeconfig(path)
  assert.deepEqual(
    merged.clusters.map(one => `${one.name} ${one.cluster.server}`),
    ['other https://other:6443', 'clipper https://127.0.0.1:7443'],
  )
  assert.equal(merged['current-context'], 'clipper')
  assert.match(await readFile(path, 'utf8'), /colors: true/)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await changeKubeconfig(path, config => withoutContext(config, 'clipper'))
  assert.deepEqual(
    (await readKubeconfig(path)).contexts.map(one => one.name),
    ['other'],
  )
})

test('changeKubeconfig refuses while another program holds the lock', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'))
  t.after(() => rm(directory, { recursive: true }))
  const path = join(directory, 'config')
  await writeFile(`${path}.lock`, '')
  await assert.rejects(mergeIntoFile(path, clipper), /being changed by another program/)
})

test('parseKubeconfig does not quote secrets in its errors', () => {
  assert.throws(
    () => parseKubeconfig('users: {token: "hunter2"\n  bad: [', 'file'),
    (error: Error) => /not valid YAML/.test(error.message) && !error.message.includes('hunter2'),
  )
  assert.throws(() => parseKubeconfig('kind: Pod'), /kind is not Config/)
})

test('transportOptionsOf prefers data to files and refuses what it cannot do', async () => {
  const config = singleKubeconfig(
    'a',
    {
      server: 'https://a:1',
      'certificate-authority-data': Buffer.from('CA').toString('base64'),
      'certificate-authority': '/nowhere',
    },
    { token: 't' },
  )
  assert.deepEqual(await transportOptionsOf(config), { server: 'https://a:1', ca: 'CA', token: 't' })
  await assert.rejects(transportOptionsOf(config, 'b'), /context "b" does not exist/)
  const exec = singleKubeconfig('a', { server: 'https://a:1' }, { exec: {} })
  await assert.rejects(transportOptionsOf(exec), /"exec" is not supported/)
})
