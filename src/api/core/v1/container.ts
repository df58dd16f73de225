import { f, inline } from '../../../schema/field.ts'
import { bool, int32, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { EnvFromSource, EnvVar } from './env.ts'
import { message } from './package.ts'
import { Lifecycle, Probe } from './probe.ts'
import { ContainerResizePolicy, ResourceRequirements } from './resources.ts'
import { SecurityContext } from './security-context.ts'

export const ContainerPort = message(
  'ContainerPort',
  {
    name: f(1, str).doc('Name unique in the pod, by which services and probes can refer to the port.'),
    hostPort: f(2, int32).doc('Port of the node that leads to the container, 1 to 65535; rarely needed.'),
    containerPort: f(3, int32).required().always().doc('Port on the IP address of the pod, 1 to 65535.'),
    protocol: f(4, oneOf('SCTP', 'TCP', 'UDP'))
      .go('v1.Protocol')
      .default('TCP')
      .doc('Transport protocol, `TCP` by default.'),
    hostIP: f(5, str).doc('Address of the node to which the host port is bound; all addresses by default.'),
  },
  { doc: 'A port on which a container listens.' },
)
export type ContainerPort = TypeOf<typeof ContainerPort>

export const ContainerRestartRuleOnExitCodes = message(
  'ContainerRestartRuleOnExitCodes',
  {
    operator: f(1, str)
      .go('v1.ContainerRestartRuleOnExitCodesOperator')
      .required()
      .doc('`In` or `NotIn`: whether the exit code must be among the values.'),
    values: f(2, list(int32)).listOf('set').doc('Exit codes, at most 255 of them.'),
  },
  { doc: 'The exit codes that a restart rule applies to.' },
)
export type ContainerRestartRuleOnExitCodes = TypeOf<typeof ContainerRestartRuleOnExitCodes>

export const ContainerRestartRule = message(
  'ContainerRestartRule',
  {
    action: f(1, str)
      .go('v1.ContainerRestartRuleAction')
      .required()
      .doc('What to do, such as `Restart`, when the rule applies.'),
    exitCodes: f(2, ContainerRestartRuleOnExitCodes).doc('Exit codes for which the rule applies.'),
  },
  { doc: 'What happens when a container exits in a certain way.' },
)
export type ContainerRestartRule = TypeOf<typeof ContainerRestartRule>

export const VolumeDevice = message(
  'VolumeDevice',
  {
    name: f(1, str).required().always().doc('Name of the volume in the pod; it must be a claim in block mode.'),
    devicePath: f(2, str).required().always().doc('Path of the device inside the container.'),
  },
  { doc: 'A raw block volume made available inside a container.' },
)
export type VolumeDevice = TypeOf<typeof VolumeDevice>

export const VolumeMount = message(
  'VolumeMount',
  {
    name: f(1, str).required().always().doc('Name of the volume in the pod.'),
    readOnly: f(2, bool).doc('Mount without permission to write; false by default.'),
    mountPath: f(3, str).required().always().doc('Directory in the container; it must not contain a colon.'),
    subPath: f(4, str).doc('Relative path inside the volume to mount instead of its root.'),
    mountPropagation: f(5, oneOf('Bidirectional', 'HostToContainer', 'None'))
      .go('v1.MountPropagationMode')
      .explicit()
      .doc('How mounts pass between node and container; `None` by default.'),
    subPathExpr: f(6, str).doc('As `subPath`, with `$(NAME)` replaced from the environment; excludes `subPath`.'),
    recursiveReadOnly: f(7, str)
      .go('v1.RecursiveReadOnlyMode')
      .explicit()
      .doc('Whether mounts below are read-only too: `Disabled` (default), `IfPossible` or `Enabled`.'),
    bindMountOptions: f(8, list(str))
      .gate('VolumeBindMountOptions')
      .listOf('set')
      .doc('Further options of the bind mount: `noexec`, `nodev`, `nosuid` (KEP-5855).'),
  },
  { doc: 'Where and how a volume appears in a container.' },
)
export type VolumeMount = TypeOf<typeof VolumeMount>

export const Container = message(
  'Container',
  {
    name: f(1, str).required().always().doc('Name of the container, a DNS label unique in the pod.'),
    image: f(2, str).doc('Image to run; controllers with a pod template may leave it empty.'),
    command: f(3, list(str))
      .listOf('atomic')
      .doc("Program and first arguments in place of the image's entrypoint; `$(NAME)` is expanded."),
    args: f(4, list(str)).listOf('atomic').doc("Arguments in place of the image's own; `$(NAME)` is expanded."),
    workingDir: f(5, str).doc('Directory in which the program starts; that of the image by default.'),
    ports: f(6, list(ContainerPort))
      .listOf('map', 'containerPort', 'protocol')
      .patch('merge', 'containerPort')
      .doc('Ports worth knowing; leaving one out does not close it.'),
    env: f(7, list(EnvVar))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Environment variables, which win over `envFrom`.'),
    resources: f(8, ResourceRequirements).always().doc('Requests and limits of compute resources.'),
    volumeMounts: f(9, list(VolumeMount))
      .listOf('map', 'mountPath')
      .patch('merge', 'mountPath')
      .doc('Volumes to mount into the file system of the container.'),
    livenessProbe: f(10, Probe).doc('Check whose failure restarts the container.'),
    readinessProbe: f(11, Probe).doc('Check whose failure takes the pod out of its services.'),
    lifecycle: f(12, Lifecycle).doc('Actions right after the start and before the stop.'),
    terminationMessagePath: f(13, str).doc(
      'File from which the final message is read; `/dev/termination-log` by default.',
    ),
    imagePullPolicy: f(14, oneOf('Always', 'IfNotPresent', 'Never'))
      .go('v1.PullPolicy')
      .doc('When to pull the image; `Always` for the tag `latest`, else `IfNotPresent`.'),
    securityContext: f(15, SecurityContext).doc('Security settings of this container; they win over those of the pod.'),
    stdin: f(16, bool).doc('Keep a standard input open for attaching; false by default.'),
    stdinOnce: f(17, bool).doc('Close standard input after the first attached client has left.'),
    tty: f(18, bool).doc('Allocate a terminal; needs `stdin`.'),
    envFrom: f(19, list(EnvFromSource))
      .listOf('atomic')
      .doc('Config maps and secrets whose keys become environment variables; later ones win.'),
    terminationMessagePolicy: f(20, oneOf('FallbackToLogsOnError', 'File'))
      .go('v1.TerminationMessagePolicy')
      .doc('Where the final message comes from; `File` by default.'),
    volumeDevices: f(21, list(VolumeDevice))
      .listOf('map', 'devicePath')
      .patch('merge', 'devicePath')
      .doc('Raw block volumes to make available as devices.'),
    startupProbe: f(22, Probe).doc(
      'Check that must succeed before the other probes begin; its failure restarts the container.',
    ),
    resizePolicy: f(23, list(ContainerResizePolicy))
      .listOf('atomic')
      .doc('Whether a change of a resource in place restarts the container.'),
    restartPolicy: f(24, str)
      .go('v1.ContainerRestartPolicy')
      .explicit()
      .doc('Own restart policy; `Always` on an init container makes it a sidecar.'),
    restartPolicyRules: f(25, list(ContainerRestartRule))
      .listOf('atomic')
      .doc('Rules by exit code that come before the restart policy; needs `restartPolicy`.'),
  },
  { doc: 'One container of a pod: its image, command, resources and surroundings.' },
)
export type Container = TypeOf<typeof Container>

/** Part by part the fields of a container: upstream keeps the two types convertible into each other. */
export const EphemeralContainerCommon = message('EphemeralContainerCommon', Container.fields, {
  doc: 'The fields that an ephemeral container shares with other containers.',
})
export type EphemeralContainerCommon = TypeOf<typeof EphemeralContainerCommon>

export const EphemeralContainer = message(
  'EphemeralContainer',
  {
    ...inline(1, EphemeralContainerCommon),
    targetContainerName: f(2, str).doc('Container whose process namespace is joined, if the runtime can do so.'),
  },
  { doc: 'A temporary container added to a running pod for debugging; it is never restarted.' },
)
export type EphemeralContainer = TypeOf<typeof EphemeralContainer>
