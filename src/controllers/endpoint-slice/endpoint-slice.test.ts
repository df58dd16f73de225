import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoints } from '../../api/core/v1/endpoints.ts'
import { Pod } from '../../api/core/v1/pod.ts'
import { Service } from '../../api/core/v1/service.ts'
import { EndpointSlice } from '../../api/discovery/v1/endpoint-slice.ts'
import { readyAt, TestCluster } from '../testing/cluster.ts'

async function setUp() {
  const cluster = new TestCluster()
  cluster.kubelet = () => undefined
  cluster.start({ choice: ['endpointslice-controller', 'endpoint-controller', 'endpointslicemirroring-controller'] })
  const slices = () => cluster.transport.peekAll(EndpointSlice)
  const pod = async (name: string, ip: string, ready: boolean) => {
    const made = await cluster.client.of(Pod).create('a', {
      metadata: { name, labels: { app: 'web' } },
      spec: { nodeName: 'n', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] },
    })
    const conditions = ready ? [readyAt(cluster.clock.now())] : []
    return cluster.client
      .of(Pod)
      .updateStatus({ ...made, status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions } })
  }
  const shown = () =>
    slices().flatMap(slice =>
      (slice.endpoints ?? []).map(
        ({ addresses, conditions: { ready, serving, terminating } }) =>
          `${addresses} ${ready} ${serving} ${terminating}`,
      ),
    )
  return { cluster, slices, pod, shown }
}

const service = (spec: Partial<Service['spec']> = {}) => ({
  metadata: { name: 'web' },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' as const }],
    ...spec,
  },
})

test('EndpointSlice follows pods: ready, not ready, terminating, gone', async () => {
  const { cluster, slices, pod, shown } = await setUp()
  await cluster.client.of(Service).create('a', service())
  await cluster.until('placeholder', () => slices().length === 1)
  const one = await pod('one', '10.0.0.1', true)
  await pod('two', '10.0.0.2', false)
  await cluster.until('two endpoints', () => shown().length === 2)
  await cluster.run(500)
  assert.deepEqual(shown(), ['10.0.0.1 true true false', '10.0.0.2 false false false'])
  const [slice] = slices()
  assert.equal(slices().length, 1)
  assert.deepEqual(slice!.ports, [{ name: 'web', port: 8080, protocol: 'TCP' }])
  assert.equal(slice!.metadata.labels?.['kubernetes.io/service-name'], 'web')
  assert.equal(slice!.metadata.labels?.['endpointslice.kubernetes.io/managed-by'], 'endpointslice-controller.k8s.io')
  assert.deepEqual(slice!.endpoints?.[0]?.targetRef, {
    kind: 'Pod',
    namespace: 'a',
    name: 'one',
    uid: one.metadata.uid,
  })
  await cluster.client.of(Pod).patch('a', 'one', 'merge', { metadata: { finalizers: ['test/wait'] } })
  await cluster.client.of(Pod).delete('a', 'one')
  await cluster.until('terminating', () => shown().includes('10.0.0.1 false true true'))
  await cluster.stop()
})

test('Endpoints list ready and other addresses apart, without terminating ones', async () => {
  const { cluster, pod } = await setUp()
  await cluster.client.of(Service).create('a', service())
  await pod('one', '10.0.0.1', true)
  await pod('two', '10.0.0.2', false)
  const subset = () => cluster.transport.peek(Endpoints, 'a', 'web')?.subsets?.[0]
  await cluster.until('both', () => subset()?.addresses?.length === 1 && subset()?.notReadyAddresses?.length === 1)
  assert.deepEqual(subset()?.ports, [{ name: 'web', port: 8080, protocol: 'TCP' }])
  await cluster.client.of(Service).delete('a', 'web')
  await cluster.until('gone', () => subset() === undefined)
  await cluster.stop()
})

test('EndpointSlices hold at most 100 endpoints each', async () => {
  const { cluster, slices, pod, shown } = await setUp()
  await cluster.client.of(Service).create('a', service())
  for (let count = 0; count < 150; count++) await pod(`p${count}`, `10.0.1.${count}`, true)
  await cluster.until('all', () => shown().length === 150)
  assert.ok(slices().every(slice => (slice.endpoints ?? []).length <= 100))
  await cluster.stop()
})

test('EndpointSlice mirrors the Endpoints of a Service without selector', async () => {
  const { cluster, shown } = await setUp()
  await cluster.client.of(Service).create('a', { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } })
  await cluster.client.of(Endpoints).create('a', {
    metadata: { name: 'web' },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }],
  })
  await cluster.until('mirrored', () => shown().join() === '192.0.2.1 true undefined undefined')
  await cluster.client.of(Endpoints).delete('a', 'web')
  await cluster.until('gone', () => shown().length === 0)
  await cluster.stop()
})
