/** All rows, in the order of the table. */
import type { Row } from '../row.ts'
import { apiServerRows } from './api.ts'
import { clusterRows } from './cluster.ts'
import { scaleRows } from './scale.ts'
import { schedulerRows } from './scheduler.ts'

export const rows: readonly Row[] = [...apiServerRows, ...schedulerRows, ...clusterRows, ...scaleRows]
