import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HorizontalPodAutoscaler as V1 } from '../../api/autoscaling/v1/horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler as V2 } from '../../api/autoscaling/v2/horizontal-pod-autoscaler.ts'
import { autoscalerToV1, autoscalerToV2 } from './horizontal-pod-autoscaler.ts'

const head = { kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' } }
const target = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }
const bounds = { minReplicas: 1, maxReplicas: 4, scaleTargetRef: target }

const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }
const v2 = (spec: object, status: object = {}): V2 =>
  ({ ...head, apiVersion: 'autoscaling/v2', spec: { ...bounds, ...spec }, status }) as unknown as V2

test('CPU use alone needs no annotation', () => {
  const v1 = autoscalerToV1(v2({ metrics: [cpu] }))
  assert.equal(v1.spec.targetCPUUtilizationPercentage, 50)
  assert.equal(v1.metadata.annotations, undefined)
  assert.deepEqual(autoscalerToV2(v1).spec.metrics, [cpu])
})

test('without any metric the older version means 80 % of CPU', () => {
  const v1 = { ...head, apiVersion: 'autoscaling/v1', spec: bounds, status: {} } as unknown as V1
  assert.equal(autoscalerToV2(v1).spec.metrics?.[0]?.resource?.target.averageUtilization, 80)
})

// As a stock API server of v1.37 answers.
test('annotations carry what the older version lacks, in upstream’s form', () => {
  const pods = { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } }
  const behavior = {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }],
    },
    scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
  }
  const v1 = autoscalerToV1(v2({ metrics: [pods], behavior }))
  assert.deepEqual(v1.metadata.annotations, {
    'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5"}}]',
    'autoscaling.alpha.kubernetes.io/behavior':
      '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}',
  })
  const back = autoscalerToV2(v1)
  assert.deepEqual(back.spec, { ...bounds, metrics: [pods], behavior })
  assert.equal(back.metadata.annotations, undefined)
})

test('every sort of metric and status survives the way there and back', () => {
  const metrics = [
    {
      type: 'Object',
      object: { describedObject: target, metric: { name: 'o' }, target: { type: 'Value', value: '7' } },
    },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
    {
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 9 } },
    },
    {
      type: 'External',
      external: {
        metric: { name: 'e', selector: { matchLabels: { a: 'b' } } },
        target: { type: 'AverageValue', averageValue: '3' },
      },
    },
    cpu,
  ]
  const status = {
    currentReplicas: 2,
    desiredReplicas: 3,
    currentMetrics: [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '20m' } } },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True' }],
  }
  const v1 = autoscalerToV1(v2({ metrics }, status))
  assert.equal(v1.status.currentCPUUtilizationPercentage, 40)
  assert.deepEqual(autoscalerToV2(v1), v2({ metrics }, status))
})

test('annotations that a user has broken count for nothing', () => {
  const annotations = {
    'autoscaling.alpha.kubernetes.io/metrics': '{',
    'autoscaling.alpha.kubernetes.io/behavior': '[]',
    'autoscaling.alpha.kubernetes.io/conditions': '3',
  }
  const v1 = { ...head, apiVersion: 'autoscaling/v1', metadata: { name: 'a', annotations }, spec: bounds, status: {} }
  const made = autoscalerToV2(v1 as unknown as V1)
  assert.equal(made.spec.metrics?.length, 1)
  assert.equal(made.spec.behavior, undefined)
  assert.equal(made.metadata.annotations, undefined)
})
