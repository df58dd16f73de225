/** What forms are made of: the whole object, its metadata alone, or a table. */
import {
  attached,
  needsAllItems,
  rowKindOf,
  rowMaker,
  shownMetadata,
  tableHead,
  tableOf,
} from '../../machinery/tables/table.ts'
import { fieldsText } from '../../schema/fields-v1.ts'
import { stringifyJson } from '../../schema/json-encode.ts'
import type { Kind } from '../../schema/kind.ts'
import { shownObject } from '../../schema/shown-object.ts'
import { listKindNameOf, type Resource, viewOnce } from '../registry/resource.ts'
import type { MetadataJson, StoredObject } from '../registry/stored-object.ts'
import type { ListMetaJson } from './form.ts'
import { listMetaOf } from './json-form.ts'
import type { ListPieces, Representation } from './made-form.ts'

const bookmarkMetadata = (revision: number, initialEventsEnd: boolean) => ({
  resourceVersion: String(revision),
  ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
})

export function wholeObject(resource: Resource): Representation {
  const { kind } = resource
  return {
    key: `whole:${kind.apiVersion}`,
    firstDiffers: false,
    object: stored => shownObject(kind, viewOnce(resource, stored)),
    list: (items, meta) => ({
      kind: listKindNameOf(resource),
      apiVersion: kind.apiVersion,
      metadata: listMetaOf(resource.typedItems, meta),
      items: items.map(stored => itemOf(resource, shownObject(kind, viewOnce(resource, stored)))),
    }),
    bookmark: (revision, end) => ({
      kind: kind.gvk.kind,
      apiVersion: kind.apiVersion,
      metadata: bookmarkMetadata(revision, end),
    }),
  }
}

/** Items of a typed list carry no kind and apiVersion, those of custom resources do. */
function itemOf({ typedItems }: Resource, object: object): object {
  if (typedItems) return object
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object as { kind?: unknown; apiVersion?: unknown }
  return rest
}

/** Of tables and metadata alone. */
export type MetaVersion = 'v1' | 'v1beta1'

const partialObject = (version: MetaVersion, metadata: Partial<MetadataJson>) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata,
})

/** The metadata in the resource's version. */
export const metadataOf = (resource: Resource, stored: StoredObject): MetadataJson =>
  shownMetadata(resource.kind, resource.conversion ? viewOnce(resource, stored).metadata : stored.metadataOnce)

/** `partialObject` as text. */
const partialText = (version: MetaVersion, metadata: MetadataJson): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${metadataText(metadata)}}`

/** Metadata as JSON. Field sets are most of it, and have their text. */
function metadataText({ managedFields, ...rest }: MetadataJson): string {
  const text = stringifyJson(rest)
  if (!managedFields || managedFields.length === 0) return text
  const entries = (managedFields as Record<string, unknown>[]).map(({ fieldsV1, ...entry }) => {
    const known = JSON.stringify(entry)
    return fieldsV1 ? `${known.slice(0, -1)},"fieldsV1":${fieldsText(fieldsV1, stringifyJson)}}` : known
  })
  return `${text.slice(0, -1)},"managedFields":[${entries.join(',')}]}`
}

export function metadataOnly(resource: Resource, version: MetaVersion): Representation {
  const partialOf = (stored: StoredObject) => partialObject(version, metadataOf(resource, stored))
  const listHead = (meta: ListMetaJson) => ({
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: meta,
  })
  return {
    key: `partial:${version}:${resource.kind.apiVersion}`,
    firstDiffers: false,
    object: partialOf,
    list: (items, meta) => ({
      ...listHead(meta),
      items: items.length === 0 ? null : items.map(partialOf),
    }),
    pieces: {
      head: listHead,
      member: 'items',
      item: stored => partialText(version, metadataOf(resource, stored)),
    },
    bookmark: (revision, end) => partialObject(version, bookmarkMetadata(revision, end)),
  }
}

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export function table(
  resource: Resource,
  includeObject: IncludeObject,
  nowMs: () => number,
  version: MetaVersion,
): Representation {
  const make = (
    items: readonly StoredObject[],
    meta: ListMetaJson,
    headers: boolean,
    isList = false,
  ): Record<string, unknown> => {
    const objects = items.map(stored => viewOnce(resource, stored))
    const options = { includeObject, nowMs: nowMs(), isList, version }
    const made = tableOf(resource.kind, objects, options) as unknown as Record<string, unknown>
    const table: Record<string, unknown> = { ...made, metadata: meta }
    if (!headers) table.columnDefinitions = null
    return table
  }
  return {
    key: `table:${version}:${includeObject}:${resource.kind.apiVersion}`,
    firstDiffers: true,
    // Revision 0: the answer of a dry run, which has none.
    object: (stored, first) =>
      make([stored], stored.revision === 0 ? {} : { resourceVersion: String(stored.revision) }, first),
    list: (items, meta) => make(items, meta, true, true),
    pieces: needsAllItems(resource.kind) ? undefined : tablePieces(resource, includeObject, nowMs(), version),
    bookmark: (revision, end) => ({
      ...make([], { resourceVersion: String(revision) }, false),
      rows: [
        {
          cells: emptyCells(resource.kind),
          object: partialObject(version, bookmarkMetadata(revision, end)),
        },
      ],
    }),
  }
}

function tablePieces(
  resource: Resource,
  includeObject: IncludeObject,
  nowMs: number,
  version: MetaVersion,
): ListPieces {
  const { kind } = resource
  const picked = resource.conversion || includeObject === 'Object' ? undefined : rowKindOf(kind)
  const options = { includeObject, nowMs, isList: true, version }
  const rowOf = rowMaker(kind, options, [])
  return {
    head: listMeta => tableHead(kind, { ...options, listMeta }),
    member: 'rows',
    item(stored) {
      const object = picked ? stored.pickedOnce(picked) : viewOnce(resource, stored)
      const carried =
        includeObject === 'Metadata'
          ? partialText(version, object.metadata)
          : stringifyJson(attached(kind, object, options))
      return `${stringifyJson(rowOf(object)).slice(0, -1)},"object":${carried}}`
    },
    second: Math.floor(nowMs / 1000),
  }
}

/** The cells of an object in which nothing is set, or none where its printer needs more. */
function emptyCells(kind: Kind): readonly unknown[] {
  try {
    return tableOf(kind, [{ metadata: { name: '' } }], { includeObject: 'None', nowMs: 0 }).rows?.[0]?.cells ?? []
  } catch {
    return []
  }
}
