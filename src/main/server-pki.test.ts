import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ClusterConfig } from '../cli/cluster-config.ts'
import { ManualClock } from '../client/testing/manual-clock.ts'
import { ensureServerPki, keepAdminKubeconfig } from './server-pki.ts'

const dayMs = 24 * 3_600_000

function world(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-server-pki-'))
  const clock = new ManualClock()
  const config = {
    dataDirectory: directory,
    name: 'test',
    nodeName: 'server1',
    nodeAddress: '192.0.2.1',
    serviceCidr: '10.96.0.0/16',
    clusterDomain: 'cluster.local',
    apiPort: 6443,
  } as ClusterConfig
  const pki = ensureServerPki(config, clock)
  t.after(() => {
    pki.stop()
    rmSync(directory, { recursive: true })
  })
  return { directory, config, clock, pki }
}

test('certificates of a server that runs on are renewed before they end, and who holds them has the new ones', async t => {
  const { directory, config, clock, pki } = world(t)
  keepAdminKubeconfig(config, pki)
  const kubeconfig = () => readFileSync(join(directory, 'admin.kubeconfig'), 'utf8')
  const { kubeletClient, frontProxyClient } = pki
  const current = () => [
    ...[pki.serving, kubeletClient, frontProxyClient].map(pair => pair.certificatePem),
    kubeconfig(),
    pki.nodeServing('node1', ['192.0.2.1']).certificatePem,
  ]
  const first = current()
  await clock.advance(240 * dayMs)
  assert.deepEqual(current(), first)
  for (let day = 240; day < 300; day++) {
    await clock.advance(dayMs)
    for (const { certificatePem, privateKeyPem } of [pki.serving, kubeletClient, frontProxyClient]) {
      const certificate = new X509Certificate(certificatePem)
      assert.ok(Date.parse(certificate.validTo) - clock.now() > 100 * dayMs, `day ${day}`)
      assert.ok(privateKeyPem.length > 0)
    }
  }
  for (const [i, text] of current().entries()) assert.notEqual(text, first[i])
})

test('a renewal that fails is tried again at the next look', async t => {
  const { directory, clock, pki } = world(t)
  const { certificatePem } = pki.serving
  let looks = 0
  pki.onLook(() => looks++)
  const key = join(directory, 'pki/ca.key')
  renameSync(key, `${key}.away`)
  await clock.advance(250 * dayMs)
  assert.equal(looks, 0)
  assert.equal(pki.serving.certificatePem, certificatePem)
  renameSync(`${key}.away`, key)
  await clock.advance(dayMs)
  assert.notEqual(pki.serving.certificatePem, certificatePem)
})
