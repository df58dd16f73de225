/**
 * Kinds that are declared at run time, out of the versions of a CustomResourceDefinition. They are declarations as every
 * kind's are: metadata in full, all else by a structural schema, which prunes, fills in, checks and describes.
 */
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../api/apiextensions/v1/custom-resource-definition.ts'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { Scale } from '../../api/autoscaling/v1/scale.ts'
import { ObjectMeta } from '../../api/meta/v1/object-meta.ts'
import { allVerbs } from '../../api/verbs.ts'
import { type Field, f } from '../../schema/field.ts'
import { type Kind, kindsOf, type SubresourceFacts, type Verb } from '../../schema/kind.ts'
import { json, type Message } from '../../schema/type.ts'
import { pruneMembers } from './prune.ts'

export interface CustomFacts {
  readonly schema: JSONSchemaProps
  readonly version: CustomResourceDefinitionVersion
}

const facts = new WeakMap<Message, CustomFacts>()

/** What is known of a kind that is declared at run time; undefined for the others. */
export const customFactsOf = (kind: Message): CustomFacts | undefined => facts.get(kind)

/** Members that every object has: the schema may name them, and says nothing new about them. */
const implied: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata'])

const updated: readonly Verb[] = ['get', 'patch', 'update']

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): Record<string, SubresourceFacts> {
  return {
    ...(subresources?.status ? { status: { verbs: updated } } : {}),
    ...(subresources?.scale ? { scale: { verbs: updated, kind: Scale.gvk } } : {}),
  }
}

/** `example.com` as a package: `com.example`. */
const packageOf = (group: string, version: string): string => `${group.split('.').reverse().join('.')}.${version}`

/** The kind of one version. The names are those that were accepted. */
export function customKind(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Kind {
  const { spec, status } = definition
  const names = status.acceptedNames?.kind ? status.acceptedNames : spec.names
  const schema = version.schema?.openAPIV3Schema ?? {}
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
  const fields: Record<string, Field<unknown, boolean>> = {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
  }
  let tag = 2
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (!implied.has(name)) fields[name] = f(tag++, json).doc(property.description ?? name)
  }
  const kind = kindsOf(spec.group, version.name, packageOf(spec.group, version.name))(names.kind, fields, {
    doc: schema.description ?? names.kind,
    keepsUnknown,
    ...(names.listKind ? { listKind: names.listKind } : {}),
    refine: (object, unknown) => pruneMembers(schema, object, unknown),
    resource: {
      plural: names.plural,
      singular: names.singular || names.kind.toLowerCase(),
      ...(names.shortNames?.length ? { shortNames: names.shortNames } : {}),
      ...(names.categories?.length ? { categories: names.categories } : {}),
      namespaced: spec.scope === 'Namespaced',
      verbs: allVerbs,
      subresources: subresourcesOf(version),
    },
  })
  facts.set(kind, { schema, version })
  return kind
}
