/** Members of objects by a structural schema. */
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { ownMember } from '../../schema/json-exact.ts'

/** What a member must be: as it is declared, else as all others are; undefined where nothing is said. */
export const schemaOfMember = (
  { properties, additionalProperties: more }: JSONSchemaProps,
  name: string,
): JSONSchemaProps | undefined => ownMember(properties, name) ?? (typeof more === 'object' ? more : undefined)
