import { apiSuite, startSuite, watchSuite } from './api.ts'
import type { Suite } from './suite.ts'

export const suites: readonly Suite[] = [startSuite, apiSuite, watchSuite]
