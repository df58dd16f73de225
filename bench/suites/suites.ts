import { apiSuite, startSuite, watchSuite } from './api.ts'
import { clusterSuites } from './cluster.ts'
import { scaleSuites } from './scale.ts'
import { schedulerSuites } from './scheduler.ts'
import type { Suite } from './suite.ts'

export const suites: readonly Suite[] = [
  startSuite,
  apiSuite,
  watchSuite,
  ...schedulerSuites,
  ...clusterSuites,
  ...scaleSuites,
]
