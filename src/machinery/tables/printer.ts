/** How one kind is shown as rows of a table. */
import type { LabelSelector } from '../../api/meta/v1/label-selector.ts'
import { labelSelectorOf } from '../selectors/label-selector.ts'

export interface ColumnDefinition {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  readonly format: '' | 'name'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number
}

export interface RowCondition {
  readonly type: 'Completed'
  readonly status: 'True'
  readonly reason: string
  readonly message: string
}

export type Cell = string | number | boolean

export interface Printer<T = never> {
  readonly columns: readonly ColumnDefinition[]
  /** Paths of all that is looked at; absent: anything may be. */
  readonly reads?: readonly string[]
  /** One cell a column. `chosen` is what `among` gave for the list that the object is in. */
  readonly cells: (object: T, nowMs: number, chosen?: string) => Cell[]
  /** The name of the object that stands out among those of a list. */
  readonly among?: (items: readonly T[]) => string | undefined
  readonly conditions?: (object: T) => RowCondition[]
}

type Facts = Partial<Pick<ColumnDefinition, 'type' | 'format'>>

export const column = (name: string, description: string, facts: Facts = {}): ColumnDefinition => ({
  name,
  type: facts.type ?? 'string',
  format: facts.format ?? '',
  description,
  priority: 0,
})

export const wideColumn = (name: string, description: string, facts: Facts = {}): ColumnDefinition => ({
  ...column(name, description, facts),
  priority: 1,
})

export const nameColumn = column('Name', 'The name of the object, unique for its kind within its namespace.', {
  format: 'name',
})
export const ageColumn = column('Age', 'How long ago the object was created.')
export const createdAtColumn = column('Created At', 'When the object was created.', { type: 'date' })

/** `a=1,b=2`, or `<none>`. */
export function showLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',')
}

export function showSelector(selector: LabelSelector | undefined): string {
  try {
    return labelSelectorOf(selector).toString() || '<none>'
  } catch {
    return '<error>'
  }
}

interface WithContainers {
  readonly containers?: readonly { readonly name: string; readonly image?: string }[]
}
/** The names of the containers, and their images. */
export const containerCells = (spec: WithContainers | undefined): [string, string] => {
  const containers = spec?.containers ?? []
  return [containers.map(one => one.name).join(','), containers.map(one => one.image ?? '').join(',')]
}
export const containerColumns: readonly ColumnDefinition[] = [
  wideColumn('Containers', 'The names of the containers in the template.'),
  wideColumn('Images', 'The images of the containers in the template.'),
]

/** At most `max` items, then how many more there are. */
export function firstItems(items: readonly string[], max: number): string {
  const shown = items.slice(0, max).join(',')
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown
}

interface WithMetadata {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string }
}
/** What is shown of a kind that has no columns of its own. */
export const defaultPrinter: Printer<WithMetadata> = {
  columns: [nameColumn, createdAtColumn],
  cells: ({ metadata }) => [metadata.name, metadata.creationTimestamp ?? '<unknown>'],
}
