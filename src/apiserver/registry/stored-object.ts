/** One object as the cache holds it: its stored bytes, and on demand what is derived from them. */
import type { Kind } from '../../schema/kind.ts'
import type { DerivedForms, Slot } from './derived-forms.ts'
import type { StoredLayout } from './stored-layout.ts'

export type ObjectJson = Record<string, unknown> & { metadata: MetadataJson }

export interface MetadataJson {
  name: string
  generateName?: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReferenceJson[]
  finalizers?: string[]
  managedFields?: unknown[]
  [other: string]: unknown
}

export interface OwnerReferenceJson {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** What selectors look at. Small, so it is kept with every object once it was asked for. */
export interface SelectableFacts {
  readonly labels: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}

/** The kind of a cache's objects and how their facts are found. */
export interface ObjectOwner {
  readonly kind: Kind
  readonly forms: DerivedForms
  readonly layout: StoredLayout
  factsOf(object: ObjectJson): SelectableFacts
}

let lastId = 0

export class StoredObject {
  /** Of this process, for those who compare what they have seen before without holding it. */
  readonly id = ++lastId
  readonly owner: ObjectOwner
  readonly key: string
  /** Canonical, of the storage version, without resourceVersion. Never changed. */
  readonly bytes: Buffer
  readonly revision: number
  /** What a dry run's answer shows where there is no revision: the version that the client sent. */
  readonly sentVersion: string | undefined
  /** Of the DerivedForms, which alone touch it. */
  slots: Slot | undefined
  #facts: SelectableFacts | undefined

  constructor(owner: ObjectOwner, key: string, bytes: Buffer, revision: number, sentVersion?: string) {
    this.owner = owner
    this.key = key
    this.bytes = bytes
    this.revision = revision
    this.sentVersion = sentVersion
  }

  /** '' for the answer of a dry run, which has none. */
  get version(): string {
    return this.revision > 0 ? String(this.revision) : (this.sentVersion ?? '')
  }

  /** The parsed object with its resourceVersion: shared, never to be changed. */
  get object(): ObjectJson {
    const { forms } = this.owner
    const known = forms.use(this, 'object')
    if (known) return known as ObjectJson
    const { value, bytes } = parse(this)
    forms.putOnTrial(this, 'object', value, bytes)
    return value
  }

  /** The same, but not kept where it is not known: for whoever goes through many objects once. */
  get objectOnce(): ObjectJson {
    return (this.owner.forms.known(this, 'object') ?? parse(this).value) as ObjectJson
  }

  /** The metadata of `objectOnce`, without reading the rest where the layout allows it. */
  get metadataOnce(): MetadataJson {
    const { forms, layout } = this.owner
    const known = forms.known(this, 'object') as ObjectJson | undefined
    if (known || !layout.decodeMetadata) return (known ?? parse(this).value).metadata
    return this.#versioned(layout.decodeMetadata(this.bytes))
  }

  /** What of `objectOnce` a picked kind names, at least. */
  pickedOnce(picked: Kind): ObjectJson {
    const { forms, layout } = this.owner
    const known = forms.known(this, 'object') as ObjectJson | undefined
    if (known || !layout.decodePicked) return known ?? parse(this).value
    const object = layout.decodePicked(picked, this.bytes)
    this.#versioned(object.metadata)
    return object
  }

  #versioned(metadata: MetadataJson): MetadataJson {
    if (this.version !== '') metadata.resourceVersion = this.version
    return metadata
  }

  get facts(): SelectableFacts {
    this.#facts ??= this.owner.factsOf(this.objectOnce)
    return this.#facts
  }

  /** The same value under a later revision, as a deletion is reported. */
  at(revision: number): StoredObject {
    const later = new StoredObject(this.owner, this.key, this.bytes, revision)
    later.#facts = this.#facts
    const { forms } = this.owner
    const known = forms.known(this, 'object') as ObjectJson | undefined
    if (known) {
      const metadata = { ...known.metadata, resourceVersion: String(revision) }
      forms.putOnTrial(later, 'object', { ...known, metadata }, parsedBytes(this.bytes))
    }
    return later
  }
}

/** Objects that lie in the store in another version than theirs: few, so they are not marked one by one. */
export const outdatedObjects = new WeakSet<StoredObject>()

export interface NormalisedBytes {
  readonly bytes: Buffer
  /** Whether the store has the object in another version. */
  readonly isOutdated: boolean
}

/** Measured: a parsed object takes about three times its protobuf, and 1.6 times its JSON. */
export const parsedBytes = (bytes: Buffer): number => bytes.length * 3 + 200

function parse(stored: StoredObject): { value: ObjectJson; bytes: number } {
  const object = stored.owner.layout.decode(stored.bytes)
  const { version } = stored
  if (version !== '') object.metadata.resourceVersion = version
  return { value: object, bytes: parsedBytes(stored.bytes) }
}
