/** The `clipper` command: flags, and which of them makes which setting. */
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { addAgentCommand } from './agent-command.ts'
import { CliError } from './cli-error.ts'
import { type ClusterConfig, mergeConfig, pathsOf, readConfig } from './cluster-config.ts'
import { readClusterState } from './cluster-state.ts'
import { addComponentCommands, type ComponentActions } from './component-commands.ts'
import { down, reset } from './down.ts'
import { addEtcdCommand, type EtcdActions } from './etcd-command.ts'
import { parseFeatureGates } from './feature-gates.ts'
import { absolutePath, boolean, cidr, port, positive } from './flag-values.ts'
import type { JoinToken } from './join-token.ts'
import { withLeaderElectionFlags } from './leader-election-flags.ts'
import { loadLocalImages } from './local-agents.ts'
import { freeNodeNetwork, maxLocalNodes } from './local-nodes.ts'
import { newConfig } from './new-config.ts'
import { requireRoot } from './preflight.ts'
import { terminalProgress } from './progress.ts'
import { type ServerFlags, type ServerStart, serverStartOf, withServerFlags } from './server-flags.ts'
import { addSnapshotCommand, type SnapshotActions } from './snapshot-command.ts'
import { startExample } from './start-example.ts'
import { addStoreCommand, type StoreActions } from './store-command.ts'
import { withStoreFlags } from './store-flags.ts'
import { addTokenCommand } from './token-command.ts'
import { up } from './up.ts'

/** What the commands need of the components; only `main` knows them. */
export interface ProgramActions extends StoreActions, ComponentActions {
  readonly version: { readonly clipper: string; readonly kubernetes: string; readonly node: string }
  /** The arguments after the Node executable that are this command. */
  readonly command: readonly string[]
  /** Throws CliError where files that the settings name are missing or wrong. */
  checkConfig(config: ClusterConfig): Promise<void>
  runCluster(config: ClusterConfig): Promise<void>
  /** `controllers` as kube-controller-manager's flag. */
  runServer(start: ServerStart, controllers: readonly string[]): Promise<void>
  /** Loaded when they are needed. */
  etcd(): Promise<EtcdActions>
  runApiServer(config: ClusterConfig): Promise<void>
  /** The token is needed by a machine that has not joined yet. */
  runAgent(config: ClusterConfig, token: JoinToken | undefined): Promise<void>
  simulateNodes(options: SimulatedNodes): Promise<void>
  /** Loaded when it is needed. */
  snapshots(): Promise<SnapshotActions>
  /** Loads every module, so that Node keeps it compiled. */
  compile(): Promise<void>
  teardown(config: ClusterConfig): Promise<void>
  loadImage(config: ClusterConfig, archive: string): Promise<readonly string[]>
  loadExampleImage(config: ClusterConfig): Promise<void>
  readonly exampleManifest: string
}

export interface SimulatedNodes {
  readonly kubeconfig: string
  readonly count: number
  readonly shape: {
    readonly prefix: string
    readonly cpu: string
    readonly memory: string
    readonly pods: number
    readonly zones: number
    readonly version: string
  }
}

const defaultDataDirectory = '/var/lib/clipper'
const readyTimeoutMs = 120_000

const nodeCount = (text: string): number => {
  const value = positive(text)
  if (value > maxLocalNodes) throw new InvalidArgumentError(`at most ${maxLocalNodes} nodes run on one machine.`)
  return value
}

const maskSize = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 16 || value > 28)
    throw new InvalidArgumentError('a prefix length is a number from 16 to 28.')
  return value
}

