import { f } from '../../../schema/field.ts'
import { bool, bytes, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const ConfigMap = kind(
  'ConfigMap',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    data: f(2, map(str)).doc('Text values by key; keys may not occur in `binaryData` too.'),
    binaryData: f(3, map(bytes)).doc('Binary values by key, in base64; 1 MiB in all.'),
    immutable: f(4, bool).explicit().doc('Refuse all further changes of the data; cannot be taken back.'),
  },
  {
    doc: 'Configuration as keys and values, for pods and controllers.',
    resource: {
      plural: 'configmaps',
      singular: 'configmap',
      shortNames: ['cm'],
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type ConfigMap = TypeOf<typeof ConfigMap>
