/** Which level of the Pod Security Standards a namespace asks for, and what a pod violates of it (KEP-2579). */
import { type FieldError, invalid } from '../../schema/field-error.ts'
import { baselineChecks } from './baseline.ts'
import type { CheckedPod, Violation } from './check.ts'
import { restrictedChecks } from './restricted.ts'

const levels = ['privileged', 'baseline', 'restricted'] as const
export type Level = (typeof levels)[number]

export interface LevelVersion {
  readonly level: Level
  /** `latest`, or as `v1.30`. */
  readonly version: string
}

export interface Policy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

const prefix = 'pod-security.kubernetes.io/'
const versionPattern = /^v1\.(0|[1-9]\d*)$/

export const showLevel = ({ level, version }: LevelVersion): string => `${level}:${version}`

export const isStricter = (a: Level, b: Level): boolean => levels.indexOf(a) > levels.indexOf(b)

type Mode = 'enforce' | 'audit' | 'warn'

/** What the labels of a namespace ask for. Wrong ones are reported, and count as the strictest where they enforce. */
export function policyOf(labels: Readonly<Record<string, string>>): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = []
  const read = (mode: Mode): { level?: Level; version?: string; isWrong: boolean } => {
    const [level, version] = [labels[prefix + mode], labels[`${prefix}${mode}-version`]]
    const isLevel = level !== undefined && (levels as readonly string[]).includes(level)
    if (level !== undefined && !isLevel) {
      errors.push(invalid(`metadata.labels[${prefix}${mode}]`, level, `must be one of ${levels.join(', ')}`))
    }
    const isVersion = version === 'latest' || (version !== undefined && versionPattern.test(version))
    if (version !== undefined && !isVersion) {
      const path = `metadata.labels[${prefix}${mode}-version]`
      errors.push(invalid(path, version, 'must be "latest" or "v1.x"'))
    }
    const strictest: Level = mode === 'enforce' ? 'restricted' : 'privileged'
    return {
      ...(level === undefined ? {} : { level: isLevel ? (level as Level) : strictest }),
      ...(version === undefined ? {} : { version: isVersion ? version : 'latest' }),
      isWrong: level !== undefined && !isLevel,
    }
  }
  const [enforced, audited, warned] = [read('enforce'), read('audit'), read('warn')]
  const filled = ({ level = 'privileged', version = 'latest' }: { level?: Level; version?: string }): LevelVersion => ({
    level,
    version,
  })
  const enforce = filled(enforced)
  const own = filled(warned)
  // Who is refused later is warned now: of deployments the pods alone are refused.
  const follows = warned.level === undefined && enforced.level !== undefined && !enforced.isWrong
  const warn =
    follows && isStricter(enforce.level, own.level)
      ? { level: enforce.level, version: warned.version ?? enforce.version }
      : own
  return { policy: { enforce, audit: filled(audited), warn }, errors }
}

export const isFullyPrivileged = ({ enforce, audit, warn }: Policy): boolean =>
  [enforce, audit, warn].every(({ level }) => level === 'privileged')

/** What a pod violates of a level, the baseline first. */
export function violationsOf({ level, version }: LevelVersion, pod: CheckedPod): Violation[] {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length))
  const restricted = level === 'restricted' ? restrictedChecks.filter(({ since }) => since <= minor) : []
  const overridden = new Set(restricted.flatMap(({ overrides = [] }) => overrides))
  const baseline = baselineChecks.filter(({ id, since }) => since <= minor && !overridden.has(id))
  return [...baseline, ...restricted].flatMap(check => check.violation(pod, minor) ?? [])
}

/** `privileged (container "a" must not …), hostPort (…)`. */
export const detailsOf = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')

export const reasonsOf = (violations: readonly Violation[]): string => violations.map(({ reason }) => reason).join(', ')
