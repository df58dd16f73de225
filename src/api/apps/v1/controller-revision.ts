import { f } from '../../../schema/field.ts'
import { int64, raw, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const ControllerRevision = kind(
  'ControllerRevision',
  {
    metadata: f(1, ObjectMeta).always(),
    data: f(2, raw).required(),
    revision: f(3, int64).always(),
  },
  {
    resource: {
      plural: 'controllerrevisions',
      singular: 'controllerrevision',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type ControllerRevision = TypeOf<typeof ControllerRevision>
