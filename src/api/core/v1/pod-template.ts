import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind } from './package.ts'
import { PodTemplateSpec } from './pod-spec.ts'

export const PodTemplate = kind(
  'PodTemplate',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    template: f(2, PodTemplateSpec).always().doc('The pattern.'),
  },
  {
    doc: 'A stored pattern for pods.',
    resource: {
      plural: 'podtemplates',
      singular: 'podtemplate',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type PodTemplate = TypeOf<typeof PodTemplate>
