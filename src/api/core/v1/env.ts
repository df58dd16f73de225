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

export const ConfigMapEnvSource = message(
  'ConfigMapEnvSource',
  {
    ...inline(1, LocalObjectReference),
    optional: f(2, bool).explicit().doc('Start even if the config map does not exist.'),
  },
  { doc: 'A config map whose keys become environment variables.' },
)
export type ConfigMapEnvSource = TypeOf<typeof ConfigMapEnvSource>

export const SecretEnvSource = message(
  'SecretEnvSource',
  {
    ...inline(1, LocalObjectReference),
    optional: f(2, bool).explicit().doc('Start even if the secret does not exist.'),
  },
  { doc: 'A secret whose keys become environment variables.' },
)
export type SecretEnvSource = TypeOf<typeof SecretEnvSource>

export const EnvFromSource = message(
  'EnvFromSource',
  {
    prefix: f(1, str).doc('Put in front of each name.'),
    configMapRef: f(2, ConfigMapEnvSource).doc('Config map to take them from.'),
    secretRef: f(3, SecretEnvSource).doc('Secret to take them from.'),
  },
  { doc: 'A set of environment variables taken from a config map or a secret.' },
)
export type EnvFromSource = TypeOf<typeof EnvFromSource>

export const EnvVarSource = message(
  'EnvVarSource',
  {
    fieldRef: f(1, ObjectFieldSelector).doc('A field of the pod.'),
    resourceFieldRef: f(2, ResourceFieldSelector).doc('A request or limit of a container.'),
    configMapKeyRef: f(3, ConfigMapKeySelector).doc('A key of a config map.'),
    secretKeyRef: f(4, SecretKeySelector).doc('A key of a secret.'),
    fileKeyRef: f(5, FileKeySelector).doc('A variable in a file of an `emptyDir` volume.'),
  },
  { doc: 'Where the value of an environment variable comes from; exactly one member is set.' },
)
export type EnvVarSource = TypeOf<typeof EnvVarSource>

export const EnvVar = message(
  'EnvVar',
  {
    name: f(1, str).required().always().doc('Name of the variable.'),
    value: f(2, str).doc('Literal value, in which `$(NAME)` refers to earlier variables and `$$` is a dollar sign.'),
    valueFrom: f(3, EnvVarSource).doc('Where to take the value from instead; excludes `value`.'),
  },
  { doc: 'One environment variable of a container.' },
)
export type EnvVar = TypeOf<typeof EnvVar>
