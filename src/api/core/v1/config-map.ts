import { f } from '../../../schema/field.ts'
import { bool, bytes, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const ConfigMap = kind(
  'ConfigMap',
  {
    metadata: f(1, ObjectMeta).always(),
    data: f(2, map(str)),
    binaryData: f(3, map(bytes)),
    immutable: f(4, bool).explicit(),
  },
  {
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
