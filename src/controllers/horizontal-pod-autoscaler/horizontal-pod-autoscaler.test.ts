import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deployment } from '../../api/apps/v1/deployment.ts'
import { HorizontalPodAutoscaler } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import { Event } from '../../api/core/v1/event.ts'
import { timeOf } from '../../client/timestamps.ts'
import { readyAt, TestCluster } from '../testing/cluster.ts'

interface Setting {
  readonly cluster: TestCluster
  /** The use of CPU by every pod, as `100m`; undefined: the metrics API does not answer. */
  use: string | undefined
}

async function setting(spec: object = {}): Promise<Setting> {
  const cluster = new TestCluster()
  const setting: Setting = { cluster, use: '100m' }
  cluster.kubelet = pod =>
    pod.status?.phase === undefined
      ? { phase: 'Running', startTime: timeOf(cluster.clock.now()), conditions: [readyAt(cluster.clock.now())] }
      : undefined
  cluster.transport.intercept = ({ method, path, body }) => {
    if (path.startsWith('/apis/metrics.k8s.io/')) {
      if (setting.use === undefined) throw new Error('the server could not find the requested resource')
      const timestamp = timeOf(cluster.clock.now() + 60_000)
      const containers = [{ name: 'c', usage: { cpu: setting.use } }]
      return { items: cluster.pods().map(({ metadata }) => ({ metadata, timestamp, window: '15s', containers })) }
    }
    if (!path.endsWith('/scale')) return undefined
    const deployment = cluster.transport.peek(Deployment, 'default', 'web')!
    if (method === 'PUT') {
      const { replicas } = (body as { spec: { replicas: number } }).spec
      return cluster.client
        .of(Deployment)
        .update({ ...deployment, spec: { ...deployment.spec, replicas } })
        .then(() => body)
    }
    const replicas = deployment.spec.replicas ?? 1
    return { metadata: deployment.metadata, spec: { replicas }, status: { replicas, selector: 'app=web' } }
  }
  const container = { name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }
  await cluster.client.of(Deployment).create('default', {
    metadata: { name: 'web' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
    },
  } as never)
  await cluster.client.of(HorizontalPodAutoscaler).create('default', {
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      ...spec,
    },
  } as never)
  cluster.start({ choice: ['deployment-controller', 'replicaset-controller', 'horizontal-pod-autoscaler'] })
  return setting
}

const replicasOf = ({ cluster }: Setting) => cluster.transport.peek(Deployment, 'default', 'web')?.spec.replicas
const statusOf = ({ cluster }: Setting) => cluster.transport.peek(HorizontalPodAutoscaler, 'default', 'web')?.status
const reasonsOf = (setting: Setting) =>
  Object.fromEntries(
    (statusOf(setting)?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  )

test('more use than the target brings more replicas, at once', async () => {
  const at = await setting()
  const { cluster } = at
  await cluster.until('scaled up', () => replicasOf(at) === 4)
  await cluster.until('in the status', () => statusOf(at)?.desiredReplicas === 4)
  const { currentMetrics, lastScaleTime } = statusOf(at)!
  assert.deepEqual(currentMetrics?.[0]?.resource, {
    name: 'cpu',
    current: { averageValue: '100m', averageUtilization: 100 },
  })
  assert.ok(lastScaleTime)
  assert.deepEqual(reasonsOf(at), {
    AbleToScale: 'True SucceededRescale',
    ScalingActive: 'True ValidMetricFound',
    ScalingLimited: 'False DesiredWithinRange',
  })
  await cluster.run(1000)
  const events = cluster.transport.peekAll(Event).filter(({ reason }) => reason === 'SuccessfulRescale')
  assert.equal(events[0]?.message, 'New size: 4; reason: cpu resource utilization (percentage of request) above target')
  await cluster.stop()
})

test('less use brings fewer replicas when the highest recommendation is five minutes old', async () => {
  const at = await setting()
  const { cluster } = at
  await cluster.until('scaled up', () => replicasOf(at) === 4)
  at.use = '10m'
  await cluster.run(60_000)
  assert.equal(replicasOf(at), 4)
  assert.equal(reasonsOf(at).AbleToScale, 'True ScaleDownStabilized')
  await cluster.until('scaled down', () => replicasOf(at) === 2, 300_000)
  await cluster.stop()
})

test('policies limit the pods that come in a period', async () => {
  const policies = [{ type: 'Pods', value: 1, periodSeconds: 60 }]
  const at = await setting({ behavior: { scaleUp: { policies, selectPolicy: 'Max', stabilizationWindowSeconds: 0 } } })
  const { cluster } = at
  await cluster.until('one more', () => replicasOf(at) === 3)
  await cluster.run(40_000)
  assert.equal(replicasOf(at), 3)
  assert.equal(reasonsOf(at).ScalingLimited, 'True ScaleUpLimit')
  await cluster.until('another', () => replicasOf(at) === 4, 40_000)
  await cluster.stop()
})

test('without metrics replicas stay as they are', async () => {
  const at = await setting()
  at.use = undefined
  const { cluster } = at
  await cluster.until('told', () => reasonsOf(at).ScalingActive !== undefined)
  assert.equal(reasonsOf(at).ScalingActive, 'False FailedGetResourceMetric')
  const { message } = statusOf(at)!.conditions!.find(({ type }) => type === 'ScalingActive')!
  assert.equal(
    message,
    'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource',
  )
  assert.equal(replicasOf(at), 2)
  await cluster.stop()
})
