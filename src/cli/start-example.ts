/** What `npm start` shows: the example applied, and the answer of its Service, asked for by name from inside a pod. */
import { readFile } from 'node:fs/promises'
import { Deployment } from '../api/apps/v1/deployment.ts'
import { Job } from '../api/batch/v1/job.ts'
import { Pod } from '../api/core/v1/pod.ts'
import { sleep } from '../base/clock.ts'
import { Client, pathOf } from '../client/client.ts'
import { kindByName } from '../machinery/scheme.ts'
import { parseYaml } from '../schema/yaml.ts'
import { CliError } from './cli-error.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { adminTransport } from './cluster-state.ts'
import { findExecutable } from './preflight.ts'
import type { Progress } from './progress.ts'

const namespace = 'default'
const waitMs = 120_000
const pollMs = 100

export interface ExampleOptions {
  readonly config: ClusterConfig
  readonly manifest: string
  readonly progress: Progress
  /** Makes and imports the image that the example runs. */
  readonly loadImage: (config: ClusterConfig) => Promise<void>
  readonly print: (line: string) => void
}

export async function startExample({ config, manifest, progress, loadImage, print }: ExampleOptions): Promise<void> {
  const transport = await adminTransport(config)
  try {
    const client = new Client(transport, 'clipper')
    await progress.step('Loading the example image', () => loadImage(config))
    await progress.step(`Applying ${manifest}`, () => applyManifest(client, manifest))
    await progress.step('Waiting for the Deployment', note => waitForDeployment(client, 'hello', note))
    const podName = await progress.step('Waiting for the Job', () => waitForJob(client, 'ask-hello'))
    const answer = await transport.requestText({ method: 'GET', path: pathOf(Pod, namespace, podName, 'log') })
    print('')
    print(`http://hello answered, asked from inside the pod ${podName}:`)
    print(`  ${answer.trim()}`)
    print('')
    print('Next:')
    print(`  kubectl --context ${config.name} get all`)
    print(`  kubectl --context ${config.name} scale deployment hello --replicas 5`)
    print(`  bin/clipper status          (and: down, reset, image load FILE)`)
    if (!findExecutable('kubectl')) print('kubectl is not installed here: https://kubernetes.io/docs/tasks/tools/')
  } finally {
    transport.close()
  }
}

async function applyManifest(client: Client, manifest: string): Promise<void> {
  for (const object of parseYaml(await readFile(manifest, 'utf8')) as {
    apiVersion: string
    kind: string
    metadata: { name: string }
  }[]) {
    const kind = kindByName(object.apiVersion, object.kind)
    if (!kind) throw new CliError(`${manifest}: ${object.apiVersion} ${object.kind} is not a kind of this cluster`)
    await client.of(kind).patch(namespace, object.metadata.name, 'apply', object, '', true)
  }
}

async function waitForDeployment(client: Client, name: string, note: (text: string) => void): Promise<void> {
  await until(`the Deployment ${name}`, async () => {
    const { spec, status } = await client.of(Deployment).get(namespace, name)
    note(`${status.readyReplicas ?? 0} of ${spec.replicas} replicas ready`)
    return status.readyReplicas === spec.replicas && status.updatedReplicas === spec.replicas ? true : undefined
  })
}

/** The name of the pod that completed it. */
async function waitForJob(client: Client, name: string): Promise<string> {
  return until(`the Job ${name}`, async () => {
    const { status } = await client.of(Job).get(namespace, name)
    if (!status.succeeded) return undefined
    const { items } = await client.of(Pod).list(namespace, { labelSelector: `job-name=${name}` })
    return items.find(pod => pod.status.phase === 'Succeeded')?.metadata.name
  })
}

async function until<T>(what: string, poll: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const found = await poll()
    if (found !== undefined) return found
    if (performance.now() > deadline)
      throw new CliError(`${what} was not ready after ${waitMs / 1000} s`, 'look at it with: kubectl describe')
    await sleep(pollMs)
  }
}
