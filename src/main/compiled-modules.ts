/**
 * Keeps the stripper of types out of the cluster's process. Node strips with a WebAssembly program that stays in memory:
 * 20 MB, again in each worker and child. It is loaded for the first module that is not in the compile cache
 * (NODE_COMPILE_CACHE, set by `bin/clipper`), so that only the first start after an installation pays for it.
 */
import { flushCompileCache, getCompileCacheDir } from 'node:module'

/** Set in the process that was started over, so that a cache that cannot be written does not start it for ever. */
const startedOver = 'CLIPPER_STARTED_OVER'

/** Node's own list of what it loaded; without it nothing is started over. */
function hasStrippedTypes(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  return moduleLoadList?.some(name => name.includes('/amaro/')) ?? false
}

/** The entry modules of the process's threads and its child. */
export const loadEntryModules = () =>
  Promise.all([
    import('../base/spawner-process.ts'),
    import('../store/embedded/writer-worker.ts'),
    import('../store/embedded/check-worker.ts'),
    import('../store/embedded/maintenance-worker.ts'),
  ])

/**
 * Call with the process's own modules loaded and nothing started. If types were stripped, writes the compile cache and
 * starts the process over in its place, with the same pid; then it does not return.
 */
export async function startOverWithCompiledModules(): Promise<void> {
  if (process.env[startedOver] !== undefined) {
    delete process.env[startedOver]
    return
  }
  await loadEntryModules()
  if (!hasStrippedTypes() || getCompileCacheDir() === undefined) return
  flushCompileCache()
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    [startedOver]: '1',
  })
}
