/** `npm run conformance`: builds the suite and its images, starts a cluster, runs, stops it, and writes the results. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { tryLock } from '../src/cli/running-process.ts'
import { cacheRoot } from './cache.ts'
import { type Cluster, testCluster } from './cluster.ts'
import { countByArea } from './document.ts'
import { environmentReason } from './environment.ts'
import { makeImages } from './images.ts'
import { newProcessNamespace } from './process-namespace.ts'
import { buildContainerd, buildPrograms, type Programs } from './programs.ts'
import { formatSeconds, ProgressDisplay } from './progress.ts'
import { recordRun, recordsRun, resultsOf } from './record.ts'
import { mirrorRegistry, type Registry, serveRegistry } from './registry.ts'
import { outcomeOf, type RunReport } from './report.ts'
import type { Outcome } from './results.ts'
import { selectTests } from './selection.ts'
import { readSlice } from './slice.ts'
import { listTests, runSuite } from './suite.ts'
import { inTestSet, isTestSetName, runsAlone, type TestSetName, testSetNames } from './test-sets.ts'

interface Flags {
  readonly tests: TestSetName
  readonly record: boolean
  readonly focus: readonly RegExp[]
  readonly skip: readonly RegExp[]
  readonly parallel: number
  readonly serial: boolean
  readonly slice?: string
  readonly rerunFailed: boolean
  readonly against?: string
  readonly name: string
  readonly port: number
  readonly nodes: number
  readonly machineContainerd: boolean
  readonly list: boolean
}

const pattern = (text: string, earlier: readonly RegExp[]): RegExp[] => {
  try {
    return [...earlier, new RegExp(text)]
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

const positive = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number above 0.')
  return value
}

const testSet = (text: string): TestSetName => {
  if (!isTestSetName(text)) throw new InvalidArgumentError(`one of ${testSetNames.join(', ')}.`)
  return text
}

/** More processes than cores: tests mostly wait. */
const defaultProcesses = 6

/** Some tests need two. */
const defaultNodes = 2

function parseFlags(): Flags {
  return new Command('npm run conformance --')
    .description("Runs upstream's conformance suite against a cluster of this source tree, or another.")
    .option(`--tests <set>`, `which part of the suite: ${testSetNames.join(', ')}`, testSet, 'conformance')
    .option('--focus <pattern>', 'only tests whose name matches (may be repeated)', pattern, [])
    .option('--skip <pattern>', 'no tests whose name matches (may be repeated)', pattern, [])
    .option('--parallel <processes>', 'how many tests run at a time', positive, defaultProcesses)
    .option('--serial', 'one test at a time', false)
    .option('--slice <name>', 'only the tests of a committed list, as "ci"')
    .option('--rerun-failed', 'only what failed or did not run according to the results, and merge it in', false)
    .option('--record', 'merge the outcome of a part other than conformance into docs/e2e.md', false)
    .option('--against <kubeconfig>', 'test a running cluster; its nodes need the images already')
    .option('--name <name>', 'name of the cluster to start', 'conformance')
    .option('--nodes <number>', 'nodes of the cluster to start, all on this machine', positive, defaultNodes)
    .option('--port <port>', 'first of the ports that the cluster may take', positive, 20_000)
    .option('--machine-containerd', "use this machine's containerd instead of a containerd 2 built here", false)
    .option('--list', 'print the names of the tests that would run', false)
    .parse()
    .opts<Flags>()
}

/** Says how long each part of a run took. */
async function part<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now()
  process.stderr.write(`· ${what}\n`)
  const result = await work()
  process.stderr.write(`  ${what}: ${formatSeconds((performance.now() - startedAt) / 1000)}\n`)
  return result
}

const keptRuns = 8

function newRunDirectory(): string {
  const runs = join(cacheRoot, 'runs')
  mkdirSync(runs, { recursive: true })
  for (const old of readdirSync(runs)
    .sort()
    .slice(0, -keptRuns + 1))
    rmSync(join(runs, old), { recursive: true })
  const directory = join(runs, new Date().toISOString().replace(/[:.]/g, '-'))
  mkdirSync(directory)
  return directory
}

/** What failed tests wrote, a file each. */
function keepOutputs(directory: string, report: RunReport): void {
  const failures = join(directory, 'failures')
  mkdirSync(failures)
  for (const { name, state, error, output } of report.tests)
    if (!['passed', 'skipped', 'pending'].includes(state)) {
      const file = name.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 180)
      writeFileSync(join(failures, `${file}.txt`), `${name}\n\n${error}\n\n${output}\n`)
    }
}

