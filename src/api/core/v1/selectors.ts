import { f, inline } from '../../../schema/field.ts'
import { bool, list, oneOf, quantity, str, type TypeOf } from '../../../schema/type.ts'
import { LocalObjectReference } from './object-reference.ts'
import { message } from './package.ts'

export const ConfigMapKeySelector = message(
  'ConfigMapKeySelector',
  {
    ...inline(1, LocalObjectReference),
    key: f(2, str).required().always().doc('Key to take.'),
    optional: f(3, bool).explicit().doc('Whether config map and key may be missing.'),
  },
  { doc: 'Names a key of a config map in the namespace of the pod.', mapType: 'atomic' },
)
export type ConfigMapKeySelector = TypeOf<typeof ConfigMapKeySelector>

export const FileKeySelector = message(
  'FileKeySelector',
  {
    volumeName: f(1, str).required().always().doc('Volume of the pod that holds the file.'),
    path: f(2, str).required().always().doc('Relative path of the file inside the volume.'),
    key: f(3, str).required().always().doc('Name of the variable in the file.'),
    optional: f(4, bool).explicit().default(false).doc('Whether file and variable may be missing; false by default.'),
  },
  { doc: 'A variable in an environment file on a volume.', mapType: 'atomic' },
)
export type FileKeySelector = TypeOf<typeof FileKeySelector>

export const NodeSelectorRequirement = message(
  'NodeSelectorRequirement',
  {
    key: f(1, str).required().always().doc('Label key, or field name.'),
    operator: f(2, oneOf('DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'))
      .go('v1.NodeSelectorOperator')
      .required()
      .always()
      .doc('How the value relates to those given.'),
    values: f(3, list(str))
      .listOf('atomic')
      .doc('Values to compare with: none for existence, one integer for `Gt` and `Lt`.'),
  },
  { doc: 'A condition on a label or field of a node.' },
)
export type NodeSelectorRequirement = TypeOf<typeof NodeSelectorRequirement>

export const NodeSelectorTerm = message(
  'NodeSelectorTerm',
  {
    matchExpressions: f(1, list(NodeSelectorRequirement)).listOf('atomic').doc('Conditions on labels.'),
    matchFields: f(2, list(NodeSelectorRequirement))
      .listOf('atomic')
      .doc('Conditions on fields; only `metadata.name` is known.'),
  },
  { doc: 'Conditions on a node that must all hold; an empty term matches nothing.', mapType: 'atomic' },
)
export type NodeSelectorTerm = TypeOf<typeof NodeSelectorTerm>

export const NodeSelector = message(
  'NodeSelector',
  {
    nodeSelectorTerms: f(1, list(NodeSelectorTerm))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Alternatives, at least one.'),
  },
  { doc: 'Which nodes are meant: those that match any of the terms.', mapType: 'atomic' },
)
export type NodeSelector = TypeOf<typeof NodeSelector>

export const ObjectFieldSelector = message(
  'ObjectFieldSelector',
  {
    apiVersion: f(1, str).doc('API version in which the path is written; `v1` by default.'),
    fieldPath: f(2, str).required().always().doc('Path of the field, as `metadata.name` or `status.podIP`.'),
  },
  { doc: 'Names a field of the pod by its path.', mapType: 'atomic' },
)
export type ObjectFieldSelector = TypeOf<typeof ObjectFieldSelector>

export const ResourceFieldSelector = message(
  'ResourceFieldSelector',
  {
    containerName: f(1, str).doc('Container; needed in volumes, the own one in environment variables.'),
    resource: f(2, str).required().always().doc('What to take, as `limits.cpu` or `requests.memory`.'),
    divisor: f(3, quantity).doc('Unit in which the value is written; 1 by default.'),
  },
  { doc: 'Names a request or limit, and the unit to write it in.', mapType: 'atomic' },
)
export type ResourceFieldSelector = TypeOf<typeof ResourceFieldSelector>

export const SecretKeySelector = message(
  'SecretKeySelector',
  {
    ...inline(1, LocalObjectReference),
    key: f(2, str).required().always().doc('Key to take.'),
    optional: f(3, bool).explicit().doc('Whether secret and key may be missing.'),
  },
  { doc: 'Names a key of a secret in the namespace of the pod.', mapType: 'atomic' },
)
export type SecretKeySelector = TypeOf<typeof SecretKeySelector>
