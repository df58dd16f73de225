/** The two sides of a comparison, and what the bench asks of either. */
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { readKubeconfig, transportOptionsOf } from '../../src/client/kubeconfig.ts'
import type { NamedProcess } from './server-process.ts'

export type SideName = 'stock' | 'clipper'

/** What runs besides API server and store, which always do. */
export type Part = 'scheduler' | 'controllers' | 'node'

export interface StartOptions {
  readonly parts: readonly Part[]
  /** Empty; removed by the caller. */
  readonly directory: string
  /** The first of `portsPerSide` ports. */
  readonly portBase: number
}

export const portsPerSide = 20

/** Alike on both sides, and unlike the defaults of other clusters on the machine. */
export const nodeName = 'node1'
export const clusterCidr = '10.98.0.0/16'
export const podCidr = '10.98.0.0/24'
export const serviceCidr = '10.97.0.0/16'
export const dnsAddress = '10.97.0.10'

export interface RunningSide {
  /** Of an administrator. */
  readonly kubeconfig: string
  /** From the start of the first process to the first `ok` of `/readyz`, or with a node until that is Ready. */
  readonly readyMs: number
  /** Everything whose memory and CPU time count. */
  readonly processes: readonly NamedProcess[]
  /** With a node: whether the cluster DNS runs. */
  readonly hasDns?: boolean
  /** With a node: imports an OCI archive. */
  loadImage?(archive: string): Promise<void>
  stop(): Promise<void>
}

export interface Side {
  readonly name: SideName
  /** Why it cannot run with these parts here. */
  missing(parts: readonly Part[]): string | undefined
  versions(): Promise<Readonly<Record<string, string>>>
  start(options: StartOptions): Promise<RunningSide>
}

/** A question to `/readyz` over a connection that stays open, as an administrator. */
export async function readyProbe(kubeconfig: () => Promise<string>): Promise<() => Promise<boolean>> {
  let agent: Agent | undefined
  let server = ''
  return async () => {
    if (!agent) {
      const path = await kubeconfig()
      await readFile(path)
      const options = await transportOptionsOf(await readKubeconfig(path))
      server = options.server
      agent = new Agent({ keepAlive: true, ca: options.ca, cert: options.certificate, key: options.key })
    }
    return isOk(`${server}/readyz`, agent)
  }
}

function isOk(url: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, timeout: 5000 }, answer => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode === 200))
      answer.once('error', reject)
    })
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('error', reject)
    asked.end()
  })
}
