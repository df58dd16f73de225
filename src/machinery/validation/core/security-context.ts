/** Security contexts (upstream: ValidateSecurityContext, validatePodSpecSecurityContext). */
import type { PodSpec } from '../../../api/core/v1/pod-spec.ts'
import type { SecurityContext } from '../../../api/core/v1/security-context.ts'
import { duplicate, forbidden, invalid, required, tooLong } from '../../../schema/field-error.ts'
import { idErrors } from '../../../schema/formats.ts'
import { checkOneOf, type Errors, pushInvalid } from '../checks.ts'
import { checkWindowsOptions } from './windows-options.ts'

const maxLocalProfileLength = 4095

interface Profile {
  readonly type: string
  readonly localhostProfile?: string
}

export function checkPodSecurityContext(out: Errors, path: string, spec: PodSpec): void {
  const context = spec.securityContext
  if (!context) return
  for (const name of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) {
    if (context[name] !== undefined) pushInvalid(out, `${path}.${name}`, context[name], idErrors(context[name]))
  }
  context.supplementalGroups?.forEach((group, i) => {
    pushInvalid(out, `${path}.supplementalGroups[${i}]`, group, idErrors(group))
  })
  checkSysctls(out, `${path}.sysctls`, spec)
  checkWindowsOptions(out, `${path}.windowsOptions`, context.windowsOptions)
  checkProfile(out, `${path}.seccompProfile`, context.seccompProfile, 'seccompProfile')
  checkProfile(out, `${path}.appArmorProfile`, context.appArmorProfile, 'appArmorProfile')
  const { seLinuxChangePolicy } = context
  if (seLinuxChangePolicy !== undefined)
    checkOneOf(out, `${path}.seLinuxChangePolicy`, seLinuxChangePolicy, ['MountOption', 'Recursive'])
  if (spec.hostUsers === false) {
    for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
      if (spec[name]) out.push(forbidden(`spec.${name}`, 'when `hostUsers` is false'))
    }
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    out.push(invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
}

const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/

function checkSysctls(out: Errors, path: string, spec: PodSpec): void {
  const names = new Set<string>()
  spec.securityContext?.sysctls?.forEach(({ name }, i) => {
    const at = `${path}[${i}].name`
    if (name !== '' && (name.length > 253 || !sysctlName.test(name))) {
      const expression = '([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?'
      out.push(invalid(at, name, `must have at most 253 characters and match regex ^${expression}$`))
    } else if (names.has(name)) out.push(duplicate(at, name))
    names.add(name)
    const dotted = name.replaceAll('/', '.')
    if (spec.hostNetwork && dotted.startsWith('net.'))
      out.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    if (spec.hostIPC && /^(kernel\.(sem|shm|msg)|fs\.mqueue\.)/.test(dotted)) {
      out.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    }
  })
}

/** Profiles of seccomp and AppArmor. */
function checkProfile(out: Errors, path: string, profile: Profile | undefined, name: string): void {
  if (!profile) return
  if (profile.type === '') {
    out.push(required(`${path}.type`, `type is required when ${name} is set`))
    return
  }
  const isLocal = profile.type === 'Localhost'
  if (isLocal && profile.localhostProfile === undefined) {
    const detail =
      name === 'seccompProfile'
        ? 'must be set when seccomp type is Localhost'
        : 'must be set when AppArmor type is Localhost'
    out.push(required(`${path}.localhostProfile`, detail))
  } else if (isLocal && name === 'seccompProfile') {
    checkDescending(out, `${path}.localhostProfile`, profile.localhostProfile!)
  } else if (isLocal) {
    checkLocalProfile(out, `${path}.localhostProfile`, profile.localhostProfile!)
  } else if (profile.localhostProfile !== undefined) {
    const detail =
      name === 'seccompProfile'
        ? 'can only be set when seccomp type is Localhost'
        : 'can only be set when AppArmor type is Localhost'
    out.push(invalid(`${path}.localhostProfile`, profile.localhostProfile, detail))
  }
}

/** Of AppArmor. */
function checkLocalProfile(out: Errors, path: string, name: string): void {
  const trimmed = name.trim()
  if (trimmed !== name) out.push(invalid(path, name, 'must not be padded with whitespace'))
  else if (trimmed === '') out.push(required(path, 'must be set when AppArmor type is Localhost'))
  if (Buffer.byteLength(name) > maxLocalProfileLength) out.push(tooLong(path, maxLocalProfileLength))
}

/** A relative path that stays below where it starts. */
export function checkDescending(out: Errors, path: string, target: string): void {
  if (target.startsWith('/')) out.push(invalid(path, target, 'must be a relative path'))
  checkNoBackSteps(out, path, target)
}

export function checkNoBackSteps(out: Errors, path: string, target: string): void {
  if (target.split('/').includes('..')) out.push(invalid(path, target, "must not contain '..'"))
}

export function checkSecurityContext(
  out: Errors,
  path: string,
  context: SecurityContext | undefined,
  hasHostUsers: boolean,
): void {
  if (!context) return
  for (const name of ['runAsUser', 'runAsGroup'] as const) {
    if (context[name] !== undefined) pushInvalid(out, `${path}.${name}`, context[name], idErrors(context[name]))
  }
  if (context.procMount === 'Unmasked' && hasHostUsers) {
    out.push(invalid(`${path}.procMount`, context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  checkProfile(out, `${path}.seccompProfile`, context.seccompProfile, 'seccompProfile')
  checkProfile(out, `${path}.appArmorProfile`, context.appArmorProfile, 'appArmorProfile')
  checkWindowsOptions(out, `${path}.windowsOptions`, context.windowsOptions)
  if (context.allowPrivilegeEscalation !== false) return
  if (context.privileged) {
    out.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  if (context.capabilities?.add?.some(name => name === 'CAP_SYS_ADMIN')) {
    out.push(
      invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
    )
  }
}
