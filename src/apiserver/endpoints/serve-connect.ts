/** Subresources that connect to something that runs: admission first, as plugins may refuse exec or a proxy. */
import { kindByGvk } from '../../machinery/scheme.ts'
import type { Kind } from '../../schema/kind.ts'
import type { Type } from '../../schema/type.ts'
import type { RequestContext } from '../chain/request-context.ts'
import { isTrue } from '../chain/request-info.ts'
import type { ServerResponse } from '../chain/server-request.ts'
import { admitMutating, admitValidating } from '../registry/admit.ts'
import type { Resource } from '../registry/resource.ts'
import type { ConnectHandler } from './handlers.ts'
import type { ResourceServer } from './resource-server.ts'

export async function serveConnect(
  server: ResourceServer,
  context: RequestContext,
  resource: Resource,
  connect: ConnectHandler,
): Promise<ServerResponse> {
  const { info, user } = context
  const gvk = resource.facts.subresources?.[info.subresource]?.kind
  const kind = gvk && kindByGvk(gvk)
  // A log is read like an object: upstream admits connections alone.
  if (!kind || info.subresource === 'log') return connect(context)
  const attributes = {
    operation: 'CONNECT' as const,
    kind,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    object: optionsOf(context, kind),
    oldObject: undefined,
    options: {},
    user,
    dryRun: false,
    warn: (message: string) => context.warn(message),
    annotate: (key: string, value: string) => void context.audit.annotations.set(key, value),
  }
  await admitMutating(server.deps.admission, attributes)
  await admitValidating(server.deps.admission, attributes)
  return connect(context)
}

/** The request's query as the options object that plugins look at, as PodExecOptions. */
export function optionsOf({ info, request }: RequestContext, kind: Kind): Record<string, unknown> {
  const options: Record<string, unknown> = { kind: kind.gvk.kind, apiVersion: kind.apiVersion }
  for (const [name, { facts }] of Object.entries(kind.fields)) {
    const value =
      name === 'path' && info.subresource === 'proxy'
        ? `/${info.rest.join('/')}`
        : optionOf(facts.type, request.query.getAll(name))
    if (value !== undefined) options[name] = value
  }
  return options
}

function optionOf(type: Type, texts: readonly string[]): unknown {
  const [first] = texts
  if (first === undefined) return undefined
  if (type.is === 'list') return texts.map(text => optionOf(type.of, [text]))
  if (type.is !== 'scalar' || type.name === 'string') return first
  if (type.name === 'bool') return isTrue(first)
  const number = Number(first)
  return Number.isSafeInteger(number) ? number : undefined
}
