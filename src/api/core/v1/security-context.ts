import { f } from '../../../schema/field.ts'
import { bool, int64, list, oneOf, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

export const AppArmorProfile = message('AppArmorProfile', {
  type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
    .required()
    .always(),
  localhostProfile: f(2, str),
})
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

export const SeccompProfile = message('SeccompProfile', {
  type: f(1, oneOf('Localhost', 'RuntimeDefault', 'Unconfined'))
    .required()
    .always(),
  localhostProfile: f(2, str),
})
export type SeccompProfile = TypeOf<typeof SeccompProfile>

export const Sysctl = message('Sysctl', {
  name: f(1, str).required().always(),
  value: f(2, str).required().always(),
})
export type Sysctl = TypeOf<typeof Sysctl>

export const WindowsSecurityContextOptions = message('WindowsSecurityContextOptions', {
  gmsaCredentialSpecName: f(1, str),
  gmsaCredentialSpec: f(2, str),
  runAsUserName: f(3, str),
  hostProcess: f(4, bool),
})
export type WindowsSecurityContextOptions = TypeOf<typeof WindowsSecurityContextOptions>

export const PodSecurityContext = message('PodSecurityContext', {
  seLinuxOptions: f(1, SELinuxOptions),
  runAsUser: f(2, int64),
  runAsNonRoot: f(3, bool),
  supplementalGroups: f(4, list(int64)).listOf('atomic'),
  fsGroup: f(5, int64),
  runAsGroup: f(6, int64),
  sysctls: f(7, list(Sysctl)).listOf('atomic'),
  windowsOptions: f(8, WindowsSecurityContextOptions),
  fsGroupChangePolicy: f(9, oneOf('Always', 'OnRootMismatch')),
  seccompProfile: f(10, SeccompProfile),
  appArmorProfile: f(11, AppArmorProfile),
  supplementalGroupsPolicy: f(12, oneOf('Merge', 'Strict')),
  seLinuxChangePolicy: f(13, str),
})
export type PodSecurityContext = TypeOf<typeof PodSecurityContext>

export const SecurityContext = message('SecurityContext', {
  capabilities: f(1, Capabilities),
  privileged: f(2, bool),
  seLinuxOptions: f(3, SELinuxOptions),
  runAsUser: f(4, int64),
  runAsNonRoot: f(5, bool),
  readOnlyRootFilesystem: f(6, bool),
  allowPrivilegeEscalation: f(7, bool),
  runAsGroup: f(8, int64),
  procMount: f(9, oneOf('Default', 'Unmasked')),
  windowsOptions: f(10, WindowsSecurityContextOptions),
  seccompProfile: f(11, SeccompProfile),
  appArmorProfile: f(12, AppArmorProfile),
})
export type SecurityContext = TypeOf<typeof SecurityContext>
