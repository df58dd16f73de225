/** An etcd that can be relied on, and its tool: those on PATH, else what Go builds, once, into a folder that is kept. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isNewEnough, onPath, parseVersion } from '../../src/etcd-member/binary.ts'
import { run } from '../e2e/test-cluster.ts'

const folder = join(import.meta.dirname, 'etcd')
const buildTimeoutMs = 20 * 60_000

async function versionOf(path: string): Promise<string | undefined> {
  const { stdout } = await run(path, [path.endsWith('etcdutl') ? 'version' : '--version'])
  return parseVersion(stdout)
}

/** The path of etcd 3.5.13 or later; undefined where there is none and no Go to build it. */
export const findOrBuildEtcd = (): Promise<string | undefined> => findOrBuild('etcd', 'go.etcd.io/etcd/server/v3')

/** As `findOrBuildEtcd`. */
export const findOrBuildEtcdutl = (): Promise<string | undefined> =>
  findOrBuild('etcdutl', 'go.etcd.io/etcd/etcdutl/v3')

async function findOrBuild(name: string, module: string): Promise<string | undefined> {
  const installed = onPath(name)
  const version = installed && (await versionOf(installed))
  if (installed && version !== undefined && isNewEnough(version)) return installed
  if ((await run('go', ['version'])).code !== 0) return undefined
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'go.sum')))
    .digest('hex')
    .slice(0, 16)
  const kept = join(homedir(), '.cache', 'clipper', 'etcd')
  const binary = join(kept, `${name}-${hash}`)
  if (existsSync(binary)) return binary
  mkdirSync(kept, { recursive: true })
  const unfinished = `${binary}.${process.pid}`
  const built = await run('go', ['build', '-C', folder, '-o', unfinished, module], { timeoutMs: buildTimeoutMs })
  if (built.code !== 0) throw new Error(`${name} cannot be built: ${built.stderr}`)
  renameSync(unfinished, binary)
  return binary
}
