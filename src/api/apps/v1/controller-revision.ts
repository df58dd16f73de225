import { f } from '../../../schema/field.ts'
import { int64, raw, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'

export const ControllerRevision = kind(
  'ControllerRevision',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    data: f(2, raw).required().doc("The state, in a form of the controller's own."),
    revision: f(3, int64).always().doc('Number of the revision; a higher one is newer.'),
  },
  {
    doc: "A past state of a controller's template, for going back to; it cannot be changed.",
    resource: {
      plural: 'controllerrevisions',
      singular: 'controllerrevision',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type ControllerRevision = TypeOf<typeof ControllerRevision>
