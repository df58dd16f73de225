import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

/** `openssl req -new -newkey ed25519 -nodes -subj /O=system:nodes/CN=system:node:a`. */
const pem = `-----BEGIN CERTIFICATE REQUEST-----
MIGuMGICAQAwLzEVMBMGA1UECgwMc3lzdGVtOm5vZGVzMRYwFAYDVQQDDA1zeXN0ZW06bm9kZTphMCowBQYDK2VwAyEAa481dMd/Jov7MmHAXwxovarrpb7oK5prog8xBpxixe6gADAFBgMrZXADQQBAtt8AU+JoFvKy+ArxE3rN9gsjW8fSN301cz+wVkwl40P0RUFOm4U45AS8aQoFC82G8pghJ6LANHYbHMFkikoL
-----END CERTIFICATE REQUEST-----
`

const request = (spec: object, status: object = {}) => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  spec: { request: Buffer.from(pem).toString('base64'), signerName: 'a.b/c', usages: ['client auth'], ...spec },
  status,
})

test('a request is PKCS #10, for a signer and some usages', () => {
  assert.deepEqual(errorsOf(request({})), [])
  assert.deepEqual(errorsOf(request({ request: 'AAAA', signerName: 'a', usages: [], expirationSeconds: 5 })), [
    'spec.request: Invalid value: "AAAA": PEM block type must be CERTIFICATE REQUEST',
    'spec.usages: Required value',
    `spec.signerName: Invalid value: "a": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    'spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)',
  ])
})

test('a request that was signed with another key is refused', () => {
  const der = Buffer.from(pem.split('\n')[1] as string, 'base64')
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  const changed = pem.replace(/\n.*\n/, `\n${der.toString('base64')}\n`)
  const [error = ''] = errorsOf(request({ request: Buffer.from(changed).toString('base64') }))
  assert.match(error, /^spec.request: Invalid value: .*: x509: /)
})

test('verdicts come by approval alone, certificates by status alone', () => {
  const approved = { conditions: [{ type: 'Approved', status: 'True' }] }
  assert.deepEqual(errorsOf(request({}, approved), request({}), 'approval'), [])
  assert.deepEqual(errorsOf(request({}, approved), request({}), 'status'), [
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ])
  assert.deepEqual(errorsOf(request({}), request({}, approved), 'approval'), [
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ])
  assert.deepEqual(errorsOf(request({}, { certificate: 'AAAA' }), request({}), 'status'), [
    'status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ])
})
