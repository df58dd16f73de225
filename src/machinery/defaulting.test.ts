import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyDefaults } from './defaulting.ts'
import { kindByName } from './scheme.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tests look into objects of many kinds.
type Loose = Record<string, any>

function defaulted(apiVersion: string, kind: string, object: object): Loose {
  const declared = kindByName(apiVersion, kind)
  assert.ok(declared)
  const value = structuredClone({ apiVersion, kind, ...object })
  applyDefaults(declared, value)
  const once = structuredClone(value)
  applyDefaults(declared, value)
  assert.deepEqual(value, once, 'defaulting twice changes nothing')
  return value as unknown as Loose
}

test('a pod gets what SetDefaults_Pod gives', () => {
  const pod = defaulted('v1', 'Pod', {
    metadata: { name: 'p' },
    spec: {
      hostNetwork: true,
      volumes: [{ name: 'a' }, { name: 's', secret: { secretName: 's' } }],
      containers: [
        {
          name: 'c',
          image: 'registry:5000/web',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1000m', memory: '1.5Gi' } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
          livenessProbe: { httpGet: { port: 80 } },
        },
        { name: 'd', image: 'web:1.2' },
      ],
    },
  })
  assert.deepEqual(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: {
      hostNetwork: true,
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 's', secret: { secretName: 's', defaultMode: 420 } },
      ],
      containers: [
        {
          name: 'c',
          image: 'registry:5000/web',
          ports: [{ containerPort: 80, protocol: 'TCP', hostPort: 80 }],
          resources: { limits: { cpu: '1', memory: '1536Mi' }, requests: { cpu: '1', memory: '1536Mi' } },
          env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP', apiVersion: 'v1' } } }],
          livenessProbe: {
            httpGet: { port: 80, path: '/', scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          imagePullPolicy: 'Always',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
        {
          name: 'd',
          image: 'web:1.2',
          resources: {},
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      terminationGracePeriodSeconds: 30,
      securityContext: {},
      schedulerName: 'default-scheduler',
      enableServiceLinks: true,
    },
    status: {},
  })
})

test('a deployment gets its strategy, and no labels or selector of its own', () => {
  const { spec, metadata } = defaulted('apps/v1', 'Deployment', {
    spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: {} } },
  })
  const { template, ...rest } = spec
  assert.ok(template)
  assert.deepEqual(metadata, {})
  assert.deepEqual(rest, {
    selector: { matchLabels: { a: 'b' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  })
})

test('a service gets its type and target ports', () => {
  const service = defaulted('v1', 'Service', { spec: { ports: [{ port: 80 }] } })
  assert.deepEqual(service.spec, {
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
  })
  assert.deepEqual(service.status, { loadBalancer: {} })
})

test('a job takes the labels of its template, a limit range its defaults from its limits', () => {
  const job = defaulted('batch/v1', 'Job', { spec: { template: { metadata: { labels: { a: 'b' } }, spec: {} } } })
  assert.deepEqual(job.metadata.labels, { a: 'b' })
  const range = defaulted('v1', 'LimitRange', {
    spec: { limits: [{ type: 'Container', max: { cpu: '2000m' }, min: { memory: '1' } }] },
  })
  assert.deepEqual(range.spec.limits, [
    {
      type: 'Container',
      max: { cpu: '2' },
      min: { memory: '1' },
      default: { cpu: '2' },
      defaultRequest: { cpu: '2', memory: '1' },
    },
  ])
})

test('a namespace is labelled with its name, a secret merges its texts into its data', () => {
  const namespace = defaulted('v1', 'Namespace', { metadata: { name: 'n' } })
  assert.deepEqual(namespace.metadata, { name: 'n', labels: { 'kubernetes.io/metadata.name': 'n' } })
  const secret = defaulted('v1', 'Secret', { stringData: { a: 'é' } })
  assert.equal(secret.stringData, undefined)
  assert.deepEqual(secret.data, { a: 'w6k=' })
  assert.equal(secret.type, 'Opaque')
})
