import { f } from '../../../schema/field.ts'
import { int32, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const ScaleSpec = message(
  'ScaleSpec',
  {
    replicas: f(1, int32).always().doc('Number of replicas.'),
  },
  { doc: 'The wanted scale of an object.' },
)
export type ScaleSpec = TypeOf<typeof ScaleSpec>

export const ScaleStatus = message(
  'ScaleStatus',
  {
    replicas: f(1, int32).required().always().doc('Number of replicas.'),
    selector: f(2, str).doc('Selector of the pods that are counted, in its text form.'),
  },
  { doc: 'The observed scale of an object.' },
)
export type ScaleStatus = TypeOf<typeof ScaleStatus>

export const Scale = kind(
  'Scale',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, namespace and version of the object.'),
    spec: f(2, ScaleSpec).always().doc('How many replicas are wanted.'),
    status: f(3, ScaleStatus).always().doc('How many replicas there are.'),
  },
  { doc: 'The number of replicas of an object that can be scaled.' },
)
export type Scale = TypeOf<typeof Scale>
