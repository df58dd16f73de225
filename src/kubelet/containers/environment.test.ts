import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap } from '../../api/core/v1/config-map.ts'
import type { Container } from '../../api/core/v1/container.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Service } from '../../api/core/v1/service.ts'
import { notFoundError } from '../../machinery/api-error.ts'
import { containerEnvironment, type EnvironmentFacts } from './environment.ts'
import { expand } from './expansion.ts'
import { linkedServices, serviceVariables } from './service-environment.ts'

const pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { app: 'x' } },
  spec: { containers: [] },
} as unknown as Pod
const facts: EnvironmentFacts = {
  hostIps: ['192.0.2.1'],
  podIps: ['10.0.0.2'],
  allocatable: { cpu: '4', memory: '8Gi' },
  services: new Map([['DB_SERVICE_HOST', '10.96.0.7']]),
  configMap: async name => {
    if (name !== 'conf') throw notFoundError('', 'configmaps', name)
    return { data: { key: 'value' } } as unknown as ConfigMap
  },
  secret: async name => {
    throw notFoundError('', 'secrets', name)
  },
}
const environmentOf = async (container: Partial<Container>) =>
  Object.fromEntries(await containerEnvironment(pod, { name: 'c', resources: {}, ...container }, facts))

test('references expand to what stands before and to services; $$ is a dollar', async () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'B', value: '$(A)-$$(A)-$(C)-$(DB_SERVICE_HOST)' },
    { name: 'C', value: '3' },
  ]
  assert.equal((await environmentOf({ env })).B, '1-$(A)-$(C)-10.96.0.7')
  assert.equal(
    expand('$(open $x', () => undefined),
    '$(open $x',
  )
})

test('config maps come with a prefix, and an optional missing one is nothing', async () => {
  const envFrom = [{ prefix: 'P_', configMapRef: { name: 'conf' } }, { secretRef: { name: 'none', optional: true } }]
  assert.equal((await environmentOf({ envFrom })).P_key, 'value')
})

test('a missing object or key is a configuration error', async () => {
  await assert.rejects(environmentOf({ envFrom: [{ secretRef: { name: 'none' } }] }), /secrets "none" not found/)
  const valueFrom = { configMapKeyRef: { name: 'conf', key: 'other' } }
  await assert.rejects(
    environmentOf({ env: [{ name: 'A', valueFrom }] }),
    /couldn't find key other in ConfigMap n\/conf/,
  )
})

test('resources come in units of their divisor, rounded up; limits fall back to the node', async () => {
  const resourceFieldRef = (resource: string, divisor: string) => ({
    valueFrom: { resourceFieldRef: { resource, divisor } },
  })
  const env = [
    { name: 'CPU', ...resourceFieldRef('requests.cpu', '1') },
    { name: 'MILLI', ...resourceFieldRef('requests.cpu', '1m') },
    { name: 'MEMORY', ...resourceFieldRef('limits.memory', '1Mi') },
  ]
  const values = await environmentOf({ env, resources: { requests: { cpu: '250m' } } })
  assert.deepEqual([values.CPU, values.MILLI, values.MEMORY], ['1', '250', '8192'])
})

test('services of the namespace and the API server are told', () => {
  const service = (namespace: string, name: string, clusterIP: string) =>
    ({ metadata: { namespace, name }, spec: { clusterIP, ports: [{ name: 'web', port: 80 }] } }) as unknown as Service
  const all = [
    service('n', 'my-db', '10.96.0.7'),
    service('n', 'headless', 'None'),
    service('default', 'kubernetes', '10.96.0.1'),
    service('other', 'x', '10.96.0.9'),
  ]
  const variables = Object.fromEntries(serviceVariables(linkedServices(all, 'n', true)))
  assert.equal(variables.MY_DB_SERVICE_PORT_WEB, '80')
  assert.equal(variables.MY_DB_PORT, 'tcp://10.96.0.7:80')
  assert.equal(variables.KUBERNETES_SERVICE_HOST, '10.96.0.1')
  assert.equal(variables.X_SERVICE_HOST, undefined)
  assert.deepEqual(
    linkedServices(all, 'n', false).map(({ metadata }) => metadata.name),
    ['kubernetes'],
  )
})
