/**
 * Stock and our components on one another's data: kube-apiserver, kube-controller-manager and kube-scheduler on our store,
 * our API server on what they left, and they again on what ours left. Everything named must be on PATH.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { clipperCommand, findInPath } from '../../bench/sides/executables.ts'
import type { ServerProcess } from '../../bench/sides/server-process.ts'
import { writeKubeconfig } from '../../src/apiserver/pki/kubeconfig.ts'
import { ensurePki, type Pki } from '../../src/apiserver/pki/pki.ts'
import { systemClock } from '../../src/base/clock.ts'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import { startFakeKmsPlugin } from '../../src/store/encryption/testing/fake-kms-plugin.ts'
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts'
import { eventually, succeed } from '../e2e/test-cluster.ts'
import { Servers } from './servers.ts'

const needed = ['kubectl', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
const missing = needed.filter(name => !findInPath(name))
const replicas = 100

describe('stock and our components on one store', { skip: missing.length > 0 && `not on PATH: ${missing}` }, () => {
  const servers = new Servers('interchange')
  const { directory } = servers
  let pki: Pki
  let ports: number[]
  let storeUrl: string

  before(async () => {
    ports = await freePorts(7)
    storeUrl = `http://127.0.0.1:${ports[0]}`
    pki = ensurePki({
      directory: servers.pki(''),
      nodeName: 'node1',
      altNames: ['127.0.0.1'],
      serviceAddresses: ['10.97.0.1'],
      clusterDomain: 'cluster.local',
      clock: systemClock,
    })
    servers.startStore(storeUrl, join(directory, 'store'))
  })
  after(() => servers.end())

  const kubeconfigOf = (name: 'admin' | 'controller-manager' | 'scheduler', port: number): string => {
    const path = join(directory, `${name}-${port}.kubeconfig`)
    const server = `https://127.0.0.1:${port}`
    writeKubeconfig(path, { server, caPem: pki.caPem, clusterName: 'x', userName: name, client: pki.identity(name) })
    return path
  }
  const access = (port: number) => ['--kubeconfig', kubeconfigOf('admin', port)]
  const kubectlAt =
    (port: number) =>
    (...args: string[]): Promise<string> =>
      succeed('kubectl', [...access(port), ...args])
  const ready = (server: ServerProcess, port: number) => servers.ready(server, access(port))

  const startStockServer = (port: number, more: readonly string[] = []) => servers.startStockApi(port, storeUrl, more)

  const simulateNodes = (port: number) =>
    servers.start('nodes', clipperCommand, ['simulate-nodes', '5', ...access(port)])

  async function startStock(): Promise<{ port: number; stop(): Promise<void> }> {
    const [, port = 0, managerPort = 0, schedulerPort = 0] = ports
    const server = startStockServer(port)
    await ready(server, port)
    const as = (name: 'controller-manager' | 'scheduler') =>
      ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
        flag => `--${flag}=${kubeconfigOf(name, port)}`,
      )
    const manager = servers.start('kube-controller-manager', 'kube-controller-manager', [
      ...as('controller-manager'),
      ...[`--secure-port=${managerPort}`, '--bind-address=127.0.0.1', '--leader-elect=false'],
      ...[`--service-account-private-key-file=${servers.pki('sa.key')}`, '--use-service-account-credentials'],
      ...['--kube-api-qps=1000', '--kube-api-burst=1000'],
    ])
    const scheduler = servers.start('kube-scheduler', 'kube-scheduler', [
      ...as('scheduler'),
      ...[`--secure-port=${schedulerPort}`, '--bind-address=127.0.0.1', '--leader-elect=false'],
      ...['--kube-api-qps=1000', '--kube-api-burst=1000'],
    ])
    const stop = async () => {
      for (const one of [scheduler, manager, server]) await one.stop()
    }
    return { port, stop }
  }

  async function startOurs(more: readonly string[] = []): Promise<{ port: number; stop(): Promise<void> }> {
    const [, , , , port = 0] = ports
    const server = servers.startOurApi(port, ['--etcd-servers', storeUrl, ...more])
    await ready(server, port)
    return { port, stop: () => server.stop() }
  }

  /** What matters of every object: that it is the same one, in every field. */
  async function objectsAt(port: number): Promise<Map<string, unknown>> {
    const kinds =
      'deployments,replicasets,pods,configmaps,secrets,serviceaccounts,services,namespaces,nodes,roles,clusterroles,clusterrolebindings,poddisruptionbudgets,ingresses,cronjobs,priorityclasses,servicecidrs,ipaddresses'
    const { items } = JSON.parse(await kubectlAt(port)('get', kinds, '-A', '-o', 'json'))
    return new Map(
      items
        .filter((item: { metadata: { name: string } }) => item.metadata.name !== 'extension-apiserver-authentication')
        .map((item: { kind: string; metadata: { namespace?: string; name: string } }) => [
          `${item.kind} ${item.metadata.namespace ?? ''}/${item.metadata.name}`,
          item,
        ]),
    )
  }

  const stockRunning = { stop: async () => {} }

  it('runs a Deployment by stock components on our store', { timeout: 300_000 }, async () => {
    const stock = await startStock()
    stockRunning.stop = stock.stop
    const kubectl = kubectlAt(stock.port)
    const nodes = simulateNodes(stock.port)
    await kubectl('create', 'deployment', 'web', '--image=x', `--replicas=${replicas}`)
    const readyReplicas = async (wanted: number) =>
      (await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')) === String(wanted)
    await eventually('all pods run', () => readyReplicas(replicas), 120_000)
    await kubectl('scale', 'deployment', 'web', '--replicas=7')
    const pods = async () => (await kubectl('get', 'pods', '-o', 'name')).trim().split('\n').filter(Boolean).length
    await eventually('scaled down', async () => (await pods()) === 7, 120_000)
    await kubectl('create', 'configmap', 'c', '--from-literal=a=b')
    await kubectl('create', 'secret', 'generic', 's', '--from-literal=p=q')
    await kubectl('create', 'role', 'r', '--verb=get', '--resource=pods')
    await kubectl('create', 'service', 'clusterip', 'svc', '--tcp=80:80')
    await kubectl('create', 'namespace', 'other')
    await kubectl('create', 'cronjob', 'cj', '--image=x', '--schedule=0 0 1 1 *')
    await kubectl('create', 'ingress', 'i', '--rule=a.b/c=svc:80')
    await nodes.stop()
  })

  it('loses nothing when our API server takes over, and nothing when it gives the data back', {
    timeout: 300_000,
  }, async () => {
    await stockRunning.stop()
    const first = await startOurs()
    const ours = kubectlAt(first.port)
    await ours('get', 'configmap', 'c')
    await ours('scale', 'deployment', 'web', '--replicas=3')
    await ours('create', 'configmap', 'ours', '--from-literal=x=y')
    await ours('delete', 'secret', 's')
    const left = await objectsAt(first.port)
    await first.stop()
    const [, port = 0] = ports
    const server = startStockServer(port)
    await ready(server, port)
    const found = await objectsAt(port)
    assert.deepEqual(
      [...left.keys()].filter(key => !found.has(key)),
      [],
    )
    for (const [key, object] of left) assert.deepEqual(found.get(key), object, key)
    await server.stop()
    const second = await startOurs()
    const again = await objectsAt(second.port)
    for (const [key, object] of found) assert.deepEqual(again.get(key), object, key)
    await second.stop()
  })

  it('runs a stock API server by our scheduler and controllers, each elected and with rights of its own', {
    timeout: 300_000,
  }, async () => {
    const [, port = 0] = ports
    const server = startStockServer(port)
    await ready(server, port)
    const kubectl = kubectlAt(port)
    const election = [
      ...['--leader-elect-lease-duration', '3s', '--leader-elect-renew-deadline', '2s'],
      ...['--leader-elect-retry-period', '500ms'],
    ]
    const component = (name: 'scheduler' | 'controller-manager', ...more: string[]) =>
      servers.start(name, clipperCommand, [name, '--kubeconfig', kubeconfigOf(name, port), ...election, ...more])
    const schedulers = [component('scheduler'), component('scheduler')]
    const manager = component(
      'controller-manager',
      ...['--root-ca-file', servers.pki('ca.crt'), '--cluster-signing-cert-file', servers.pki('ca.crt')],
      ...['--cluster-signing-key-file', servers.pki('ca.key'), '--controllers', '*,-cluster-dns-controller'],
    )
    const nodes = simulateNodes(port)
    await kubectl('create', 'namespace', 'by-ours')
    const running = async (name: string) =>
      (await kubectl('get', 'deployment', name, '-n', 'by-ours', '-o', 'jsonpath={.status.readyReplicas}')) === '20'
    const create = (name: string) =>
      kubectl('create', 'deployment', name, '--image=x', '--replicas=20', '--namespace', 'by-ours')
    await create('first')
    await eventually('all pods run', () => running('first'), 60_000)
    const lease = async () =>
      kubectl('get', 'lease', 'kube-scheduler', '-n', 'kube-system', '-o', 'jsonpath={.spec.holderIdentity}')
    const before = await lease()
    // Which of the two leads is not known; the one that is left leads in the end.
    await schedulers[0]?.stop()
    await create('second')
    await eventually('the other scheduler has taken over', () => running('second'), 60_000)
    await schedulers[1]?.stop()
    assert.match(before, /^\S+_[-0-9a-f]{36}$/)
    await eventually('the root authority is published', async () =>
      (await kubectl('get', 'configmap', '-n', 'by-ours', '-o', 'name')).includes('kube-root-ca.crt'),
    )
    await kubectl('delete', 'namespace', 'by-ours', '--timeout=60s')
    for (const one of [manager, nodes, server]) await one.stop()
  })

  it('reads what the other one wrote under a KMS plugin, each with seeds of its own', { timeout: 300_000 }, async t => {
    const socket = join(directory, 'kms.sock')
    const plugin = await startFakeKmsPlugin(socket)
    t.after(() => plugin.close())
    const configuration = join(directory, 'encryption.yaml')
    const kms = { kms: { apiVersion: 'v2', name: 'plugin', endpoint: `unix://${socket}` } }
    const resources = [{ resources: ['secrets'], providers: [kms, { identity: {} }] }]
    const document = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources }
    writeFileSync(configuration, JSON.stringify(document))
    const [, port = 0] = ports
    const valueAt = async (at: number, name: string) => {
      const value = await kubectlAt(at)('get', 'secret', name, '-o', 'jsonpath={.data.p}')
      return Buffer.from(value, 'base64').toString()
    }
    const stock = startStockServer(port, [`--encryption-provider-config=${configuration}`])
    await ready(stock, port)
    await kubectlAt(port)('create', 'secret', 'generic', 'stock', '--from-literal=p=of-stock')
    await stock.stop()
    const ours = await startOurs(['--encryption-provider-config', configuration])
    assert.equal(await valueAt(ours.port, 'stock'), 'of-stock')
    assert.equal(await kubectlAt(ours.port)('get', '--raw', '/livez/kms-providers'), 'ok')
    await kubectlAt(ours.port)('create', 'secret', 'generic', 'ours', '--from-literal=p=of-ours')
    await ours.stop()
    const below = await openEtcdStore({ servers: [storeUrl], timeoutMs: 5000 })
    for (const name of ['stock', 'ours']) {
      const { kvs } = await below.range({ start: `/registry/secrets/default/${name}` })
      assert.match(Buffer.from(kvs[0]!.value).toString('latin1'), /^k8s:enc:kms:v2:plugin:/)
    }
    await below.close()
    const again = startStockServer(port, [`--encryption-provider-config=${configuration}`])
    await ready(again, port)
    assert.equal(await valueAt(port, 'ours'), 'of-ours')
    await again.stop()
  })
})
