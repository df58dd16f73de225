import { f } from '../../../schema/field.ts'
import { bool, bytes, map, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const Secret = kind(
  'Secret',
  {
    metadata: f(1, ObjectMeta).always(),
    data: f(2, map(bytes)),
    type: f(3, str),
    stringData: f(4, map(str)),
    immutable: f(5, bool).explicit(),
  },
  {
    resource: {
      plural: 'secrets',
      singular: 'secret',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type Secret = TypeOf<typeof Secret>
