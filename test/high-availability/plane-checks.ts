/** Tests of one control plane, one after the other: it is ended behind them, and its logs stay where one has failed. */
import { after, before, type TestContext, test } from 'node:test'
import { missingForContainers } from '../e2e/test-cluster.ts'
import { ControlPlane, type ControlPlaneOptions } from './control-plane.ts'
import { findOrBuildEtcd } from './etcd.ts'

export interface PlaneOptions extends Omit<ControlPlaneOptions, 'etcd'> {
  /** Why the tests cannot run, besides a missing etcd. */
  readonly missing?: string | undefined
}

export type Check = (name: string, run: (t: TestContext) => Promise<void>) => void

/** `start` is handed the plane before any test. */
export async function checksOf(
  start: (plane: ControlPlane) => Promise<void>,
  { missing = missingForContainers(), ...options }: PlaneOptions = {},
): Promise<Check> {
  const etcd = missing ? undefined : await findOrBuildEtcd()
  const skip = missing ?? (etcd === undefined ? 'needs etcd 3.5.13 or later, or Go to build it' : false)
  let plane: ControlPlane | undefined
  let hasFailed = false
  const noticed = (work: Promise<void>): Promise<void> =>
    work.catch(error => {
      hasFailed = true
      throw error
    })
  before(async () => {
    if (etcd === undefined) return
    plane = new ControlPlane({ etcd, ...options })
    await noticed(start(plane))
  })
  after(async () => {
    await plane?.end(hasFailed)
    // The load's own transport may wait for answers that never come.
    if (plane?.load) setTimeout(() => process.exit(), 1_000).unref()
  })
  return (name, run) => void test(name, { skip }, t => noticed(run(t)))
}

/** For diagnostics. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
