/** For set-up: loads every module, so that the first `clipper up` finds it in the compile cache. */
import { loadEntryModules } from './compiled-modules.ts'
import './images.ts'
import './run-cluster.ts'
import './run-server.ts'
import './run-store.ts'
import './teardown.ts'

/** Node writes the cache when the process ends. */
export const compile = async (): Promise<void> => void (await loadEntryModules())
