/** Objects as rows for people (API reference: `Table` of meta.k8s.io/v1; upstream: printers/internalversion). */
import type { Kind } from '../../schema/kind.ts'
import { type Cell, type ColumnDefinition, defaultPrinter, type RowCondition } from './printer.ts'
import { printerOf } from './printers.ts'

export interface TableRow {
  readonly cells: readonly Cell[]
  readonly conditions?: readonly RowCondition[]
  /** The object, its PartialObjectMetadata, or null. */
  readonly object: object | null
}

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: object
  readonly columnDefinitions: readonly ColumnDefinition[]
  /** Upstream's table of no objects says null where the kind has no columns of its own. */
  readonly rows: readonly TableRow[] | null
}

export interface TableOptions {
  /** What each row carries besides its cells. */
  readonly includeObject: 'None' | 'Metadata' | 'Object'
  /** Ages are counted to this time. */
  readonly nowMs: number
  /** The metadata of the list: resourceVersion, continue, remainingItemCount. */
  readonly listMeta?: object
  /** Of the table's own kind. */
  readonly version?: 'v1' | 'v1beta1'
  /** Whether the items are a list, and not one object that was asked for or watched. */
  readonly isList?: boolean
}

function attached(kind: Kind, item: object, { includeObject, version = 'v1' }: TableOptions): object | null {
  if (includeObject === 'None') return null
  if (includeObject === 'Object') return { kind: kind.gvk.kind, apiVersion: kind.apiVersion, ...item }
  const { metadata } = item as { metadata?: object }
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: metadata ?? {} }
}

/** Kinds whose columns upstream does not print but leaves to a converter of its own. */
const isColumnless = (kind: Kind): boolean =>
  printerOf(kind) === defaultPrinter || kind.gvk.kind === 'CustomResourceDefinition'

/** The table of some objects of one kind. Kinds without columns of their own show name and time of creation. */
export function tableOf(kind: Kind, items: readonly object[], options: TableOptions): Table {
  const printer = printerOf(kind)
  const chosen = options.isList ? printer.among?.(items as readonly never[]) : undefined
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version ?? 'v1'}`,
    metadata: options.listMeta ?? {},
    columnDefinitions: printer.columns,
    rows:
      items.length === 0 && isColumnless(kind)
        ? null
        : items.map(item => {
            const conditions = printer.conditions?.(item as never) ?? []
            return {
              cells: printer.cells(item as never, options.nowMs, chosen),
              ...(conditions.length > 0 ? { conditions } : {}),
              object: attached(kind, item, options),
            }
          }),
  }
}
