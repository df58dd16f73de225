import { f, inline } from '../../../schema/field.ts'
import { bool, str, type TypeOf } from '../../../schema/type.ts'
import { LocalObjectReference } from './object-reference.ts'
import { message } from './package.ts'
import {
  ConfigMapKeySelector,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
  SecretKeySelector,
} from './selectors.ts'

export const ConfigMapEnvSource = message('ConfigMapEnvSource', {
  ...inline(1, LocalObjectReference),
  optional: f(2, bool).explicit(),
})
export type ConfigMapEnvSource = TypeOf<typeof ConfigMapEnvSource>

export const SecretEnvSource = message('SecretEnvSource', {
  ...inline(1, LocalObjectReference),
  optional: f(2, bool).explicit(),
})
export type SecretEnvSource = TypeOf<typeof SecretEnvSource>

export const EnvFromSource = message('EnvFromSource', {
  prefix: f(1, str),
  configMapRef: f(2, ConfigMapEnvSource),
  secretRef: f(3, SecretEnvSource),
})
export type EnvFromSource = TypeOf<typeof EnvFromSource>

export const EnvVarSource = message('EnvVarSource', {
  fieldRef: f(1, ObjectFieldSelector),
  resourceFieldRef: f(2, ResourceFieldSelector),
  configMapKeyRef: f(3, ConfigMapKeySelector),
  secretKeyRef: f(4, SecretKeySelector),
  fileKeyRef: f(5, FileKeySelector),
})
export type EnvVarSource = TypeOf<typeof EnvVarSource>

export const EnvVar = message('EnvVar', {
  name: f(1, str).required().always(),
  value: f(2, str),
  valueFrom: f(3, EnvVarSource),
})
export type EnvVar = TypeOf<typeof EnvVar>
