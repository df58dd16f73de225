import { f } from '../../../schema/field.ts'
import { bool, list, map, str, type TypeOf } from '../../../schema/type.ts'
import { FieldSelectorRequirement, LabelSelectorRequirement } from '../../meta/v1/label-selector.ts'
import { listMessage, message } from './package.ts'

export const ExtraValue = listMessage('ExtraValue', str)
export type ExtraValue = TypeOf<typeof ExtraValue>

export const FieldSelectorAttributes = message('FieldSelectorAttributes', {
  rawSelector: f(1, str),
  requirements: f(2, list(FieldSelectorRequirement)).listOf('atomic'),
})
export type FieldSelectorAttributes = TypeOf<typeof FieldSelectorAttributes>

export const LabelSelectorAttributes = message('LabelSelectorAttributes', {
  rawSelector: f(1, str),
  requirements: f(2, list(LabelSelectorRequirement)).listOf('atomic'),
})
export type LabelSelectorAttributes = TypeOf<typeof LabelSelectorAttributes>

export const NonResourceAttributes = message('NonResourceAttributes', {
  path: f(1, str),
  verb: f(2, str),
})
export type NonResourceAttributes = TypeOf<typeof NonResourceAttributes>

export const ResourceAttributes = message('ResourceAttributes', {
  namespace: f(1, str),
  verb: f(2, str),
  group: f(3, str),
  version: f(4, str),
  resource: f(5, str),
  subresource: f(6, str),
  name: f(7, str),
  fieldSelector: f(8, FieldSelectorAttributes),
  labelSelector: f(9, LabelSelectorAttributes),
})
export type ResourceAttributes = TypeOf<typeof ResourceAttributes>

export const SubjectAccessReviewSpec = message('SubjectAccessReviewSpec', {
  resourceAttributes: f(1, ResourceAttributes),
  nonResourceAttributes: f(2, NonResourceAttributes),
  user: f(3, str),
  groups: f(4, list(str)).listOf('atomic'),
  extra: f(5, map(ExtraValue)),
  uid: f(6, str),
})
export type SubjectAccessReviewSpec = TypeOf<typeof SubjectAccessReviewSpec>

export const SubjectAccessReviewStatus = message('SubjectAccessReviewStatus', {
  allowed: f(1, bool).required().always(),
  reason: f(2, str),
  evaluationError: f(3, str),
  denied: f(4, bool),
})
export type SubjectAccessReviewStatus = TypeOf<typeof SubjectAccessReviewStatus>
