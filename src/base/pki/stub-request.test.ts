import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { parseCertificateRequest } from './certificate-request.ts'
import { makeStubRequest } from './stub-request.ts'

test('a stub request names nobody and proves its key, for every type of key', async () => {
  for (const keyType of ['RSA3072', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']) {
    const { privateKeyPem, request } = await makeStubRequest(keyType)
    const parsed = parseCertificateRequest(request)
    assert.equal(parsed.isSigned(), true, keyType)
    assert.deepEqual([parsed.commonName, parsed.organizations, parsed.dnsNames], ['', [], []])
    const own = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' })
    assert.deepEqual(parsed.publicKey.export({ type: 'spki', format: 'der' }), own)
  }
  await assert.rejects(makeStubRequest('RSA1024'), /unknown key type "RSA1024"/)
})
