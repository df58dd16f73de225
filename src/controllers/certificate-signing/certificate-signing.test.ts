import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import type { CertificateSigningRequest } from '../../api/certificates/v1/certificate-signing-request.ts'
import { keyPem, makeAuthority, newKey } from '../../base/pki/certificate.ts'
import { approvalsOf, authorityOf, removalMs, sign } from './plan.ts'

const nowMs = Date.parse('2026-06-01T00:00:00Z')
const dayMs = 86_400_000

const caKey = newKey()
const authority = authorityOf({
  certificatePem: makeAuthority('test', caKey, nowMs - dayMs, nowMs + 3650 * dayMs),
  privateKeyPem: keyPem(caKey),
})

/** `openssl req -new -newkey ed25519 -nodes -subj /O=system:nodes/CN=system:node:a`, the second with `DNS:a,IP:10.0.0.1`. */
const clientDer =
  'MIGuMGICAQAwLzEVMBMGA1UECgwMc3lzdGVtOm5vZGVzMRYwFAYDVQQDDA1zeXN0ZW06bm9kZTphMCowBQYDK2VwAyEAS8/gvWeW0J5FijyFB4hkZ2TumuKvuGxzfAMMJNi0Z3egADAFBgMrZXADQQDR0nd2UDrg9LCvUuhpTqa+bmAmXODRax7DKOvXSDh/iaSwPtPLw8w/qCBZ1+PJZ2/L4EvvfUuf17bHi1AH8kQL'
const servingDer =
  'MIHUMIGHAgEAMC8xFTATBgNVBAoMDHN5c3RlbTpub2RlczEWMBQGA1UEAwwNc3lzdGVtOm5vZGU6YTAqMAUGAytlcAMhACt4ocNMMKU12x8av6vRobvXpIy/EtiR7SI//IWjM3QyoCUwIwYJKoZIhvcNAQkOMRYwFDASBgNVHREECzAJggFhhwQKAAABMAUGAytlcANBADBzRkAVV4WFL3XyN7c2rjlGxMWdTTCCj7L2BOSySP3dLgoKCoPJOfaBONE1sFqnMXm9vRZB/T3TEinhJIOs2Qk='

const pemOf = (der: string) => `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`

const requestOf = (der: string, spec: object, status: object = {}): CertificateSigningRequest =>
  ({
    metadata: { name: 'r', creationTimestamp: '2026-06-01T00:00:00Z' },
    spec: { request: Buffer.from(pemOf(der)).toString('base64'), ...spec },
    status,
  }) as CertificateSigningRequest

const client = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
}
const serving = { signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] }
const approved = { conditions: [{ type: 'Approved', status: 'True', lastUpdateTime: '2026-06-01T00:00:00Z' }] }

const written = (action: ReturnType<typeof sign>): CertificateSigningRequest => {
  assert.ok(action && action.do === 'updateStatus')
  return action.object as CertificateSigningRequest
}

const certificateOf = (request: CertificateSigningRequest): X509Certificate =>
  new X509Certificate(Buffer.from(request.status.certificate ?? '', 'base64'))

test('what is approved is signed for the name and the key that were asked for', () => {
  const certificate = certificateOf(written(sign(requestOf(clientDer, client, approved), authority, nowMs)))
  assert.ok(certificate.verify(createPublicKey(caKey)))
  assert.equal(certificate.subject, 'O=system:nodes\nCN=system:node:a')
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  assert.equal(certificate.ca, false)
  assert.equal(Date.parse(certificate.validFrom), nowMs - 300_000)
  assert.equal(Date.parse(certificate.validTo), nowMs + 365 * dayMs - 300_000)
})

test('a serving certificate has the alternative names', () => {
  const made = written(sign(requestOf(servingDer, { ...serving, expirationSeconds: 3600 }, approved), authority, nowMs))
  const certificate = certificateOf(made)
  assert.equal(certificate.subjectAltName, 'DNS:a, IP Address:10.0.0.1')
  assert.equal(Date.parse(certificate.validTo), nowMs + 3_600_000)
})

test('what a signer does not allow fails, what nobody has approved waits', () => {
  assert.equal(sign(requestOf(clientDer, client), authority, nowMs), undefined)
  assert.equal(
    sign(requestOf(clientDer, { ...client, signerName: 'example.com/own' }, approved), authority, nowMs),
    undefined,
  )
  const failed = written(sign(requestOf(servingDer, { ...client }, approved), authority, nowMs))
  assert.equal(failed.status.conditions?.at(-1)?.message, 'DNS subjectAltNames are not allowed')
  assert.equal(failed.status.certificate, undefined)
})

test('a node may have its own certificate, and others with the wider permission', () => {
  const subresources = (username: string) =>
    approvalsOf(requestOf(clientDer, { ...client, username })).map(({ subresource }) => subresource)
  assert.deepEqual(subresources('system:node:a'), ['selfnodeclient', 'nodeclient'])
  assert.deepEqual(subresources('system:bootstrap:x'), ['nodeclient'])
  assert.deepEqual(approvalsOf(requestOf(servingDer, serving)), [])
})

test('requests are kept an hour once served, a day while they wait', () => {
  const hourMs = 3_600_000
  assert.equal(removalMs(requestOf(clientDer, client)), nowMs + 24 * hourMs)
  assert.equal(removalMs(requestOf(clientDer, client, approved)), nowMs + 24 * hourMs)
  assert.equal(removalMs(requestOf(clientDer, client, { ...approved, certificate: 'AAAA' })), nowMs + hourMs)
})
