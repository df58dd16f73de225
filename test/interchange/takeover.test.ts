/**
 * Our API server takes over what a stock one left: its data, its certificates, its keys of service accounts. Then it is
 * saved, its store looked into by etcd's client, and restored.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { clipperCommand, findInPath } from '../../bench/sides/executables.ts'
import type { ServerProcess } from '../../bench/sides/server-process.ts'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import { run, succeed } from '../e2e/test-cluster.ts'
import { Servers } from './servers.ts'

const needed = ['kubectl', 'kube-apiserver', 'openssl']
const missing = needed.filter(name => !findInPath(name))

/** As kubeadm lays them out, by OpenSSL and with RSA: nothing in them is ours. */
function makePki(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const authority = (name: string) =>
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`, '-addext', 'keyUsage=critical,keyCertSign,digitalSignature'],
    )
  const leaf = (name: string, subject: string, ca: string, extensions: string) => {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    writeFileSync(join(directory, 'ext'), extensions)
    openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial'],
      ...['-days', '30', '-extfile', 'ext', '-out', `${name}.crt`],
    )
  }
  for (const name of ['ca', 'front-proxy-ca', 'etcd-ca']) authority(name)
  const server = 'subjectAltName=IP:127.0.0.1,DNS:localhost,IP:10.97.0.1\nextendedKeyUsage=serverAuth'
  leaf('apiserver', '/CN=kube-apiserver', 'ca', server)
  leaf('etcd-server', '/CN=etcd', 'etcd-ca', server)
  leaf('etcd-client', '/CN=backup', 'etcd-ca', 'extendedKeyUsage=clientAuth')
  leaf('kubeadm-admin', '/O=system:masters/CN=kubernetes-admin', 'ca', 'extendedKeyUsage=clientAuth')
  openssl('genrsa', '-out', 'sa.key', '2048')
  openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub')
}

describe('a take-over from a stock API server', { skip: missing.length > 0 && `not on PATH: ${missing}` }, () => {
  const servers = new Servers('takeover')
  const { directory, data } = servers
  const pki = (name: string) => servers.pki(name)
  let ours: ServerProcess
  let ports: number[]
  let token = ''
  before(async () => {
    ports = await freePorts(4)
    makePki(pki(''))
  })
  after(() => servers.end())

  const admin = () => ['--client-certificate', pki('kubeadm-admin.crt'), '--client-key', pki('kubeadm-admin.key')]
  const access = (port: number, identity = admin()) => [
    ...['--kubeconfig', '/dev/null', '--server', `https://127.0.0.1:${port}`],
    ...['--certificate-authority', pki('ca.crt'), ...identity],
  ]
  const ok = (port: number, ...args: string[]) => succeed('kubectl', [...access(port), ...args])
  const command = (...args: string[]) => run(clipperCommand, args)

  async function startOurs(): Promise<void> {
    const [, , port = 0, storePort = 0] = ports
    ours = servers.startOurApi(port, [
      ...['--store-listen', `https://127.0.0.1:${storePort}`, '--store-client-ca', pki('etcd-ca.crt')],
      ...['--store-cert', pki('etcd-server.crt'), '--store-key', pki('etcd-server.key')],
    ])
    await servers.ready(ours, access(port))
  }

  it('keeps the data, the administrator’s certificate and the tokens', { timeout: 240_000 }, async () => {
    const [storePort = 0, stockPort = 0, port = 0] = ports
    const storeUrl = `http://127.0.0.1:${storePort}`
    const store = servers.startStore(storeUrl, join(directory, 'left'))
    const stock = servers.startStockApi(stockPort, storeUrl)
    await servers.ready(stock, access(stockPort))
    await ok(stockPort, 'create', 'configmap', 'left', '--from-literal=a=b')
    await ok(stockPort, 'create', 'serviceaccount', 'robot')
    token = (await ok(stockPort, 'create', 'token', 'robot')).trim()
    await stock.stop()
    await store.stop()
    renameSync(join(directory, 'left'), join(data, 'store'))
    await startOurs()
    assert.equal(await ok(port, 'get', 'configmap', 'left', '-o', 'jsonpath={.data.a}'), 'b')
    const whoami = ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}']
    const who = await run('kubectl', [...access(port, ['--token', token]), ...whoami])
    assert.equal(who.stdout, 'system:serviceaccount:default:robot', who.stderr)
  })

  it('serves the API of etcd to who has a certificate for it', {
    timeout: 60_000,
    skip: !findInPath('etcdctl') && 'no etcdctl on PATH',
  }, async () => {
    const etcdctl = (...tls: string[]) =>
      run('etcdctl', [
        ...[
          '--endpoints',
          `https://127.0.0.1:${ports[3]}`,
          '--command-timeout=5s',
          '--cacert',
          pki('etcd-ca.crt'),
          ...tls,
        ],
        ...['get', '/registry/configmaps/default/left', '--keys-only'],
      ])
    const known = await etcdctl('--cert', pki('etcd-client.crt'), '--key', pki('etcd-client.key'))
    assert.equal(known.stdout.trim(), '/registry/configmaps/default/left', known.stderr)
    assert.notEqual((await etcdctl()).code, 0)
    // Authority over the cluster's API is none over its store.
    assert.notEqual((await etcdctl('--cert', pki('kubeadm-admin.crt'), '--key', pki('kubeadm-admin.key'))).code, 0)
  })

  it('is saved while it runs, and restored only when it does not', { timeout: 120_000 }, async () => {
    const [, , port = 0] = ports
    const saved = await command('snapshot', 'save', '--data-dir', data)
    assert.equal(saved.code, 0, saved.stderr)
    const [file = ''] = saved.stdout.split(': ')
    await ok(port, 'delete', 'configmap', 'left')
    const listed = JSON.parse((await command('snapshot', 'list', '--data-dir', data, '-o', 'json')).stdout)
    assert.deepEqual(
      listed.map(({ state }: { state: string }) => state),
      ['ok'],
    )
    const restore = ['snapshot', 'restore', file, '--data-dir', data, '--replace']
    const early = await command(...restore)
    assert.notEqual(early.code, 0)
    assert.match(early.stderr, /the store in .* is in use/)
    const versionOf = async () =>
      Number(JSON.parse(await ok(port, 'get', '--raw', '/api/v1/serviceaccounts')).metadata.resourceVersion)
    const seen = await versionOf()
    await ours.stop()
    const restored = await command(...restore)
    assert.equal(restored.code, 0, restored.stderr)
    await startOurs()
    assert.equal(await ok(port, 'get', 'configmap', 'left', '-o', 'jsonpath={.data.a}'), 'b')
    assert.ok((await versionOf()) > seen)
  })
})
