import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, oneOf, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'
import { ResourceRequirements, ResourceStatus } from './resources.ts'

export const ContainerStateRunning = message('ContainerStateRunning', {
  startedAt: f(1, time),
})
export type ContainerStateRunning = TypeOf<typeof ContainerStateRunning>

export const ContainerStateTerminated = message('ContainerStateTerminated', {
  exitCode: f(1, int32).required().always(),
  signal: f(2, int32),
  reason: f(3, str),
  message: f(4, str),
  startedAt: f(5, time),
  finishedAt: f(6, time),
  containerID: f(7, str),
})
export type ContainerStateTerminated = TypeOf<typeof ContainerStateTerminated>

export const ContainerStateWaiting = message('ContainerStateWaiting', {
  reason: f(1, str),
  message: f(2, str),
})
export type ContainerStateWaiting = TypeOf<typeof ContainerStateWaiting>

export const ContainerState = message('ContainerState', {
  waiting: f(1, ContainerStateWaiting),
  running: f(2, ContainerStateRunning),
  terminated: f(3, ContainerStateTerminated),
})
export type ContainerState = TypeOf<typeof ContainerState>

export const LinuxContainerUser = message('LinuxContainerUser', {
  uid: f(1, int64).required().always(),
  gid: f(2, int64).required().always(),
  supplementalGroups: f(3, list(int64)).listOf('atomic'),
})
export type LinuxContainerUser = TypeOf<typeof LinuxContainerUser>

export const ContainerUser = message('ContainerUser', {
  linux: f(1, LinuxContainerUser),
})
export type ContainerUser = TypeOf<typeof ContainerUser>

export const ImageVolumeStatus = message('ImageVolumeStatus', {
  imageRef: f(1, str).required(),
})
export type ImageVolumeStatus = TypeOf<typeof ImageVolumeStatus>

export const VolumeStatus = message('VolumeStatus', {
  image: f(1, ImageVolumeStatus),
})
export type VolumeStatus = TypeOf<typeof VolumeStatus>

export const VolumeMountStatus = message('VolumeMountStatus', {
  name: f(1, str).required().always(),
  mountPath: f(2, str).required().always(),
  readOnly: f(3, bool),
  recursiveReadOnly: f(4, str).explicit(),
  volumeStatus: f(5, VolumeStatus),
})
export type VolumeMountStatus = TypeOf<typeof VolumeMountStatus>

export const ContainerStatus = message('ContainerStatus', {
  name: f(1, str).required().always(),
  state: f(2, ContainerState).always(),
  lastState: f(3, ContainerState).always(),
  ready: f(4, bool).required().always(),
  restartCount: f(5, int32).required().always(),
  image: f(6, str).required().always(),
  imageID: f(7, str).required().always(),
  containerID: f(8, str),
  started: f(9, bool).explicit(),
  allocatedResources: f(10, map(quantity)),
  resources: f(11, ResourceRequirements),
  volumeMounts: f(12, list(VolumeMountStatus)).listOf('map', 'mountPath').patch('merge', 'mountPath'),
  user: f(13, ContainerUser),
  allocatedResourcesStatus: f(14, list(ResourceStatus)).listOf('map', 'name').patch('merge', 'name'),
  stopSignal: f(
    15,
    oneOf(
      'SIGABRT',
      'SIGALRM',
      'SIGBUS',
      'SIGCHLD',
      'SIGCLD',
      'SIGCONT',
      'SIGFPE',
      'SIGHUP',
      'SIGILL',
      'SIGINT',
      'SIGIO',
      'SIGIOT',
      'SIGKILL',
      'SIGPIPE',
      'SIGPOLL',
      'SIGPROF',
      'SIGPWR',
      'SIGQUIT',
      'SIGRTMAX',
      'SIGRTMAX-1',
      'SIGRTMAX-10',
      'SIGRTMAX-11',
      'SIGRTMAX-12',
      'SIGRTMAX-13',
      'SIGRTMAX-14',
      'SIGRTMAX-2',
      'SIGRTMAX-3',
      'SIGRTMAX-4',
      'SIGRTMAX-5',
      'SIGRTMAX-6',
      'SIGRTMAX-7',
      'SIGRTMAX-8',
      'SIGRTMAX-9',
      'SIGRTMIN',
      'SIGRTMIN+1',
      'SIGRTMIN+10',
      'SIGRTMIN+11',
      'SIGRTMIN+12',
      'SIGRTMIN+13',
      'SIGRTMIN+14',
      'SIGRTMIN+15',
      'SIGRTMIN+2',
      'SIGRTMIN+3',
      'SIGRTMIN+4',
      'SIGRTMIN+5',
      'SIGRTMIN+6',
      'SIGRTMIN+7',
      'SIGRTMIN+8',
      'SIGRTMIN+9',
      'SIGSEGV',
      'SIGSTKFLT',
      'SIGSTOP',
      'SIGSYS',
      'SIGTERM',
      'SIGTRAP',
      'SIGTSTP',
      'SIGTTIN',
      'SIGTTOU',
      'SIGURG',
      'SIGUSR1',
      'SIGUSR2',
      'SIGVTALRM',
      'SIGWINCH',
      'SIGXCPU',
      'SIGXFSZ',
    ),
  ).explicit(),
})
export type ContainerStatus = TypeOf<typeof ContainerStatus>
