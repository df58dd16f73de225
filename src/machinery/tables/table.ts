/** Objects as rows for people (API reference: `Table` of meta.k8s.io/v1; upstream: printers/internalversion). */
import { pickedKind } from '../../schema/derived-kind.ts'
import type { Kind } from '../../schema/kind.ts'
import { shownObject } from '../../schema/shown-object.ts'
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

const templateGeneration = 'deprecated.daemonset.template.generation'

/** Upstream adds an annotation of daemon sets on the way to a version, which metadata alone do not take. */
export function shownMetadata<T extends object | undefined>(kind: Kind, metadata: T): T {
  const annotations = (metadata as { annotations?: Record<string, string> } | undefined)?.annotations
  if (kind.gvk.kind !== 'DaemonSet' || annotations?.[templateGeneration] === undefined) return metadata
  const { [templateGeneration]: _, ...others } = annotations
  const { annotations: _all, ...rest } = metadata as T & { annotations: unknown }
  return (Object.keys(others).length === 0 ? rest : { ...rest, annotations: others }) as T
}

/** What a row carries besides its cells. */
export function attached(kind: Kind, item: object, { includeObject, version = 'v1' }: TableOptions): object | null {
  if (includeObject === 'None') return null
  if (includeObject === 'Object') return shownObject(kind, item)
  const metadata = shownMetadata(kind, (item as { metadata?: object }).metadata)
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: metadata ?? {} }
}

/** Kinds whose columns upstream does not print but leaves to a converter of its own. */
const isColumnless = (kind: Kind): boolean =>
  printerOf(kind) === defaultPrinter || kind.gvk.kind === 'CustomResourceDefinition'

/** The table of some objects of one kind. Kinds without columns of their own show name and time of creation. */
export function tableOf(kind: Kind, items: readonly object[], options: TableOptions): Table {
  const rowOf = rowMaker(kind, options, items)
  return {
    ...tableHead(kind, options),
    rows:
      items.length === 0 && isColumnless(kind)
        ? null
        : items.map(item => ({ ...rowOf(item), object: attached(kind, item, options) })),
  }
}

/** A table without its rows. */
export const tableHead = (kind: Kind, { version = 'v1', listMeta = {} }: TableOptions): Omit<Table, 'rows'> => ({
  kind: 'Table',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: listMeta,
  columnDefinitions: printerOf(kind).columns,
})

/** Makes the cells and conditions of rows; `items` are all, where the printer has to see them. */
export function rowMaker(
  kind: Kind,
  { isList, nowMs }: TableOptions,
  items: readonly object[],
): (item: object) => Omit<TableRow, 'object'> {
  const printer = printerOf(kind)
  const chosen = isList ? printer.among?.(items as readonly never[]) : undefined
  return item => {
    const conditions = printer.conditions?.(item as never) ?? []
    const cells = printer.cells(item as never, nowMs, chosen)
    return conditions.length > 0 ? { cells, conditions } : { cells }
  }
}

const picked = new WeakMap<Kind, Kind>()

/** Whether the rows of a list depend on all of its items. */
export const needsAllItems = (kind: Kind): boolean => printerOf(kind).among !== undefined

/** The parts of a kind of which a row is made, and its metadata; undefined where that may be anything. */
export function rowKindOf(kind: Kind): Kind | undefined {
  const { reads } = printerOf(kind)
  if (!reads) return undefined
  let found = picked.get(kind)
  if (!found) {
    found = pickedKind(kind, ['metadata', ...reads])
    picked.set(kind, found)
  }
  return found
}
