import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { kind } from './package.ts'

export const NodeProxyOptions = kind('NodeProxyOptions', {
  path: f(1, str),
})
export type NodeProxyOptions = TypeOf<typeof NodeProxyOptions>

export const PodAttachOptions = kind('PodAttachOptions', {
  stdin: f(1, bool),
  stdout: f(2, bool),
  stderr: f(3, bool),
  tty: f(4, bool),
  container: f(5, str),
})
export type PodAttachOptions = TypeOf<typeof PodAttachOptions>

export const PodExecOptions = kind('PodExecOptions', {
  stdin: f(1, bool),
  stdout: f(2, bool),
  stderr: f(3, bool),
  tty: f(4, bool),
  container: f(5, str),
  command: f(6, list(str)).explicit(),
})
export type PodExecOptions = TypeOf<typeof PodExecOptions>

export const PodLogOptions = kind('PodLogOptions', {
  container: f(1, str),
  follow: f(2, bool),
  previous: f(3, bool),
  sinceSeconds: f(4, int64).explicit(),
  sinceTime: f(5, time).explicit(),
  timestamps: f(6, bool),
  tailLines: f(7, int64).explicit(),
  limitBytes: f(8, int64).explicit(),
  insecureSkipTLSVerifyBackend: f(9, bool),
  stream: f(10, str).explicit(),
})
export type PodLogOptions = TypeOf<typeof PodLogOptions>

export const PodPortForwardOptions = kind('PodPortForwardOptions', {
  ports: f(1, list(int32)),
})
export type PodPortForwardOptions = TypeOf<typeof PodPortForwardOptions>

export const PodProxyOptions = kind('PodProxyOptions', {
  path: f(1, str),
})
export type PodProxyOptions = TypeOf<typeof PodProxyOptions>

export const ServiceProxyOptions = kind('ServiceProxyOptions', {
  path: f(1, str),
})
export type ServiceProxyOptions = TypeOf<typeof ServiceProxyOptions>
