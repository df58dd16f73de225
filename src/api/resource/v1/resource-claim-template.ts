import { f } from '../../../schema/field.ts'
import type { TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'
import { ResourceClaimSpec } from './resource-claim.ts'

export const ResourceClaimTemplateSpec = message(
  'ResourceClaimTemplateSpec',
  {
    metadata: f(1, ObjectMeta).always().doc('Labels and annotations of the claims.'),
    spec: f(2, ResourceClaimSpec).always().doc('What the claims ask for.'),
  },
  { doc: 'Pattern of claims.' },
)
export type ResourceClaimTemplateSpec = TypeOf<typeof ResourceClaimTemplateSpec>

export const ResourceClaimTemplate = kind(
  'ResourceClaimTemplate',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, ResourceClaimTemplateSpec).always().doc('Pattern of the claims; cannot be changed.'),
  },
  {
    doc: 'Pattern from which each pod gets a claim of its own.',
    resource: {
      plural: 'resourceclaimtemplates',
      singular: 'resourceclaimtemplate',
      namespaced: true,
      verbs: allVerbs,
    },
  },
)
export type ResourceClaimTemplate = TypeOf<typeof ResourceClaimTemplate>
