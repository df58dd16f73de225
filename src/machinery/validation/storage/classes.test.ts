import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorsOf } from '../testing/errors-of.ts'

const storageClass = (more: object) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  provisioner: 'a.b/c',
  ...more,
})

test('a storage class names a provisioner and never changes it', () => {
  assert.deepEqual(errorsOf(storageClass({})), [])
  assert.deepEqual(errorsOf(storageClass({ provisioner: '', reclaimPolicy: 'Recycle' })), [
    'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    'provisioner: Required value',
  ])
  assert.deepEqual(errorsOf(storageClass({ parameters: { a: 'b' } }), storageClass({ parameters: {} })), [
    'parameters: Invalid value: null: field is immutable',
  ])
  assert.deepEqual(errorsOf(storageClass({ allowVolumeExpansion: true }), storageClass({})), [])
})

test('two topologies of a storage class must not mean the same', () => {
  const topology = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'zone', values }] })
  assert.deepEqual(errorsOf(storageClass({ allowedTopologies: [topology('a', 'b'), topology('b', 'a')] })), [
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
  ])
})

test('an attachment names one volume, and only its status changes', () => {
  const attachment = (source: object, status: object = {}) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    spec: { attacher: 'a', nodeName: 'n', source },
    status,
  })
  assert.deepEqual(errorsOf(attachment({ persistentVolumeName: 'v' })), [])
  assert.deepEqual(errorsOf(attachment({})), [
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ])
  assert.deepEqual(errorsOf(attachment({ persistentVolumeName: 'v' }), attachment({ persistentVolumeName: 'w' })), [
    'spec: Invalid value: null: field is immutable',
  ])
})
