/** The flags `--leader-elect…` of kube-scheduler and kube-controller-manager, for both together. */
import type { Command } from 'commander'
import { defaultLeaseTimes, faultOfLeaseTimes, type LeaseTimes } from '../client/leader-election.ts'
import { CliError } from './cli-error.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { boolean, duration, millisecondsOf } from './flag-values.ts'

export interface LeaderElectionSettings {
  /** Absent: where the store is an etcd cluster, for then there may be others. */
  readonly leaderElect?: boolean
  /** Durations of Go, as `15s`. */
  readonly leaderElectLeaseDuration?: string
  readonly leaderElectRenewDeadline?: string
  readonly leaderElectRetryPeriod?: string
}

/** `isDefault`: there are elections unless told otherwise. */
export function withLeaderElectionFlags(command: Command, isDefault = false): Command {
  const otherwise = isDefault ? 'true' : 'with --etcd-servers'
  return command
    .option('--leader-elect [bool]', `elect who schedules and controls (default: ${otherwise})`, boolean)
    .option(
      '--leader-elect-lease-duration <duration>',
      'how long others wait for a silent leader (default: 15s)',
      duration,
    )
    .option('--leader-elect-renew-deadline <duration>', 'how long a leader tries to renew (default: 10s)', duration)
    .option('--leader-elect-retry-period <duration>', 'between two attempts (default: 2s)', duration)
}

/** The times of elections; undefined where there are none. Throws CliError. */
export function leaseTimesOf(
  config: LeaderElectionSettings & Pick<ClusterConfig, 'etcdServers'>,
): LeaseTimes | undefined {
  const isElected = config.leaderElect ?? (config.etcdServers ?? []).length > 0
  if (!isElected) return undefined
  const msOf = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : millisecondsOf(text))
  const times = {
    leaseDurationMs: msOf(config.leaderElectLeaseDuration, defaultLeaseTimes.leaseDurationMs),
    renewDeadlineMs: msOf(config.leaderElectRenewDeadline, defaultLeaseTimes.renewDeadlineMs),
    retryPeriodMs: msOf(config.leaderElectRetryPeriod, defaultLeaseTimes.retryPeriodMs),
  }
  const fault = faultOfLeaseTimes(times)
  if (fault !== undefined) throw new CliError(`--leader-elect: ${fault}`)
  return times
}
