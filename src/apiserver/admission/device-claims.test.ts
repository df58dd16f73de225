import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Namespace } from '../../api/core/v1/namespace.ts'
import { ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { ApiError } from '../../machinery/api-error.ts'
import { MemoryReader } from '../authorization/testing/memory-reader.ts'
import type { AdmissionAttributes } from './admission.ts'
import { DeviceClaimAuthorization } from './device-claims.ts'

const driver = {
  username: 'system:serviceaccount:default:driver',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
}

function claims(...allowed: string[]) {
  const reader = new MemoryReader()
  const labels = { 'resource.kubernetes.io/admin-access': 'true' }
  reader.put(Namespace, { metadata: { name: 'admin', labels }, spec: {}, status: {} })
  reader.put(Namespace, { metadata: { name: 'web' }, spec: {}, status: {} })
  const plugin = new DeviceClaimAuthorization(reader, {
    authorize: async ({ verb, subresource, name }: Record<string, string>) => ({
      decision: allowed.includes(`${verb} ${subresource} ${name}`.trim()) ? 'allow' : 'noOpinion',
      reason: '',
    }),
  } as never)
  return async (changes: object): Promise<string[]> => {
    const attributes = {
      operation: 'CREATE',
      kind: ResourceClaim,
      group: 'resource.k8s.io',
      version: 'v1',
      resource: 'resourceclaims',
      subresource: '',
      namespace: 'web',
      name: 'c',
      user: driver,
      verb: 'patch',
      ...changes,
    }
    try {
      await plugin.validate(attributes as unknown as AdmissionAttributes)
      return []
    } catch (error) {
      return ((error as ApiError).status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`)
    }
  }
}

test('devices in use are for namespaces that are labelled for it', async () => {
  const write = claims()
  const object = { spec: { devices: { requests: [{ name: 'r' }, { name: 's', exactly: { adminAccess: true } }] } } }
  assert.deepEqual(await write({ object, namespace: 'admin' }), [])
  assert.deepEqual(await write({ object }), [
    'spec.devices.requests[1].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace',
  ])
})

const status = (allocation: object | undefined, devices: object[] = []) => ({ status: { allocation, devices } })
const onNode = (node: string) => ({
  devices: { results: [] },
  nodeSelector: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
  },
})

test('who allocates a claim may bind it', async () => {
  const change = {
    operation: 'UPDATE',
    subresource: 'status',
    object: status(onNode('n1')),
    oldObject: status(undefined),
  }
  assert.deepEqual(await claims('patch binding')(change), [])
  const [refused] = await claims('update binding')(change)
  assert.match(refused!, /^status.allocation: Forbidden: changing status.allocation or status.reservedFor requires /)
})

test('a driver speaks of its devices, on its own node with less permission', async () => {
  const device = { driver: 'd', pool: 'p', device: 'x' }
  const change = (node: string) => ({
    operation: 'UPDATE',
    subresource: 'status',
    object: status(onNode(node), [device]),
    oldObject: status(onNode(node)),
  })
  const local = claims('associated-node:patch driver d')
  assert.deepEqual(await local(change('n1')), [])
  assert.match(
    (await local(change('n2')))[0]!,
    /requires resource="resourceclaims\/driver", verb="\[arbitrary-node:patch\]"/,
  )
  assert.deepEqual(await claims('arbitrary-node:patch driver d')(change('n2')), [])
  assert.equal((await claims('arbitrary-node:patch driver e')(change('n1'))).length, 1)
})
