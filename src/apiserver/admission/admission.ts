import type { Kind } from '../../schema/kind.ts'
import type { UserInfo } from '../authentication/authenticator.ts'

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** One write, as the admission plugins see it. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation
  /** The kind of `object`: for a subresource such as `pods/binding` the subresource's kind. */
  readonly kind: Kind
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Mutating plugins may replace or change it in place; undefined on DELETE. */
  object: Record<string, unknown> | undefined
  readonly oldObject: Record<string, unknown> | undefined
  readonly options: Record<string, unknown>
  readonly user: UserInfo
  /** Of the request, as authorization sees it: a patch may create or update. */
  readonly verb?: string
  readonly dryRun: boolean
  /** What plugins that may be run once more share; undefined where there is no second round. */
  readonly reinvocation?: Reinvocation
  /** Adds a `Warning` header to the response. */
  warn(message: string): void
  /** Adds an annotation to the audit event of the request. */
  annotate?(key: string, value: string): void
}

export interface Reinvocation {
  /** Whether this is the second round. */
  isAgain: boolean
  /** Set by a plugin that changed the object in a way that others may have to see. */
  wanted: boolean
  /** By the plugin's name. */
  readonly memory: Map<string, unknown>
}

/** Refusals are thrown as ApiError. */
export interface AdmissionPlugin {
  /** Upstream's name, as `NamespaceLifecycle`. */
  readonly name: string
  /** Called before the object is validated. A promise only where it has to wait for something. */
  admit?(attributes: AdmissionAttributes): Promise<void> | void
  /** Called after it; must not change the object. */
  validate?(attributes: AdmissionAttributes): Promise<void> | void
}
