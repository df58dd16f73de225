import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connectionError } from './connection-error.ts'

const failure = (facts: object) => Object.assign(new Error('as Node says it'), facts)

test('a server that does not listen refuses the connection in the words of Go', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const [error] = await once(connect(port, '127.0.0.1'), 'error').catch(reason => [reason])
  assert.equal(connectionError(error), `dial tcp 127.0.0.1:${port}: connect: connection refused`)
})

test('certificates, names and ends of connections are told in the words of Go', () => {
  const cert = { subjectaltname: 'DNS:a.example.com, DNS:b, IP Address:192.0.2.1' }
  const cases: [object, string][] = [
    [
      { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'hook.default.svc', cert },
      'tls: failed to verify certificate: x509: certificate is valid for a.example.com, b, not hook.default.svc',
    ],
    [
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: '192.0.2.9', cert: {} },
      "tls: failed to verify certificate: x509: cannot validate certificate for 192.0.2.9 because it doesn't contain any IP SANs",
    ],
    [{ code: 'ENOTFOUND', hostname: 'nowhere.example.com' }, 'dial tcp: lookup nowhere.example.com: no such host'],
    [
      { code: 'EHOSTUNREACH', syscall: 'connect', address: '2001:db8::1', port: 443 },
      'dial tcp [2001:db8::1]:443: connect: no route to host',
    ],
    [{ code: 'ECONNRESET', message: 'socket hang up' }, 'EOF'],
    [{ code: 'OTHER' }, 'as Node says it'],
  ]
  for (const [facts, words] of cases) assert.equal(connectionError(failure(facts)), words)
})
