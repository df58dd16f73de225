import { f } from '../../../schema/field.ts'
import { bool, int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const AppArmorProfile = message(
  'AppArmorProfile',
  {
    type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
      .required()
      .always(),
    localhostProfile: f(2, str).explicit(),
  },
  { unions: [{ discriminator: 'type', members: ['localhostProfile'] }] },
)
export type AppArmorProfile = TypeOf<typeof AppArmorProfile>

export const Capabilities = message('Capabilities', {
  add: f(1, list(str)).listOf('atomic'),
  drop: f(2, list(str)).listOf('atomic'),
})
export type Capabilities = TypeOf<typeof Capabilities>

export const SELinuxOptions = message('SELinuxOptions', {
  user: f(1, str),
  role: f(2, str),
  type: f(3, str),
  level: f(4, str),
})
export type SELinuxOptions = TypeOf<typeof SELinuxOptions>

export const SeccompProfile = message(
  'SeccompProfile',
  {
    type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
      .required()
      .always(),
    localhostProfile: f(2, str).explicit(),
  },
  { unions: [{ discriminator: 'type', members: ['localhostProfile'] }] },
)
export type SeccompProfile = TypeOf<typeof SeccompProfile>

export const Sysctl = message('Sysctl', {
  name: f(1, str).required().always(),
  value: f(2, str).required().always(),
})
export type Sysctl = TypeOf<typeof Sysctl>

export const WindowsSecurityContextOptions = message('WindowsSecurityContextOptions', {
  gmsaCredentialSpecName: f(1, str).explicit(),
  gmsaCredentialSpec: f(2, str).explicit(),
  runAsUserName: f(3, str).explicit(),
  hostProcess: f(4, bool).explicit(),
})
export type WindowsSecurityContextOptions = TypeOf<typeof WindowsSecurityContextOptions>

export const PodSecurityContext = message('PodSecurityContext', {
  seLinuxOptions: f(1, SELinuxOptions),
  runAsUser: f(2, int64).explicit(),
  runAsNonRoot: f(3, bool).explicit(),
  supplementalGroups: f(4, list(int64)).listOf('atomic'),
  fsGroup: f(5, int64).explicit(),
  runAsGroup: f(6, int64).explicit(),
  sysctls: f(7, list(Sysctl)).listOf('atomic'),
  windowsOptions: f(8, WindowsSecurityContextOptions),
  fsGroupChangePolicy: f(9, oneOf('Always', 'OnRootMismatch')).explicit(),
  seccompProfile: f(10, SeccompProfile),
  appArmorProfile: f(11, AppArmorProfile),
  supplementalGroupsPolicy: f(12, oneOf('Merge', 'Strict')).explicit(),
  seLinuxChangePolicy: f(13, str).explicit(),
})
export type PodSecurityContext = TypeOf<typeof PodSecurityContext>

export const SecurityContext = message('SecurityContext', {
  capabilities: f(1, Capabilities),
  privileged: f(2, bool).explicit(),
  seLinuxOptions: f(3, SELinuxOptions),
  runAsUser: f(4, int64).explicit(),
  runAsNonRoot: f(5, bool).explicit(),
  readOnlyRootFilesystem: f(6, bool).explicit(),
  allowPrivilegeEscalation: f(7, bool).explicit(),
  runAsGroup: f(8, int64).explicit(),
  procMount: f(9, oneOf('Default', 'Unmasked')).explicit(),
  windowsOptions: f(10, WindowsSecurityContextOptions),
  seccompProfile: f(11, SeccompProfile),
  appArmorProfile: f(12, AppArmorProfile),
})
export type SecurityContext = TypeOf<typeof SecurityContext>
