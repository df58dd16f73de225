/** The restricted level of the Pod Security Standards: what a hardened pod looks like. */
import { badSeccomp, procMountViolation, setters } from './baseline.ts'
import {
  type Check,
  containersNamed,
  containersOf,
  distinct,
  hasUserNamespace,
  isWindows,
  plural,
  quoted,
} from './check.ts'

const allowPrivilegeEscalation: Check = {
  id: 'allowPrivilegeEscalation',
  since: 8,
  violation(pod, minor) {
    if (minor >= 25 && isWindows(pod)) return undefined
    const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false)
    if (bad.length === 0) return undefined
    return {
      reason: 'allowPrivilegeEscalation != false',
      detail: `${setters(false, bad)} must set securityContext.allowPrivilegeEscalation=false`,
    }
  },
}

const capabilities: Check = {
  id: 'capabilities_restricted',
  since: 22,
  overrides: ['capabilities_baseline'],
  violation(pod, minor) {
    if (minor >= 25 && isWindows(pod)) return undefined
    const all = containersOf(pod)
    const keeping = all.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'))
    const extraOf = ({ securityContext }: (typeof all)[number]): string[] =>
      (securityContext?.capabilities?.add ?? []).filter(name => name !== 'NET_BIND_SERVICE')
    const adding = all.filter(container => extraOf(container).length > 0)
    const details = [
      ...(keeping.length > 0 ? [`${setters(false, keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
      ...(adding.length > 0
        ? [
            `${setters(false, adding)} must not include ${quoted(distinct(adding.flatMap(extraOf)))} in securityContext.capabilities.add`,
          ]
        : []),
    ]
    return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
  },
}

const procMount: Check = {
  id: 'procMount_restricted',
  since: 35,
  overrides: ['procMount'],
  violation: procMountViolation,
}

const goodVolumes: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
])

const restrictedVolumes: Check = {
  id: 'restrictedVolumes',
  since: 0,
  overrides: ['hostPathVolumes'],
  violation({ spec }) {
    const typeOf = (volume: object): string =>
      Object.entries(volume).find(([key, value]) => key !== 'name' && value !== undefined)?.[0] ?? 'unknown'
    const bad = (spec.volumes ?? []).filter(volume => !goodVolumes.has(typeOf(volume)))
    if (bad.length === 0) return undefined
    const types = distinct(bad.map(typeOf))
    const who = `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map(({ name }) => name))}`
    const what = plural('restricted volume type', 'restricted volume types', types.length)
    return {
      reason: 'restricted volume types',
      detail: `${who} ${plural('uses', 'use', bad.length)} ${what} ${quoted(types)}`,
    }
  },
}

const runAsNonRoot: Check = {
  id: 'runAsNonRoot',
  since: 0,
  violation(pod, minor) {
    if (minor >= 35 && hasUserNamespace(pod)) return undefined
    const reason = 'runAsNonRoot != true'
    const ofPod = pod.spec.securityContext?.runAsNonRoot
    const all = containersOf(pod)
    const bad = all.filter(({ securityContext }) => securityContext?.runAsNonRoot === false)
    if (ofPod === false || bad.length > 0) {
      return { reason, detail: `${setters(ofPod === false, bad)} must not set securityContext.runAsNonRoot=false` }
    }
    const silent = all.filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined)
    if (ofPod === true || silent.length === 0) return undefined
    const who = containersNamed(silent.map(({ name }) => name))
    return { reason, detail: `pod or ${who} must set securityContext.runAsNonRoot=true` }
  },
}

const runAsUser: Check = {
  id: 'runAsUser',
  since: 23,
  violation(pod, minor) {
    if (minor >= 35 && hasUserNamespace(pod)) return undefined
    const byPod = pod.spec.securityContext?.runAsUser === 0
    const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.runAsUser === 0)
    if (!byPod && bad.length === 0) return undefined
    return { reason: 'runAsUser=0', detail: `${setters(byPod, bad)} must not set runAsUser=0` }
  },
}

const seccompProfile: Check = {
  id: 'seccompProfile_restricted',
  since: 19,
  overrides: ['seccompProfile_baseline'],
  violation(pod, minor) {
    if (minor >= 25 && isWindows(pod)) return undefined
    const bad = badSeccomp(pod)
    if (bad) return bad
    const silent = containersOf(pod).filter(({ securityContext }) => securityContext?.seccompProfile === undefined)
    if (pod.spec.securityContext?.seccompProfile !== undefined || silent.length === 0) return undefined
    const who = containersNamed(silent.map(({ name }) => name))
    return {
      reason: 'seccompProfile',
      detail: `pod or ${who} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
    }
  },
}

/** By id, which is the order of messages. */
export const restrictedChecks: readonly Check[] = [
  allowPrivilegeEscalation,
  capabilities,
  procMount,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfile,
]
