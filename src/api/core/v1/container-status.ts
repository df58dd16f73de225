import { f } from '../../../schema/field.ts'
import { bool, int32, int64, list, map, quantity, str, type TypeOf, time } from '../../../schema/type.ts'
import { message } from './package.ts'
import { ResourceRequirements, ResourceStatus } from './resources.ts'
import { stopSignal } from './stop-signal.ts'

export const ContainerStateRunning = message(
  'ContainerStateRunning',
  {
    startedAt: f(1, time).orNull().doc('When it was started.'),
  },
  { doc: 'A container that runs.' },
)
export type ContainerStateRunning = TypeOf<typeof ContainerStateRunning>

export const ContainerStateTerminated = message(
  'ContainerStateTerminated',
  {
    exitCode: f(1, int32).required().always().doc('Exit code of its first process.'),
    signal: f(2, int32).doc('Number of the signal that ended it.'),
    reason: f(3, str).doc('Why it ended, one word such as `OOMKilled`.'),
    message: f(4, str).doc('Final message of the container.'),
    startedAt: f(5, time).orNull().doc('When it was started.'),
    finishedAt: f(6, time).orNull().doc('When it ended.'),
    containerID: f(7, str).doc('Identifier at the runtime, as `<runtime>://<id>`.'),
  },
  { doc: 'A container that has ended.' },
)
export type ContainerStateTerminated = TypeOf<typeof ContainerStateTerminated>

export const ContainerStateWaiting = message(
  'ContainerStateWaiting',
  {
    reason: f(1, str).doc('Why not, one word such as `ImagePullBackOff`.'),
    message: f(2, str).doc('Why not, for people.'),
  },
  { doc: 'A container that does not run yet.' },
)
export type ContainerStateWaiting = TypeOf<typeof ContainerStateWaiting>

export const ContainerState = message(
  'ContainerState',
  {
    waiting: f(1, ContainerStateWaiting).doc('Set if it does not run yet.'),
    running: f(2, ContainerStateRunning).doc('Set if it runs.'),
    terminated: f(3, ContainerStateTerminated).doc('Set if it has ended.'),
  },
  { doc: 'State of a container; at most one member is set, none means waiting.' },
)
export type ContainerState = TypeOf<typeof ContainerState>

export const LinuxContainerUser = message(
  'LinuxContainerUser',
  {
    uid: f(1, int64).required().always().doc('User ID.'),
    gid: f(2, int64).required().always().doc('Primary group ID.'),
    supplementalGroups: f(3, list(int64)).listOf('atomic').doc('Further group IDs.'),
  },
  { doc: 'User and groups of a process on Linux.' },
)
export type LinuxContainerUser = TypeOf<typeof LinuxContainerUser>

export const ContainerUser = message(
  'ContainerUser',
  {
    linux: f(1, LinuxContainerUser).doc('User and groups on Linux.'),
  },
  { doc: 'User that the first process of a container started as.' },
)
export type ContainerUser = TypeOf<typeof ContainerUser>

export const ImageVolumeStatus = message(
  'ImageVolumeStatus',
  {
    imageRef: f(1, str).required().doc('Digest of the image that is mounted.'),
  },
  { doc: 'What was last observed of an image volume.' },
)
export type ImageVolumeStatus = TypeOf<typeof ImageVolumeStatus>

export const VolumeStatus = message(
  'VolumeStatus',
  {
    image: f(1, ImageVolumeStatus).doc('State of an image volume.'),
  },
  { doc: 'State of a mounted volume.' },
)
export type VolumeStatus = TypeOf<typeof VolumeStatus>

export const VolumeMountStatus = message(
  'VolumeMountStatus',
  {
    name: f(1, str).required().always().doc('Name of the volume in the pod.'),
    mountPath: f(2, str).required().always().doc('Directory in the container.'),
    readOnly: f(3, bool).doc('Whether it is mounted without permission to write.'),
    recursiveReadOnly: f(4, str)
      .go('v1.RecursiveReadOnlyMode')
      .explicit()
      .doc('Whether mounts below are read-only too: `Disabled` or `Enabled`.'),
    volumeStatus: f(5, VolumeStatus).gate('ImageVolumeWithDigest').doc('State of the volume.'),
  },
  { doc: 'State of a volume mount.' },
)
export type VolumeMountStatus = TypeOf<typeof VolumeMountStatus>

export const ContainerStatus = message(
  'ContainerStatus',
  {
    name: f(1, str).required().always().doc('Name of the container.'),
    state: f(2, ContainerState).always().doc('State it is in now.'),
    lastState: f(3, ContainerState).always().doc('State in which it last ended, if it has been restarted.'),
    ready: f(4, bool).required().always().doc('Whether it passes its readiness probe and has started.'),
    restartCount: f(5, int32).required().always().doc('How often it has been restarted.'),
    image: f(6, str).required().always().doc('Image that it runs, as the runtime names it.'),
    imageID: f(7, str).required().always().doc('Identifier of the image.'),
    containerID: f(8, str).doc('Identifier at the runtime, as `<runtime>://<id>`.'),
    started: f(9, bool)
      .explicit()
      .doc('Whether it has started: its hook has ended and its startup probe has succeeded.'),
    allocatedResources: f(10, map(quantity)).go('v1.ResourceList').doc('Requests that the node has set aside.'),
    resources: f(11, ResourceRequirements).doc('Requests and limits now in force.'),
    volumeMounts: f(12, list(VolumeMountStatus))
      .listOf('map', 'mountPath')
      .patch('merge', 'mountPath')
      .doc('State of the volume mounts.'),
    user: f(13, ContainerUser).doc('User that its first process started as.'),
    allocatedResourcesStatus: f(14, list(ResourceStatus))
      .listOf('map', 'name')
      .patch('merge', 'name')
      .doc('Health of the devices allocated to it.'),
    // Upstream lets it pass whatever the feature's gate says.
    stopSignal: f(15, stopSignal).go('v1.Signal').explicit().doc('Signal that asks it to stop.'),
  },
  { doc: 'What was last observed of a container.' },
)
export type ContainerStatus = TypeOf<typeof ContainerStatus>
