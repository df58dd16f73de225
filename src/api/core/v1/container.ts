import { f, inline } from '../../../schema/field.ts'
import { bool, int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { EnvFromSource, EnvVar } from './env.ts'
import { message } from './package.ts'
import { Lifecycle, Probe } from './probe.ts'
import { ContainerResizePolicy, ResourceRequirements } from './resources.ts'
import { SecurityContext } from './security-context.ts'

export const ContainerPort = message('ContainerPort', {
  name: f(1, str),
  hostPort: f(2, int32),
  containerPort: f(3, int32).required().always(),
  protocol: f(4, oneOf('SCTP', 'TCP', 'UDP')).default('TCP'),
  hostIP: f(5, str),
})
export type ContainerPort = TypeOf<typeof ContainerPort>

export const ContainerRestartRuleOnExitCodes = message('ContainerRestartRuleOnExitCodes', {
  operator: f(1, str).required(),
  values: f(2, list(int32)).listOf('set'),
})
export type ContainerRestartRuleOnExitCodes = TypeOf<typeof ContainerRestartRuleOnExitCodes>

export const ContainerRestartRule = message('ContainerRestartRule', {
  action: f(1, str).required(),
  exitCodes: f(2, ContainerRestartRuleOnExitCodes),
})
export type ContainerRestartRule = TypeOf<typeof ContainerRestartRule>

export const VolumeDevice = message('VolumeDevice', {
  name: f(1, str).required().always(),
  devicePath: f(2, str).required().always(),
})
export type VolumeDevice = TypeOf<typeof VolumeDevice>

export const VolumeMount = message('VolumeMount', {
  name: f(1, str).required().always(),
  readOnly: f(2, bool),
  mountPath: f(3, str).required().always(),
  subPath: f(4, str),
  mountPropagation: f(5, oneOf('Bidirectional', 'HostToContainer', 'None')).explicit(),
  subPathExpr: f(6, str),
  recursiveReadOnly: f(7, str).explicit(),
  bindMountOptions: f(8, list(str)).listOf('set'),
})
export type VolumeMount = TypeOf<typeof VolumeMount>

export const Container = message('Container', {
  name: f(1, str).required().always(),
  image: f(2, str),
  command: f(3, list(str)).listOf('atomic'),
  args: f(4, list(str)).listOf('atomic'),
  workingDir: f(5, str),
  ports: f(6, list(ContainerPort)).listOf('map', 'containerPort', 'protocol').patch('merge', 'containerPort'),
  env: f(7, list(EnvVar)).listOf('map', 'name').patch('merge', 'name'),
  resources: f(8, ResourceRequirements).always(),
  volumeMounts: f(9, list(VolumeMount)).listOf('map', 'mountPath').patch('merge', 'mountPath'),
  livenessProbe: f(10, Probe),
  readinessProbe: f(11, Probe),
  lifecycle: f(12, Lifecycle),
  terminationMessagePath: f(13, str),
  imagePullPolicy: f(14, oneOf('Always', 'IfNotPresent', 'Never')),
  securityContext: f(15, SecurityContext),
  stdin: f(16, bool),
  stdinOnce: f(17, bool),
  tty: f(18, bool),
  envFrom: f(19, list(EnvFromSource)).listOf('atomic'),
  terminationMessagePolicy: f(20, oneOf('FallbackToLogsOnError', 'File')),
  volumeDevices: f(21, list(VolumeDevice)).listOf('map', 'devicePath').patch('merge', 'devicePath'),
  startupProbe: f(22, Probe),
  resizePolicy: f(23, list(ContainerResizePolicy)).listOf('atomic'),
  restartPolicy: f(24, str).explicit(),
  restartPolicyRules: f(25, list(ContainerRestartRule)).listOf('atomic'),
})
export type Container = TypeOf<typeof Container>

/** Part by part the fields of a container: upstream keeps the two types convertible into each other. */
export const EphemeralContainerCommon = message('EphemeralContainerCommon', Container.fields)
export type EphemeralContainerCommon = TypeOf<typeof EphemeralContainerCommon>

export const EphemeralContainer = message('EphemeralContainer', {
  ...inline(1, EphemeralContainerCommon),
  targetContainerName: f(2, str),
})
export type EphemeralContainer = TypeOf<typeof EphemeralContainer>
