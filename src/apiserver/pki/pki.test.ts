import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { parse } from 'yaml'
import type { Clock } from '../../base/clock.ts'
import { addressBytes } from '../../base/pki/certificate.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { ensurePki, type PkiOptions } from './pki.ts'

const dayMs = 24 * 3600 * 1000

class TestClock implements Clock {
  nowMs = Date.now()
  now() {
    return this.nowMs
  }
  monotonic() {
    return this.nowMs
  }
  after(): never {
    throw new Error('no timers here')
  }
}

function options(t: TestContext): PkiOptions & { clock: TestClock } {
  const parent = mkdtempSync(join(tmpdir(), 'clipper-pki-'))
  t.after(() => rmSync(parent, { recursive: true }))
  return {
    directory: join(parent, 'pki'),
    nodeName: 'node-1',
    altNames: ['192.0.2.7', '2001:db8::7'],
    serviceAddresses: ['10.96.0.1'],
    clock: new TestClock(),
  }
}

test('ensurePki keeps everything on the next start', t => {
  const o = options(t)
  const first = ensurePki(o)
  const second = ensurePki(o)
  assert.equal(second.caPem, first.caPem)
  assert.deepEqual(second.serving, first.serving)
  assert.deepEqual(second.serviceAccountKey, first.serviceAccountKey)
  assert.deepEqual(second.identity('admin'), first.identity('admin'))
})

test('ensurePki makes keys that only their owner reads', t => {
  const o = options(t)
  ensurePki(o)
  assert.equal(statSync(o.directory).mode & 0o777, 0o700)
  for (const name of ['ca', 'apiserver', 'sa', 'front-proxy-ca', 'apiserver-kubelet-client'])
    assert.equal(statSync(join(o.directory, `${name}.key`)).mode & 0o777, 0o600, name)
})

test('the serving certificate names the server in every way that clients reach it', t => {
  const pki = ensurePki(options(t))
  const certificate = new X509Certificate(pki.serving.certificatePem)
  for (const host of ['kubernetes', 'kubernetes.default.svc.cluster.local', 'localhost', 'node-1'])
    assert.ok(certificate.checkHost(host), host)
  for (const address of ['127.0.0.1', '::1', '10.96.0.1', '192.0.2.7', '2001:db8::7'])
    assert.ok(certificate.checkIP(address), address)
  assert.ok(certificate.checkIssued(new X509Certificate(pki.caPem)))
})

test('openssl accepts the chain under its strict rules', t => {
  const o = options(t)
  const pki = ensurePki(o)
  pki.identity('admin')
  const verify = (purpose: string, file: string) =>
    execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      join(o.directory, 'ca.crt'),
      join(o.directory, file),
    ]).toString()
  try {
    execFileSync('openssl', ['version'])
  } catch {
    return t.skip('openssl is missing')
  }
  assert.match(verify('sslserver', 'apiserver.crt'), /OK/)
  assert.match(verify('sslclient', 'admin.crt'), /OK/)
  assert.throws(() => verify('sslserver', 'admin.crt'))
})

test('the administrator has a key that clients of every language read', t => {
  assert.match(ensurePki(options(t)).identity('admin').privateKeyPem, /^-----BEGIN RSA PRIVATE KEY-----/)
})

test('a client certificate carries user and groups through TLS', async t => {
  const pki = ensurePki(options(t))
  const subject = await new Promise<tls.PeerCertificate>((resolve, reject) => {
    const server = tls.createServer(
      {
        cert: pki.serving.certificatePem,
        key: pki.serving.privateKeyPem,
        ca: pki.caPem,
        requestCert: true,
        rejectUnauthorized: true,
      },
      socket => {
        assert.equal(socket.authorized, true)
        resolve(socket.getPeerCertificate())
        socket.destroy()
        server.close()
      },
    )
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const { certificatePem: cert, privateKeyPem: key } = pki.nodeClient('node-1')
      tls.connect({ port, host: '127.0.0.1', ca: pki.caPem, cert, key }).on('error', reject)
    })
  })
  assert.equal(subject.subject.CN, 'system:node:node-1')
  assert.equal(subject.subject.O, 'system:nodes')
})

test('a certificate is renewed when a name is new and when a third of its life is left', t => {
  const o = options(t)
  const first = ensurePki(o)
  const renamed = ensurePki({ ...o, altNames: [...o.altNames, '192.0.2.8'] })
  assert.notEqual(renamed.serving.certificatePem, first.serving.certificatePem)
  assert.equal(renamed.caPem, first.caPem)
  o.clock.nowMs += 200 * dayMs
  assert.equal(ensurePki(o).kubeletClient.certificatePem, first.kubeletClient.certificatePem)
  o.clock.nowMs += 60 * dayMs
  const renewed = ensurePki(o)
  assert.notEqual(renewed.kubeletClient.certificatePem, first.kubeletClient.certificatePem)
  assert.ok(Date.parse(new X509Certificate(renewed.kubeletClient.certificatePem).validTo) > o.clock.nowMs + 364 * dayMs)
})

test('a start that was cut off between key and certificate is made whole by the next', t => {
  const o = options(t)
  const first = ensurePki(o)
  unlinkSync(join(o.directory, 'ca.crt'))
  unlinkSync(join(o.directory, 'apiserver.crt'))
  writeFileSync(join(o.directory, 'apiserver.key.new'), 'half a ke')
  const second = ensurePki(o)
  // What the authority had issued before is still trusted.
  assert.ok(new X509Certificate(first.kubeletClient.certificatePem).checkIssued(new X509Certificate(second.caPem)))
  assert.deepEqual(second.kubeletClient, first.kubeletClient)
  assert.notEqual(second.serving.certificatePem, first.serving.certificatePem)
})

test("a lost authority's key is an error that says what to do", t => {
  const o = options(t)
  ensurePki(o)
  unlinkSync(join(o.directory, 'ca.key'))
  assert.throws(() => ensurePki(o), /ca\.key is missing/)
})

test('writeKubeconfig gives a file that clients can parse', t => {
  const o = options(t)
  const pki = ensurePki(o)
  const path = join(o.directory, 'admin.kubeconfig')
  writeKubeconfig(path, {
    server: 'https://127.0.0.1:6443',
    caPem: pki.caPem,
    clusterName: 'clipper',
    userName: 'clipper-admin',
    client: pki.identity('admin'),
  })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const config = parse(readFileSync(path, 'utf8'))
  assert.equal(config['current-context'], 'clipper')
  assert.equal(Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64').toString(), pki.caPem)
})

test('addressBytes reads every form of an address', () => {
  assert.equal(addressBytes('10.0.0.1').toString('hex'), '0a000001')
  assert.equal(addressBytes('::1').toString('hex'), '00000000000000000000000000000001')
  assert.equal(addressBytes('2001:db8::7').toString('hex'), '20010db8000000000000000000000007')
  assert.equal(addressBytes('::ffff:10.0.0.1').toString('hex'), '00000000000000000000ffff0a000001')
  assert.equal(addressBytes('1:2:3:4:5:6:7:8').toString('hex'), '00010002000300040005000600070008')
})
