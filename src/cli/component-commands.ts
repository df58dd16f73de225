/**
 * `clipper scheduler` and `clipper controller-manager`: components alone, for an API server that runs elsewhere, with the
 * main flags of kube-scheduler and kube-controller-manager.
 */
import type { Command } from 'commander'
import type { LeaseTimes } from '../client/leader-election.ts'
import { CliError } from './cli-error.ts'
import { absolutePath, boolean, cidr, duration, fileOfFlag, millisecondsOf, positive } from './flag-values.ts'
import { type LeaderElectionSettings, leaseTimesOf, withLeaderElectionFlags } from './leader-election-flags.ts'

export interface SchedulerSettings {
  readonly kubeconfig: string
  /** Undefined: it schedules at once, whoever else may. */
  readonly leaseTimes: LeaseTimes | undefined
}

export interface ControllerManagerSettings extends SchedulerSettings {
  readonly controllers: readonly string[]
  /** Each controller acts as its own service account, else all as the user of the kubeconfig. */
  readonly useServiceAccountCredentials: boolean
  readonly rootCaPem?: string
  readonly signing?: { readonly certificatePem: string; readonly privateKeyPem: string }
  readonly clusterCidr?: string
  readonly nodeMaskSize?: number
  readonly nodeMonitorGraceMs?: number
  readonly maxTerminatedPods?: number
}

export interface ComponentActions {
  runScheduler(settings: SchedulerSettings): Promise<void>
  runControllerManager(settings: ControllerManagerSettings): Promise<void>
}

interface Flags extends LeaderElectionSettings {
  readonly kubeconfig: string
}

interface ControllerManagerFlags extends Flags {
  readonly controllers: string
  readonly useServiceAccountCredentials?: boolean
  readonly rootCaFile?: string
  readonly clusterSigningCertFile?: string
  readonly clusterSigningKeyFile?: string
  readonly clusterCidr?: string
  readonly nodeCidrMaskSize?: number
  readonly nodeMonitorGracePeriod?: number
  readonly terminatedPodGcThreshold?: number
}

export function addComponentCommands(program: Command, actions: ComponentActions): void {
  const component = (name: string, description: string) =>
    withLeaderElectionFlags(
      program
        .command(name)
        .description(`${description}, in the foreground`)
        .requiredOption('--kubeconfig <file>', 'access to the API server, of Clipper or any other', absolutePath),
      true,
    )
  component('scheduler', 'run the scheduler alone').action(({ kubeconfig, ...flags }: Flags) =>
    actions.runScheduler({ kubeconfig, leaseTimes: leaseTimesOf({ leaderElect: true, ...flags }) }),
  )
  component('controller-manager', 'run the controllers alone')
    .option(
      '--controllers <list>',
      "controllers to run, by the names of their service accounts: 'name', '-name', '*' for all others",
      '*',
    )
    .option(
      '--use-service-account-credentials [bool]',
      'each controller acts as its own service account (default: true)',
      boolean,
    )
    .option('--root-ca-file <file>', 'authority that is published to all namespaces, PEM')
    .option('--cluster-signing-cert-file <file>', 'authority that signs certificates, PEM')
    .option('--cluster-signing-key-file <file>', 'its key, PEM')
    .option('--cluster-cidr <cidr>', 'addresses of pods; nodes get ranges of it (default: they get none)', cidr)
    .option('--node-cidr-mask-size <bits>', 'prefix length of the range of a node (default: 24)', positive)
    .option('--node-monitor-grace-period <duration>', 'how long a node may be silent (default: 40s)', text =>
      millisecondsOf(duration(text)),
    )
    .option('--terminated-pod-gc-threshold <number>', 'ended pods that are kept (default: 12500)', positive)
    .action((flags: ControllerManagerFlags) => actions.runControllerManager(controllerManagerSettings(flags)))
}

const contentOf = (flag: string, path: string | undefined): string | undefined =>
  path === undefined ? undefined : fileOfFlag(flag, path)

function controllerManagerSettings(flags: ControllerManagerFlags): ControllerManagerSettings {
  const rootCaPem = contentOf('root-ca-file', flags.rootCaFile)
  const certificatePem = contentOf('cluster-signing-cert-file', flags.clusterSigningCertFile)
  const privateKeyPem = contentOf('cluster-signing-key-file', flags.clusterSigningKeyFile)
  if ((certificatePem === undefined) !== (privateKeyPem === undefined))
    throw new CliError('give --cluster-signing-cert-file and --cluster-signing-key-file together')
  const { clusterCidr, nodeCidrMaskSize, nodeMonitorGracePeriod, terminatedPodGcThreshold } = flags
  return {
    kubeconfig: flags.kubeconfig,
    leaseTimes: leaseTimesOf({ leaderElect: true, ...flags }),
    controllers: flags.controllers.split(','),
    useServiceAccountCredentials: flags.useServiceAccountCredentials ?? true,
    ...(rootCaPem === undefined ? {} : { rootCaPem }),
    ...(certificatePem === undefined || privateKeyPem === undefined
      ? {}
      : { signing: { certificatePem, privateKeyPem } }),
    ...(clusterCidr === undefined ? {} : { clusterCidr }),
    ...(nodeCidrMaskSize === undefined ? {} : { nodeMaskSize: nodeCidrMaskSize }),
    ...(nodeMonitorGracePeriod === undefined ? {} : { nodeMonitorGraceMs: nodeMonitorGracePeriod }),
    ...(terminatedPodGcThreshold === undefined ? {} : { maxTerminatedPods: terminatedPodGcThreshold }),
  }
}
