import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { loggerOf } from '../../base/log.ts'
import { makeAuthority, newKey, signCertificateRequest } from '../../base/pki/certificate.ts'
import { parseCertificateRequest } from '../../base/pki/certificate-request.ts'
import { readPem } from '../../base/pki/pem.ts'
import { usagesOf } from '../../base/pki/usages.ts'
import { Client } from '../client.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { MemoryTransport } from '../testing/memory-transport.ts'
import { ManagedCertificate } from './managed-certificate.ts'
import { CertificateRefused } from './request-certificate.ts'

const hourMs = 3_600_000

/** Signs, or refuses, each request as soon as it is made. */
function world(t: TestContext, refusal?: string) {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-certificates-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const clock = new ManualClock()
  const transport = new MemoryTransport({ now: () => clock.now() })
  const key = newKey()
  const pem = makeAuthority('ca', key, clock.now() - hourMs, clock.now() + 10_000 * hourMs)
  const authority = { certificate: new X509Certificate(pem), key }
  const client = new Client(transport, 'test')
  const requests = client.of(CertificateSigningRequest)
  const answered: string[] = []
  const answer = async () => {
    for await (const { type, object } of requests.watch('')) {
      if (type !== 'ADDED') continue
      const [block] = readPem(Buffer.from(object.spec.request ?? '', 'base64').toString())
      const request = parseCertificateRequest(block!.bytes)
      assert.ok(request.isSigned())
      answered.push(request.publicKey.export({ type: 'spki', format: 'der' }).toString('hex'))
      const notBeforeMs = clock.now()
      const certificate = signCertificateRequest(authority, {
        request,
        usages: usagesOf(object.spec.usages ?? []),
        notBeforeMs,
        notAfterMs: notBeforeMs + 10 * hourMs,
      })
      const status =
        refusal === undefined
          ? { certificate: Buffer.from(certificate).toString('base64') }
          : { conditions: [{ type: 'Denied', status: 'True', message: refusal }] }
      await requests.updateStatus({ ...object, status } as CertificateSigningRequest)
    }
  }
  void answer()
  const make = () =>
    new ManagedCertificate({
      directory,
      name: 'kubelet-client',
      wanted: {
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        subject: { commonName: 'system:node:a', organizations: ['system:nodes'] },
        altNames: ['a', '192.0.2.7'],
        usages: ['digital signature', 'client auth'],
      },
      client: () => client,
      clock,
      random: () => 0,
      log: loggerOf('test'),
    })
  return { clock, make, answered }
}

const publicKeyOf = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('hex')

test('a certificate is asked for once, kept, and renewed with another key before it ends', async t => {
  const { clock, make, answered } = world(t)
  const first = make()
  assert.equal(first.isValid, false)
  await first.start()
  assert.equal(new X509Certificate(first.current.certificatePem).subject, 'O=system:nodes\nCN=system:node:a')
  assert.equal(publicKeyOf(first.current.privateKeyPem), answered[0])
  const again = make()
  assert.equal(again.isValid, true)
  await again.start()
  assert.deepEqual(again.current, first.current)
  assert.equal(answered.length, 1)
  first.stop()
  const renewed = new Promise(resolve => again.onChange(resolve))
  await clock.advance(7 * hourMs)
  await renewed
  assert.equal(answered.length, 2)
  assert.notEqual(answered[1], answered[0])
  assert.deepEqual(make().current, again.current)
  again.stop()
})

test('a machine whose certificate has ended asks with the key that the cluster knows', async t => {
  const { clock, make, answered } = world(t)
  const first = make()
  await first.start()
  first.stop()
  await clock.advance(11 * hourMs)
  const late = make()
  assert.equal(late.isValid, false)
  await late.start()
  late.stop()
  assert.equal(answered[1], answered[0])
})

test('a refusal is told, and a machine that asks again does so with the same key', async t => {
  const { make, answered } = world(t, 'the node name a is taken by another machine')
  for (let i = 0; i < 2; i++)
    await assert.rejects(make().start(), error => {
      assert.ok(error instanceof CertificateRefused)
      assert.match(error.message, /taken/)
      return true
    })
  assert.equal(answered[0], answered[1])
})