async function runOnOwnCluster(
  flags: Flags,
  programs: Programs,
  directory: string,
  signal: AbortSignal,
  run: (kubeconfig: string) => Promise<RunReport>,
): Promise<RunReport> {
  const images = await part('making the images', () => makeImages({ programs, signal }))
  const programDirectory = flags.machineContainerd
    ? undefined
    : await part('building containerd', () => buildContainerd(signal))
  const unlock = await tryLock(`conformance/${flags.name}`)
  if (!unlock) throw new Error(`another run uses a cluster named ${flags.name}; choose others with --name and --port`)
  // The tests of conformance change no mounts of nodes.
  const namespace = flags.tests === 'conformance' ? undefined : await newProcessNamespace()
  const cluster: Cluster = testCluster({
    name: flags.name,
    dataDirectory: join(cacheRoot, 'cluster', flags.name),
    nodes: flags.nodes,
    firstPort: flags.port,
    signal,
    ...(programDirectory === undefined ? {} : { programDirectory }),
    ...(namespace ? { namespace } : {}),
  })
  const registries: Registry[] = []
  try {
    await cluster.remove()
    await part('starting the cluster', () => cluster.start())
    for (const { registriesDirectory, machineAddress } of cluster.nodeRuntimes()) {
      const registry = await serveRegistry(images.layout, machineAddress)
      registries.push(registry)
      mirrorRegistry(registriesDirectory, 'registry.k8s.io', registry.url)
    }
    await part('loading the images', () => cluster.loadImages(images.archive))
    return await part('running the tests', () => run(cluster.kubeconfig))
  } finally {
    for (const registry of registries) registry.close()
    if (existsSync(cluster.log)) copyFileSync(cluster.log, join(directory, 'clipper.log'))
    try {
      await part('removing the cluster', () => cluster.remove())
    } finally {
      // Its process would keep this one.
      await namespace?.end()
      unlock()
    }
  }
}

function printSummary(outcome: Outcome, seconds: number, directory: string): void {
  const lines = [...countByArea(outcome)].map(
    ([area, { passed, failed, notRun }]) =>
      `${area.padEnd(20)} ${String(passed).padStart(4)} passed ${String(failed).padStart(4)} failed ${String(notRun).padStart(4)} not run`,
  )
  process.stdout.write(`\n${lines.join('\n')}\n`)
  for (const { name, error } of outcome.failed) process.stdout.write(`✗ ${name}\n    ${error}\n`)
  for (const { name, reason } of outcome.notRun) process.stdout.write(`- ${name}: ${reason}\n`)
  process.stdout.write(
    `\nreports and logs: ${directory}\nafter ${formatSeconds(seconds)}:\n` +
      `${outcome.passed.length} passed, ${outcome.failed.length} failed, ${outcome.notRun.length} skipped\n`,
  )
}

function onlyNames(flags: Flags): readonly string[] | undefined {
  if (flags.slice !== undefined) return readSlice(flags.slice)
  if (!flags.rerunFailed) return undefined
  const earlier = resultsOf(flags.tests)
  if (!earlier) throw new Error('there are no results of it yet: run all tests first')
  return [...earlier.failed, ...earlier.notRun].map(({ name }) => name)
}

async function main(): Promise<void> {
  const flags = parseFlags()
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      process.stderr.write(`${name}: stopping; the cluster is removed\n`)
      stop.abort()
    })
  const { signal } = stop
  const programs = await part('building the suite', () => buildPrograms(signal))
  const only = onlyNames(flags)
  const ofSet = (await listTests(programs, signal)).filter(name => inTestSet(flags.tests, name))
  const tests = selectTests(ofSet, {
    focus: flags.focus,
    skip: flags.skip,
    ...(only ? { only: only.filter(name => inTestSet(flags.tests, name)) } : {}),
  })
  if (flags.list) return void process.stdout.write(tests.map(name => `${name}\n`).join(''))
  if (tests.length === 0) throw new Error('no test matches')
  const directory = newRunDirectory()
  const display = new ProgressDisplay(tests.length, process.stdout)
  const run = async (kubeconfig: string) => {
    try {
      return await runSuite({
        programs,
        kubeconfig,
        tests,
        ...(flags.tests === 'conformance' || flags.against ? {} : { nodes: flags.nodes }),
        // A change must not fail by the timing of one test; which ones needed it is said below.
        attempts: flags.slice === undefined ? 1 : 2,
        processes: flags.serial || runsAlone(flags.tests) ? 1 : Math.min(flags.parallel, tests.length),
        directory,
        onProgress: line => display.onLine(line),
        signal,
      })
    } finally {
      display.end()
    }
  }
  const startedAt = performance.now()
  const report = flags.against
    ? await run(resolve(flags.against))
    : await runOnOwnCluster(flags, programs, directory, signal, run)
  const seconds = (performance.now() - startedAt) / 1000
  const outcome = outcomeOf(tests, report, environmentReason)
  keepOutputs(directory, report)
  for (const { name, state, attempts } of report.tests)
    if (state === 'passed' && attempts > 1) process.stdout.write(`passed only when tried again: ${name}\n`)
  printSummary(outcome, seconds, directory)
  if (!signal.aborted && recordsRun(flags)) await recordRun(flags, programs.version, outcome, seconds)
  if (outcome.passed.length < tests.length) process.exitCode = 1
}

await main().catch((error: Error) => {
  process.stderr.write(`conformance: ${error.message}\n`)
  process.exitCode = 1
})
