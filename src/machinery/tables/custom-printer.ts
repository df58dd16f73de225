/** Tables of custom resources: the columns of their definition, or the age (upstream: apiserver/registry/customresource/tableconvertor). */
import type { CustomResourceColumnDefinition } from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { CustomFacts } from '../custom/custom-kind.ts'
import { compilePath } from '../custom/json-path.ts'
import { ageOf } from './human-duration.ts'
import { ageColumn, type Cell, type ColumnDefinition, nameColumn, type Printer } from './printer.ts'

interface Custom {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string }
}

type CellOf = (object: Custom, nowMs: number) => Cell

const ageColumns: readonly CustomResourceColumnDefinition[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: ageColumn.description },
]

const printers = new WeakMap<CustomFacts, Printer<Custom>>()

export function customPrinter(facts: CustomFacts): Printer<Custom> {
  const known = printers.get(facts)
  if (known) return known
  const given = facts.version.additionalPrinterColumns
  const definitions = given?.length ? given : ageColumns
  const cells = definitions.map(cellOf)
  const made: Printer<Custom> = {
    columns: [nameColumn, ...definitions.map(columnOf)],
    cells: (object, nowMs) => [object.metadata.name, ...cells.map(cell => cell(object, nowMs))],
  }
  printers.set(facts, made)
  return made
}

const columnOf = (column: CustomResourceColumnDefinition): ColumnDefinition => ({
  name: column.name,
  type: column.type as ColumnDefinition['type'],
  format: (column.format ?? '') as ColumnDefinition['format'],
  description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
  priority: column.priority ?? 0,
})

function cellOf({ type, jsonPath }: CustomResourceColumnDefinition): CellOf {
  const find = compilePath(jsonPath)
  return (object, nowMs) => {
    const values = find(object)
    if (values.length === 0) return null as unknown as Cell
    return cellFor(type, values, nowMs)
  }
}

function cellFor(type: string, values: readonly unknown[], nowMs: number): Cell {
  const [value] = values
  const none = null as unknown as Cell
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : none
    case 'number':
      return typeof value === 'number' ? value : none
    case 'boolean':
      return typeof value === 'boolean' ? value : none
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? ageOf(value, nowMs) : '<invalid>'
    default:
      return values.map(showValue).join(',')
  }
}

function showValue(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
