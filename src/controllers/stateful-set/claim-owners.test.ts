import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatefulSet } from '../../api/apps/v1/stateful-set.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import { claimOwners } from './claim-owners.ts'

const setWith = (whenDeleted?: string, whenScaled?: string) =>
  ({
    metadata: { name: 'ss', uid: 'set' },
    spec: whenDeleted ? { persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } } : {},
  }) as unknown as StatefulSet
const pod = { metadata: { name: 'ss-0', uid: 'pod' } } as unknown as Pod

const controls = { blockOwnerDeletion: true, controller: true }
const bySet = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'ss', uid: 'set', ...controls }
const byPod = { apiVersion: 'v1', kind: 'Pod', name: 'ss-0', uid: 'pod', ...controls }
const plain = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: 'other' }
const stranger = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'unknown', uid: 'x', ...controls }

test('a claim is controlled by the set, or by a pod that is too much, as the policy says', () => {
  assert.deepEqual(claimOwners([], setWith(), pod, false), [])
  assert.deepEqual(claimOwners([], setWith('Delete', 'Retain'), pod, true), [bySet])
  assert.deepEqual(claimOwners([bySet], setWith('Delete', 'Delete'), pod, true), [byPod])
  assert.deepEqual(claimOwners([byPod], setWith('Delete', 'Delete'), pod, false), [bySet])
  assert.deepEqual(claimOwners([], setWith('Retain', 'Delete'), pod, true), [byPod])
  assert.deepEqual(claimOwners([bySet], setWith('Retain', 'Retain'), pod, false), [])
  const { controller: _, ...owns } = bySet
  assert.deepEqual(claimOwners([owns], setWith('Delete', 'Retain'), pod, false), [bySet])
})

test('other owners stay, and a claim that another controls is left to it', () => {
  assert.deepEqual(claimOwners([plain], setWith('Delete', 'Retain'), pod, false), [plain, bySet])
  assert.deepEqual(claimOwners([stranger, bySet], setWith('Delete', 'Retain'), pod, false), [stranger])
  const former = { ...bySet, uid: 'former' }
  assert.deepEqual(claimOwners([former], setWith('Delete', 'Retain'), pod, false), [former])
})
