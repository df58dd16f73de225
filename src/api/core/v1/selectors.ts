import { f, inline } from '../../../schema/field.ts'
import { bool, list, oneOf, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { LocalObjectReference } from './object-reference.ts'
import { message } from './package.ts'

export const ConfigMapKeySelector = message(
  'ConfigMapKeySelector',
  {
    ...inline(1, LocalObjectReference),
    key: f(2, str).required().always(),
    optional: f(3, bool).explicit(),
  },
  { mapType: 'atomic' },
)
export type ConfigMapKeySelector = TypeOf<typeof ConfigMapKeySelector>

export const FileKeySelector = message(
  'FileKeySelector',
  {
    volumeName: f(1, str).required().always(),
    path: f(2, str).required().always(),
    key: f(3, str).required().always(),
    optional: f(4, bool).explicit().default(false),
  },
  { mapType: 'atomic' },
)
export type FileKeySelector = TypeOf<typeof FileKeySelector>

export const NodeSelectorRequirement = message('NodeSelectorRequirement', {
  key: f(1, str).required().always(),
  operator: f(2, oneOf('DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'))
    .required()
    .always(),
  values: f(3, list(str)).listOf('atomic'),
})
export type NodeSelectorRequirement = TypeOf<typeof NodeSelectorRequirement>

export const NodeSelectorTerm = message(
  'NodeSelectorTerm',
  {
    matchExpressions: f(1, list(NodeSelectorRequirement)).listOf('atomic'),
    matchFields: f(2, list(NodeSelectorRequirement)).listOf('atomic'),
  },
  { mapType: 'atomic' },
)
export type NodeSelectorTerm = TypeOf<typeof NodeSelectorTerm>

export const NodeSelector = message(
  'NodeSelector',
  {
    nodeSelectorTerms: f(1, list(NodeSelectorTerm)).explicit().required().listOf('atomic'),
  },
  { mapType: 'atomic' },
)
export type NodeSelector = TypeOf<typeof NodeSelector>

export const ObjectFieldSelector = message(
  'ObjectFieldSelector',
  {
    apiVersion: f(1, str),
    fieldPath: f(2, str).required().always(),
  },
  { mapType: 'atomic' },
)
export type ObjectFieldSelector = TypeOf<typeof ObjectFieldSelector>

export const ResourceFieldSelector = message(
  'ResourceFieldSelector',
  {
    containerName: f(1, str),
    resource: f(2, str).required().always(),
    divisor: f(3, quantity),
  },
  { mapType: 'atomic' },
)
export type ResourceFieldSelector = TypeOf<typeof ResourceFieldSelector>

export const SecretKeySelector = message(
  'SecretKeySelector',
  {
    ...inline(1, LocalObjectReference),
    key: f(2, str).required().always(),
    optional: f(3, bool).explicit(),
  },
  { mapType: 'atomic' },
)
export type SecretKeySelector = TypeOf<typeof SecretKeySelector>
