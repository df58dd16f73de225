import { DeleteOptions, ListOptions } from '../../api/meta/v1/options.ts'
import type { Message } from '../../schema/type.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required?: true
  readonly schema: { readonly type: string; readonly uniqueItems: true }
}

const parameter = (where: 'path' | 'query', name: string, type: string): Parameter => ({
  in: where,
  name,
  ...(where === 'path' ? { required: true } : {}),
  schema: { type, uniqueItems: true },
})

export const pathParameter = (name: string): Parameter => parameter('path', name, 'string')
const query = (name: string): Parameter => parameter('query', name, 'string')

/** The members of an options kind as query parameters. Lists are given as repeated strings; times have no query form. */
export function optionParameters(options: Message, ...without: string[]): Parameter[] {
  const parameters: Parameter[] = []
  for (const [name, { facts }] of Object.entries(options.fields)) {
    if (without.includes(name) || facts.type.is === 'message') continue
    const member = facts.type.is === 'list' ? facts.type.of : facts.type
    const scalar = member.is === 'scalar' ? member.name : 'string'
    if (scalar === 'time') continue
    const type = scalar === 'bool' ? 'boolean' : scalar === 'string' ? 'string' : 'integer'
    parameters.push(parameter('query', name, type))
  }
  return parameters
}

export const pretty = query('pretty')
export const watchParameters = optionParameters(ListOptions)
export const listParameters = watchParameters
export const deleteParameters = optionParameters(DeleteOptions)
export const deleteCollectionParameters = [
  ...optionParameters(ListOptions, 'watch', 'allowWatchBookmarks'),
  ...deleteParameters,
]
export const writeParameters = [query('dryRun'), query('fieldManager'), query('fieldValidation')]
export const patchParameters = [...writeParameters, parameter('query', 'force', 'boolean')]

export const byName = (a: Parameter, b: Parameter): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.in < b.in ? -1 : 1
