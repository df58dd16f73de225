/** The variables of a container. Later ones win; `$(NAME)` refers to those before, and to the services'. */
import type { ConfigMap } from '../../api/core/v1/config-map.ts'
import type { Container } from '../../api/core/v1/container.ts'
import type { EnvVar } from '../../api/core/v1/env.ts'
import type { Pod } from '../../api/core/v1/pod.ts'
import type { Secret } from '../../api/core/v1/secret.ts'
import { isNotFound } from '../../machinery/api-error.ts'
import { expand } from './expansion.ts'
import { type FieldFacts, fieldValue, resourceValue } from './field-values.ts'

export interface EnvironmentFacts extends FieldFacts {
  readonly allocatable: Readonly<Record<string, string>>
  readonly services: ReadonlyMap<string, string>
  configMap(name: string): Promise<ConfigMap>
  secret(name: string): Promise<Secret>
}

/** What stands in the way of a container's configuration; shown as CreateContainerConfigError. */
export class ConfigError extends Error {}

async function orAbsent<T>(read: Promise<T>, optional: boolean | undefined): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if (isNotFound(error) && optional === true) return undefined
    throw isNotFound(error) ? new ConfigError((error as Error).message) : error
  }
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')

async function fromSources(container: Container, facts: EnvironmentFacts): Promise<Map<string, string>> {
  const result = new Map<string, string>()
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    let data: Record<string, string> = {}
    if (configMapRef) data = (await orAbsent(facts.configMap(configMapRef.name), configMapRef.optional))?.data ?? {}
    else if (secretRef) {
      const secret = await orAbsent(facts.secret(secretRef.name), secretRef.optional)
      data = Object.fromEntries(Object.entries(secret?.data ?? {}).map(([key, value]) => [key, decoded(value)]))
    }
    for (const [key, value] of Object.entries(data)) result.set(`${prefix}${key}`, value)
  }
  return result
}

async function referredValue(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  facts: EnvironmentFacts,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = variable.valueFrom ?? {}
  const where = `${pod.metadata.namespace}/`
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, facts)
  if (resourceFieldRef) return resourceValue(pod, container, resourceFieldRef, facts.allocatable)
  if (configMapKeyRef) {
    const { name, key, optional } = configMapKeyRef
    const value = (await orAbsent(facts.configMap(name), optional))?.data?.[key]
    if (value === undefined && optional !== true)
      throw new ConfigError(`couldn't find key ${key} in ConfigMap ${where}${name}`)
    return value
  }
  if (secretKeyRef) {
    const { name, key, optional } = secretKeyRef
    const value = (await orAbsent(facts.secret(name), optional))?.data?.[key]
    if (value === undefined && optional !== true)
      throw new ConfigError(`couldn't find key ${key} in Secret ${where}${name}`)
    return value === undefined ? undefined : decoded(value)
  }
  if (fileKeyRef) throw new ConfigError(`environment variable ${variable.name}: fileKeyRef is not supported`)
  return ''
}

/** Throws ConfigError on what the pod's author has to mend. */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  facts: EnvironmentFacts,
): Promise<Map<string, string>> {
  const result = await fromSources(container, facts)
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referredValue(pod, container, variable, facts)
      : expand(variable.value ?? '', name => result.get(name) ?? facts.services.get(name))
    if (value === undefined) continue
    result.delete(variable.name)
    result.set(variable.name, value)
  }
  for (const [name, value] of facts.services) if (!result.has(name)) result.set(name, value)
  return result
}
