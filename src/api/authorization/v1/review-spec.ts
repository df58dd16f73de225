import { f } from '../../../schema/field.ts'
import { bool, list, map, str, type TypeOf } from '../../../schema/type.ts'
import { FieldSelectorRequirement, LabelSelectorRequirement } from '../../meta/v1/label-selector.ts'
import { listMessage, message } from './package.ts'

export const ExtraValue = listMessage('ExtraValue', str)
export type ExtraValue = TypeOf<typeof ExtraValue>

export const FieldSelectorAttributes = message(
  'FieldSelectorAttributes',
  {
    rawSelector: f(1, str).doc('Selector in its text form, for webhooks.'),
    requirements: f(2, list(FieldSelectorRequirement)).listOf('atomic').doc('Conditions that must all hold.'),
  },
  { doc: 'The field selector of a request; one of the forms is set.' },
)
export type FieldSelectorAttributes = TypeOf<typeof FieldSelectorAttributes>

export const LabelSelectorAttributes = message(
  'LabelSelectorAttributes',
  {
    rawSelector: f(1, str).doc('Selector in its text form, for webhooks.'),
    requirements: f(2, list(LabelSelectorRequirement)).listOf('atomic').doc('Conditions that must all hold.'),
  },
  { doc: 'The label selector of a request; one of the forms is set.' },
)
export type LabelSelectorAttributes = TypeOf<typeof LabelSelectorAttributes>

export const NonResourceAttributes = message(
  'NonResourceAttributes',
  {
    path: f(1, str).doc('Path of the request.'),
    verb: f(2, str).doc('HTTP method in lower case.'),
  },
  { doc: 'A request for a path that is no resource.' },
)
export type NonResourceAttributes = TypeOf<typeof NonResourceAttributes>

export const ResourceAttributes = message(
  'ResourceAttributes',
  {
    namespace: f(1, str).doc('Namespace; empty for all of them and for cluster-wide resources.'),
    verb: f(2, str).doc('What is done, as `get` or `list`; `*` means everything.'),
    group: f(3, str).doc('API group; `*` means all.'),
    version: f(4, str).doc('API version; `*` means all.'),
    resource: f(5, str).doc('Resource; `*` means all.'),
    subresource: f(6, str).doc('Subresource; empty means none.'),
    name: f(7, str).doc('Name of the object; empty means all of them.'),
    fieldSelector: f(8, FieldSelectorAttributes).doc('Field selector that restricts the request.'),
    labelSelector: f(9, LabelSelectorAttributes).doc('Label selector that restricts the request.'),
  },
  { doc: 'A request for a resource.' },
)
export type ResourceAttributes = TypeOf<typeof ResourceAttributes>

export const SubjectAccessReviewSpec = message(
  'SubjectAccessReviewSpec',
  {
    resourceAttributes: f(1, ResourceAttributes).doc('Request for a resource; excludes `nonResourceAttributes`.'),
    nonResourceAttributes: f(2, NonResourceAttributes).doc('Request for another path.'),
    user: f(3, str).doc('Name of the user; with none, the groups count alone.'),
    groups: f(4, list(str)).listOf('atomic').doc('Groups that the user is in.'),
    extra: f(5, map(ExtraValue)).doc('Further facts about the user.'),
    uid: f(6, str).doc('Identifier of the user.'),
  },
  { doc: 'A user, and the request whose permission is asked about.' },
)
export type SubjectAccessReviewSpec = TypeOf<typeof SubjectAccessReviewSpec>

export const SubjectAccessReviewStatus = message(
  'SubjectAccessReviewStatus',
  {
    allowed: f(1, bool).required().always().doc('Whether it may be done.'),
    reason: f(2, str).doc('Why, for people.'),
    evaluationError: f(3, str).doc('What went wrong on the way; the answer can still be right.'),
    denied: f(4, bool).doc('Whether it was expressly denied; never true together with `allowed`.'),
  },
  { doc: 'The answer to a question about rights.' },
)
export type SubjectAccessReviewStatus = TypeOf<typeof SubjectAccessReviewStatus>
