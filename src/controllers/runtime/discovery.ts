/** The resources that a server has, custom ones too, as kinds to be used with a Client. */
import type { Client } from '../../client/client.ts'
import { kindByResource } from '../../machinery/scheme.ts'
import type { Kind, Verb } from '../../schema/kind.ts'

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string
    readonly singularName?: string
    readonly kind: string
    readonly namespaced: boolean
    readonly verbs: readonly string[]
  }[]
}

interface GroupList {
  readonly groups?: readonly {
    readonly name: string
    readonly preferredVersion?: { readonly groupVersion: string }
    readonly versions: readonly { readonly groupVersion: string }[]
  }[]
}

export interface Discovered {
  readonly kinds: readonly Kind[]
  /** Group versions that did not answer, as `metrics.k8s.io/v1beta1: <why>`. */
  readonly failures: readonly string[]
}

/** A kind known by its names alone: enough for paths. */
function bareKind(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced: boolean,
  verbs: readonly Verb[],
): Kind {
  const apiVersion = group === '' ? version : `${group}/${version}`
  return {
    is: 'message',
    name: `${apiVersion}.${kind}`,
    fields: {},
    options: {},
    gvk: { group, version, kind },
    apiVersion,
    resource: { plural, singular: kind.toLowerCase(), namespaced, verbs },
  }
}

/** Each resource once, in its group's preferred version, if it has all of these verbs. */
export async function discoverKinds(client: Client, ...verbs: readonly Verb[]): Promise<Discovered> {
  const { transport } = client
  const { groups = [] } = (await transport.request({ method: 'GET', path: '/apis' })) as GroupList
  const versions = [
    'v1',
    ...groups.map(group => group.preferredVersion?.groupVersion ?? group.versions[0]?.groupVersion ?? ''),
  ]
  const failures: string[] = []
  const found = await Promise.all(
    versions.map(async groupVersion => {
      const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
      try {
        const { resources = [] } = (await transport.request({ method: 'GET', path })) as ResourceList
        const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion]
        return resources
          .filter(resource => !resource.name.includes('/') && verbs.every(verb => resource.verbs.includes(verb)))
          .map(resource => {
            const { name, kind, namespaced } = resource
            return (
              kindByResource(groupVersion, name) ??
              bareKind(group!, version!, kind, name, namespaced, resource.verbs as Verb[])
            )
          })
      } catch (error) {
        failures.push(`${groupVersion}: ${(error as Error).message}`)
        return []
      }
    }),
  )
  return { kinds: found.flat(), failures }
}
