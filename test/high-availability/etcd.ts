/** An etcd that can be relied on: the one on PATH, else one that Go builds, once, into a folder that is kept. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isNewEnough, onPath, parseVersion } from '../../src/etcd-member/binary.ts'
import { run } from '../e2e/test-cluster.ts'

const folder = join(import.meta.dirname, 'etcd')
const buildTimeoutMs = 20 * 60_000

async function versionOf(path: string): Promise<string | undefined> {
  return parseVersion((await run(path, ['--version'])).stdout)
}

/** The path of etcd 3.5.13 or later; undefined where there is none and no Go to build it. */
export async function findOrBuildEtcd(): Promise<string | undefined> {
  const installed = onPath('etcd')
  const version = installed && (await versionOf(installed))
  if (installed && version !== undefined && isNewEnough(version)) return installed
  if ((await run('go', ['version'])).code !== 0) return undefined
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'go.sum')))
    .digest('hex')
    .slice(0, 16)
  const kept = join(homedir(), '.cache', 'clipper', 'etcd')
  const binary = join(kept, `etcd-${hash}`)
  if (existsSync(binary)) return binary
  mkdirSync(kept, { recursive: true })
  const unfinished = `${binary}.${process.pid}`
  const built = await run('go', ['build', '-C', folder, '-o', unfinished, 'go.etcd.io/etcd/server/v3'], {
    timeoutMs: buildTimeoutMs,
  })
  if (built.code !== 0) throw new Error(`etcd cannot be built: ${built.stderr}`)
  renameSync(unfinished, binary)
  return binary
}