const clusterName = (text: string): string => {
  if (!/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('a name has up to 40 lower-case letters, digits and dashes.')
  return text
}

const list = (text: string): string[] => text.split(',').filter(item => item !== '')
const logPath = (path: string): string => (path === '-' ? path : absolutePath(path))

type Flags = Partial<Omit<ClusterConfig, 'dataDirectory'>> & {
  dataDir: string
  dnsUpstream?: string[]
  kubeconfig?: boolean
  output?: string
  controllers?: string
}

const newCluster = {
  apiPort: 6443,
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  nodePortRange: '30000-32767',
  clusterDomain: 'cluster.local',
}

/** The settings of a cluster: those it was made with, the flags, and the defaults for a new one. */
function configOf(flags: Flags): ClusterConfig {
  const {
    dataDir,
    dnsUpstream,
    kubeconfig: _kubeconfig,
    output: _output,
    controllers: _controllers,
    ...settings
  } = flags
  const dataDirectory = resolve(dataDir)
  const given = { ...settings, ...(dnsUpstream ? { dnsUpstreams: dnsUpstream } : {}) }
  const kept = readConfig(dataDirectory)
  if (kept) return withNodeNetwork(mergeConfig(kept, given))
  return withNodeNetwork(newConfig(dataDirectory, newCluster, given))
}

/** The links of further nodes have their range for as long as the cluster lives. */
const withNodeNetwork = (config: ClusterConfig): ClusterConfig =>
  (config.nodes ?? 1) > 1 && config.nodeNetworkCidr === undefined
    ? { ...config, nodeNetworkCidr: freeNodeNetwork() }
    : config

/** A cluster that exists, for the commands that look at one or end it. */
function existingConfig(flags: Flags): ClusterConfig {
  const dataDirectory = resolve(flags.dataDir)
  const kept = readConfig(dataDirectory)
  if (!kept)
    throw new CliError(`there is no cluster in ${dataDirectory}`, `run: clipper up --data-dir ${dataDirectory}`)
  if (flags.name !== undefined && flags.name !== kept.name)
    throw new CliError(`the cluster in ${dataDirectory} is named ${kept.name}, not ${flags.name}`)
  return kept
}

const dataDirOption = () =>
  new Option('--data-dir <directory>', 'where the cluster keeps everything').default(defaultDataDirectory)
const nameOption = () =>
  new Option('--name <name>', 'name of the cluster, its context and its network objects').argParser(clusterName)

function withClusterFlags(command: Command): Command {
  return withStoreFlags(command)
    .addOption(dataDirOption())
    .addOption(nameOption())
    .option('--node-name <name>', 'name of this node (default: the host name)')
    .option('--node-address <address>', 'IPv4 address of this node (default: that of its first interface)')
    .option('--api-port <port>', 'port of the API server (default: 6443)', port)
    .option('--kubelet-port <port>', 'port of the kubelet (default: 10250)', port)
    .option('--dns-port <port>', 'port of the cluster DNS on the node (default: 10053)', port)
    .option('--cluster-cidr <cidr>', 'addresses of pods (default: 10.244.0.0/16)', cidr)
    .option(
      '--nodes <number>',
      'nodes on this machine, the further ones in networks of their own (default: 1)',
      nodeCount,
    )
    .option('--node-cidr-mask-size <bits>', 'prefix length of the pod addresses of a node (default: 24)', maskSize)
    .addOption(
      new Option(
        '--pod-network <mode>',
        'between nodes: vxlan, or routes where no router is between them (default: vxlan)',
      ).choices(['vxlan', 'routes']),
    )
    .option('--vxlan-port <port>', 'UDP port of the pod network between nodes (default: 8472)', port)
    .option('--service-cidr <cidr>', 'addresses of Services (default: 10.96.0.0/16)', cidr)
    .option('--node-port-range <range>', 'ports of Services on nodes (default: 30000-32767)')
    .option('--cluster-domain <domain>', 'DNS domain (default: cluster.local)')
    .option('--dns-upstream <server...>', "DNS servers for other names (default: the host's)")
    .option('--etcd-servers <urls>', 'etcd cluster, comma separated (default: the embedded store)', list)
    .option('--etcd-cafile <file>', 'authority of the etcd servers, PEM', absolutePath)
    .option('--etcd-certfile <file>', 'certificate for etcd, PEM', absolutePath)
    .option('--etcd-keyfile <file>', 'its key, PEM', absolutePath)
    .option(
      '--encryption-provider-config <file>',
      'what is encrypted in the store, EncryptionConfiguration (default: nothing)',
      absolutePath,
    )
    .option(
      '--encryption-provider-config-automatic-reload [boolean]',
      'read that file again when it changes (default: false)',
      boolean,
    )
    .option('--audit-policy-file <file>', 'audit policy, audit.k8s.io/v1 (default: no audit)', absolutePath)
    .option('--audit-log-path <file>', 'where audit events are written; - for the log of the process', logPath)
    .option('--enable-admission-plugins <names>', 'admission plugins besides the usual ones, comma separated', list)
    .option('--disable-admission-plugins <names>', 'usual admission plugins to do without, comma separated', list)
    .option(
      '--feature-gates <gates>',
      'features that are off by default, as CBORServingAndStorage=true',
      parseFeatureGates,
    )
}

export function makeProgram(actions: ProgramActions): Command {
  const program = new Command('clipper')
    .description('Kubernetes in one process')
    .showHelpAfterError('(see: clipper --help)')
  const progress = terminalProgress()
  const print = (line: string) => process.stdout.write(`${line}\n`)

  const start = async (flags: Flags) => {
    requireRoot('up')
    const config = configOf(flags)
    await actions.checkConfig(config)
    await up({
      config,
      timeoutMs: readyTimeoutMs,
      mergeKubeconfig: flags.kubeconfig !== false,
      progress,
      command: actions.command,
    })
    return config
  }

  withClusterFlags(program.command('up').description('start the cluster in the background and wait until it is ready'))
    .option('--no-kubeconfig', "leave the user's kubeconfig alone")
    .action(async (flags: Flags) => {
      const config = await start(flags)
      print(`The cluster ${config.name} is ready: https://127.0.0.1:${config.apiPort}`)
      print(
        flags.kubeconfig === false
          ? `  kubectl --kubeconfig ${pathsOf(config).adminKubeconfig} get nodes`
          : `  kubectl --context ${config.name} get nodes`,
      )
    })

  withServerFlags(
    withLeaderElectionFlags(
      withClusterFlags(
        program
          .command('server')
          .description('run the control plane in the foreground: API server, store, controllers, scheduler'),
      ),
    ),
  )
    .option(
      '--controllers <list>',
      "controllers to run, by the names of their service accounts: 'name', '-name', '*' for all others",
      '*',
    )
    .action(async (flags: Flags & ServerFlags) => {
      const { clusterInit, server, token, tokenFile, etcdBinary, etcdClientPort, etcdPeerPort, ...others } = flags
      const given = { clusterInit, server, token, tokenFile, etcdBinary, etcdClientPort, etcdPeerPort }
      const start = serverStartOf(configOf(others), given)
      await actions.checkConfig(start.config)
      await actions.runServer(start, (flags.controllers ?? '*').split(','))
    })

  withClusterFlags(
    program.command('apiserver').description('run the API server and its store alone, in the foreground'),
  ).action(async (flags: Flags) => {
    const config = configOf(flags)
    await actions.checkConfig(config)
    await actions.runApiServer(config)
  })

  withClusterFlags(program.command('start-example', { hidden: true })).action(async (flags: Flags) => {
    const config = await start(flags)
    await startExample({
      config,
      manifest: actions.exampleManifest,
      progress,
      loadImage: actions.loadExampleImage,
      print,
    })
  })

  const endingOf = (flags: Flags) => ({
    config: existingConfig(flags),
    progress,
    command: actions.command,
    teardown: actions.teardown,
  })
  program
    .command('down')
    .description('stop the cluster and its containers; the data stays')
    .addOption(dataDirOption())
    .addOption(nameOption())
    .action(async (flags: Flags) => down(endingOf(flags)))

  program
    .command('reset')
    .description('stop the cluster and delete everything of it')
    .addOption(dataDirOption())
    .addOption(nameOption())
    .action(async (flags: Flags) => reset(endingOf(flags)))

  program
    .command('status')
    .description('show what the cluster does')
    .addOption(dataDirOption())
    .addOption(nameOption())
    .addOption(new Option('-o, --output <format>', 'as JSON').choices(['json']))
    .action(async (flags: Flags) => {
      const state = await readClusterState(existingConfig(flags))
      if (flags.output === 'json') print(JSON.stringify(state, null, 2))
      else printState(state, print)
      if (!state.ready) process.exitCode = 1
    })

  const withCluster = (command: Command) => command.addOption(dataDirOption()).addOption(nameOption())
  addAgentCommand(program, { withCluster, run: actions.runAgent })
  addTokenCommand(program, { withCluster, configOf: flags => existingConfig(flags as Flags), print })
  addComponentCommands(program, actions)
  addEtcdCommand(program, {
    actions: actions.etcd,
    withCluster,
    configOf: flags => existingConfig(flags as Flags),
    print,
  })
  addSimulateNodes(program, actions)
  addStoreCommand(program, actions)
  addSnapshotCommand(program, actions.snapshots, readConfig, defaultDataDirectory)

  const image = program.command('image').description('container images of the cluster')
  image
    .command('load')
    .description('import an OCI or docker archive')
    .argument('<file>', 'a .tar file')
    .addOption(dataDirOption())
    .addOption(nameOption())
    .action(async (file: string, flags: Flags) => {
      requireRoot('image load')
      const config = existingConfig(flags)
      const names = await actions.loadImage(config, resolve(file))
      await loadLocalImages(config, actions.command, resolve(file))
      for (const name of names) print(name)
    })

  program
    .command('version')
    .description('show versions')
    .addOption(new Option('-o, --output <format>', 'as JSON').choices(['json']))
    .action((flags: { output?: string }) => {
      if (flags.output === 'json') print(JSON.stringify(actions.version))
      else
        print(
          `clipper ${actions.version.clipper} (Kubernetes ${actions.version.kubernetes}, Node ${actions.version.node})`,
        )
    })

  program
    .command('compile', { hidden: true })
    .description('compile ahead what `up` runs')
    .action(() => actions.compile())

  program
    .command('teardown', { hidden: true })
    .description('end the containers of a node whose process has ended')
    .addOption(dataDirOption())
    .action(async (flags: Flags) => actions.teardown(existingConfig(flags)))

  program
    .command('run', { hidden: true })
    .description("the cluster's process, in the foreground")
    .addOption(dataDirOption())
    .action(async (flags: Flags) => actions.runCluster(existingConfig(flags)))

  return program
}

function addSimulateNodes(program: Command, actions: ProgramActions): void {
  program
    .command('simulate-nodes')
    .description('run nodes without containers in the foreground: they report, and pods bound to them run at once')
    .argument('<count>', 'how many', positive)
    .requiredOption('--kubeconfig <file>', 'access to the cluster, of Clipper or any other', absolutePath)
    .option('--prefix <prefix>', 'names of the nodes are <prefix>-0 and so on', 'simulated')
    .option('--cpu <quantity>', 'of each node', '32')
    .option('--memory <quantity>', 'of each node', '256Gi')
    .option('--pods <number>', 'most pods of a node', positive, 110)
    .option('--zones <number>', 'values of topology.kubernetes.io/zone', positive, 3)
    .action(
      async (
        count: number,
        flags: { kubeconfig: string; prefix: string; cpu: string; memory: string; pods: number; zones: number },
      ) => {
        const { kubeconfig, ...shape } = flags
        await actions.simulateNodes({ kubeconfig, count, shape: { ...shape, version: actions.version.kubernetes } })
      },
    )
}

function printState(state: Awaited<ReturnType<typeof readClusterState>>, print: (line: string) => void): void {
  const status = state.ready ? 'ready' : state.running ? `starting (waiting for ${state.waitingFor})` : 'stopped'
  print(`cluster     ${state.name}: ${status}`)
  if (state.pid !== null) print(`process     ${state.pid}`)
  print(`API server  ${state.endpoints.apiServer}`)
  print(`kubelet     ${state.endpoints.kubelet}`)
  print(`DNS         ${state.endpoints.dns}`)
  print(`data        ${state.dataDirectory}`)
  if (state.kubeconfig !== '') print(`kubeconfig  ${state.kubeconfig}`)
  for (const node of state.nodes) print(`node        ${node.name}: ${node.ready ? 'ready' : 'not ready'}`)
}
