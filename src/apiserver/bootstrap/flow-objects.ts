/** The flow schemas and priority levels of a new cluster (KEP-1040, "Default Configuration"). */
import { FlowSchema } from '../../api/flowcontrol/v1/flow-schema.ts'
import { PriorityLevelConfiguration } from '../../api/flowcontrol/v1/priority-level-configuration.ts'
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '../../machinery/flowcontrol/default-objects.ts'
import { isSame } from '../../machinery/validation/checks.ts'

/** While it is `true`, the server keeps the specification of a suggested object as it thinks best. */
const autoupdateAnnotation = 'apf.kubernetes.io/autoupdate-spec'

interface Wanted {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> }
  readonly spec: unknown
}

const objectsOf = (specs: ReadonlyMap<string, unknown>): Wanted[] =>
  [...specs].map(([name, spec]) => ({ metadata: { name, annotations: { [autoupdateAnnotation]: 'true' } }, spec }))

export const defaultFlowSchemas = objectsOf(new Map([...mandatoryFlowSchemas, ...suggestedFlowSchemas]))
export const defaultPriorityLevels = objectsOf(new Map([...mandatoryPriorityLevels, ...suggestedPriorityLevels]))

export const flowKinds = [
  { kind: PriorityLevelConfiguration, wanted: defaultPriorityLevels },
  { kind: FlowSchema, wanted: defaultFlowSchemas },
] as const

interface Existing {
  readonly metadata: {
    readonly name: string
    readonly generation?: number
    readonly annotations?: Readonly<Record<string, string>>
    readonly managedFields?: unknown
  }
  readonly spec: unknown
}

/**
 * The object as it must become, or undefined where it is right. An administrator who has changed a suggested object
 * (its generation is above one) and has not asked otherwise keeps it. The share of `exempt` is everyone's to change.
 */
export function reconciledFlowObject<T extends Existing>(existing: T, wanted: Wanted): T | undefined {
  const { name } = existing.metadata
  const isMandatory = mandatoryFlowSchemas.has(name) || mandatoryPriorityLevels.has(name)
  const annotation = existing.metadata.annotations?.[autoupdateAnnotation]
  const isOurs = isMandatory || (annotation === undefined ? existing.metadata.generation === 1 : annotation === 'true')
  const annotations = { ...existing.metadata.annotations, [autoupdateAnnotation]: String(isOurs) }
  const exempt = (existing.spec as { exempt?: unknown }).exempt
  const spec = name === 'exempt' && exempt ? { ...(wanted.spec as object), exempt } : wanted.spec
  const isRight = annotation === String(isOurs) && (!isOurs || isSame(existing.spec, spec))
  if (isRight) return undefined
  return { ...existing, metadata: { ...existing.metadata, annotations }, ...(isOurs ? { spec } : {}) }
}
