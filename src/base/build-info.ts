/** `kubernetes_build_info`, by which dashboards and alerts compare the versions of components. */
import { Gauge, type Registry } from 'prom-client'

export interface BuildInfo {
  readonly major: string
  readonly minor: string
  readonly gitVersion: string
  readonly platform: string
}

const labelNames = [
  'build_date',
  'compiler',
  'git_commit',
  'git_tree_state',
  'git_version',
  'go_version',
  'major',
  'minor',
  'platform',
] as const

export function addBuildInfo(registry: Registry, { major, minor, gitVersion, platform }: BuildInfo): void {
  const gauge = new Gauge({
    name: 'kubernetes_build_info',
    help: 'Always 1, with the version in its labels.',
    labelNames,
    registers: [registry],
  })
  const empty = { build_date: '', git_commit: '', git_tree_state: '' }
  const ours = { compiler: 'node', go_version: process.version.replace(/^v/, 'node') }
  gauge.set({ ...empty, ...ours, major, minor, git_version: gitVersion, platform }, 1)
}
