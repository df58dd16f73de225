import { f } from '../../../schema/field.ts'
import { int32, str, type TypeOf } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { kind, message } from './package.ts'

export const ScaleSpec = message('ScaleSpec', {
  replicas: f(1, int32).always(),
})
export type ScaleSpec = TypeOf<typeof ScaleSpec>

export const ScaleStatus = message('ScaleStatus', {
  replicas: f(1, int32).required().always(),
  selector: f(2, str),
})
export type ScaleStatus = TypeOf<typeof ScaleStatus>

export const Scale = kind('Scale', {
  metadata: f(1, ObjectMeta).always(),
  spec: f(2, ScaleSpec).always(),
  status: f(3, ScaleStatus).always(),
})
export type Scale = TypeOf<typeof Scale>
