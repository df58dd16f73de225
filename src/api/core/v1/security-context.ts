import { f } from '../../../schema/field.ts'
import { bool, int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const AppArmorProfile = message(
  'AppArmorProfile',
  {
    type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
      .go('v1.AppArmorProfileType')
      .required()
      .always()
      .doc('Which kind of profile is used.'),
    localhostProfile: f(2, str).explicit().doc('Profile loaded on the node; set exactly when the type is `Localhost`.'),
  },
  { doc: 'The AppArmor profile of a container.', unions: [{ discriminator: 'type', members: ['localhostProfile'] }] },
)
export type AppArmorProfile = TypeOf<typeof AppArmorProfile>

export const Capabilities = message(
  'Capabilities',
  {
    add: f(1, list(str)).go('v1.Capability').listOf('atomic').doc('Capabilities to add, without the prefix `CAP_`.'),
    drop: f(2, list(str)).go('v1.Capability').listOf('atomic').doc('Capabilities to take away; `ALL` means every one.'),
  },
  { doc: "Linux capabilities added to or taken from the runtime's default set." },
)
export type Capabilities = TypeOf<typeof Capabilities>

export const SELinuxOptions = message(
  'SELinuxOptions',
  {
    user: f(1, str).doc('User part of the label.'),
    role: f(2, str).doc('Role part of the label.'),
    type: f(3, str).doc('Type part of the label.'),
    level: f(4, str).doc('Level part of the label.'),
  },
  { doc: 'The SELinux label of a process.' },
)
export type SELinuxOptions = TypeOf<typeof SELinuxOptions>

export const SeccompProfile = message(
  'SeccompProfile',
  {
    type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
      .go('v1.SeccompProfileType')
      .required()
      .always()
      .doc('Which kind of profile is used.'),
    localhostProfile: f(2, str)
      .explicit()
      .doc("File below the kubelet's seccomp directory; set exactly when the type is `Localhost`."),
  },
  {
    doc: 'The filter for system calls of a container.',
    unions: [{ discriminator: 'type', members: ['localhostProfile'] }],
  },
)
export type SeccompProfile = TypeOf<typeof SeccompProfile>

export const Sysctl = message(
  'Sysctl',
  {
    name: f(1, str).required().always().doc('Name of the parameter, as `net.core.somaxconn`.'),
    value: f(2, str).required().always().doc('Value to set.'),
  },
  { doc: "A kernel parameter of the pod's namespaces." },
)
export type Sysctl = TypeOf<typeof Sysctl>

export const WindowsSecurityContextOptions = message(
  'WindowsSecurityContextOptions',
  {
    gmsaCredentialSpecName: f(1, str)
      .explicit()
      .doc('Name of the group managed service account credential specification.'),
    gmsaCredentialSpec: f(2, str).explicit().doc('Content of that specification, filled in by a webhook.'),
    runAsUserName: f(3, str).explicit().doc('User to run as; that of the image by default.'),
    hostProcess: f(4, bool).explicit().doc('Run as a host process container; all containers of the pod must agree.'),
  },
  { doc: 'Security settings that only Windows knows.' },
)
export type WindowsSecurityContextOptions = TypeOf<typeof WindowsSecurityContextOptions>

export const PodSecurityContext = message(
  'PodSecurityContext',
  {
    seLinuxOptions: f(1, SELinuxOptions).doc('SELinux label of the containers; chosen by the runtime if unset.'),
    runAsUser: f(2, int64).explicit().doc('User ID of the processes; that of the image if unset.'),
    runAsNonRoot: f(3, bool).explicit().doc('Refuse to start a container that would run as user 0.'),
    supplementalGroups: f(4, list(int64))
      .listOf('atomic')
      .doc('Further group IDs of the first process of each container.'),
    fsGroup: f(5, int64).explicit().doc('Group that owns volumes which support it; processes are in it too.'),
    runAsGroup: f(6, int64).explicit().doc('Primary group ID of the processes; that of the runtime if unset.'),
    sysctls: f(7, list(Sysctl)).listOf('atomic').doc('Kernel parameters to set for the pod.'),
    windowsOptions: f(8, WindowsSecurityContextOptions).doc('Settings for Windows nodes only.'),
    fsGroupChangePolicy: f(9, oneOf('Always', 'OnRootMismatch'))
      .go('v1.PodFSGroupChangePolicy')
      .explicit()
      .doc('Whether ownership is fixed on every mount (`Always`, default) or when the root differs.'),
    seccompProfile: f(10, SeccompProfile).doc('System call filter of the containers.'),
    appArmorProfile: f(11, AppArmorProfile).doc('AppArmor profile of the containers.'),
    supplementalGroupsPolicy: f(12, oneOf('Merge', 'Strict'))
      .go('v1.SupplementalGroupsPolicy')
      .explicit()
      .doc('Whether groups listed in the image count too; `Merge` by default.'),
    seLinuxChangePolicy: f(13, str)
      .go('v1.PodSELinuxChangePolicy')
      .explicit()
      .doc('How volumes get the SELinux label: `MountOption` or `Recursive`.'),
  },
  { doc: 'Security settings of a pod and defaults for its containers.' },
)
export type PodSecurityContext = TypeOf<typeof PodSecurityContext>

export const SecurityContext = message(
  'SecurityContext',
  {
    capabilities: f(1, Capabilities).doc('Linux capabilities to add and drop.'),
    privileged: f(2, bool).explicit().doc('Run nearly as root on the node; false by default.'),
    seLinuxOptions: f(3, SELinuxOptions).doc('SELinux label of the container.'),
    runAsUser: f(4, int64).explicit().doc('User ID of the processes; that of the image if unset.'),
    runAsNonRoot: f(5, bool).explicit().doc('Refuse to start if the container would run as user 0.'),
    readOnlyRootFilesystem: f(6, bool)
      .explicit()
      .doc('Mount the root file system without permission to write; false by default.'),
    allowPrivilegeEscalation: f(7, bool)
      .explicit()
      .doc('Whether a process may gain more privileges than its parent; true if privileged.'),
    runAsGroup: f(8, int64).explicit().doc('Primary group ID of the processes; that of the runtime if unset.'),
    procMount: f(9, oneOf('Default', 'Unmasked'))
      .go('v1.ProcMountType')
      .explicit()
      .doc('How `/proc` is mounted: `Default` masks parts of it, `Unmasked` none.'),
    windowsOptions: f(10, WindowsSecurityContextOptions).doc('Settings for Windows nodes only.'),
    seccompProfile: f(11, SeccompProfile).doc('System call filter of the container.'),
    appArmorProfile: f(12, AppArmorProfile).doc('AppArmor profile of the container.'),
  },
  { doc: 'Security settings of one container; they win over those of the pod.' },
)
export type SecurityContext = TypeOf<typeof SecurityContext>
