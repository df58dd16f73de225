import { f } from '../../../schema/field.ts'
import { bool, bytes, int32, int64, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { JSONSchemaProps } from './json-schema-props.ts'
import { kind, message } from './package.ts'

export const ServiceReference = message(
  'ServiceReference',
  {
    namespace: f(1, str).required().always().doc('Namespace of the service.'),
    name: f(2, str).required().always().doc('Name of the service.'),
    path: f(3, str).explicit().doc('Path of the request.'),
    port: f(4, int32).explicit().doc('Port of the service; 443 by default.'),
  },
  { doc: 'Names the service of a webhook.' },
)
export type ServiceReference = TypeOf<typeof ServiceReference>

export const WebhookClientConfig = message(
  'WebhookClientConfig',
  {
    url: f(3, str).explicit().doc('Address of the webhook, beginning with `https://`; excludes `service`.'),
    service: f(1, ServiceReference).doc('Service of the webhook; excludes `url`.'),
    caBundle: f(2, bytes).doc(
      'Certificates, in PEM, that sign the certificate of the webhook; those of the system if unset.',
    ),
  },
  { doc: 'How a webhook is reached.' },
)
export type WebhookClientConfig = TypeOf<typeof WebhookClientConfig>

export const WebhookConversion = message(
  'WebhookConversion',
  {
    clientConfig: f(2, WebhookClientConfig).doc('How the webhook is reached.'),
    conversionReviewVersions: f(3, list(str))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('Versions of ConversionReview that the webhook understands, the preferred one first.'),
  },
  { doc: 'A webhook that converts objects between versions.' },
)
export type WebhookConversion = TypeOf<typeof WebhookConversion>

export const CustomResourceConversion = message(
  'CustomResourceConversion',
  {
    strategy: f(1, str)
      .go('v1.ConversionStrategyType')
      .required()
      .always()
      .doc('`None` to change the apiVersion alone, `Webhook` to ask a webhook.'),
    webhook: f(2, WebhookConversion).doc('The webhook, where the strategy is `Webhook`.'),
  },
  { doc: 'How objects become those of another version.' },
)
export type CustomResourceConversion = TypeOf<typeof CustomResourceConversion>

export const CustomResourceDefinitionNames = message(
  'CustomResourceDefinitionNames',
  {
    plural: f(1, str).required().always().doc('Name of the resource in paths, in lower case.'),
    singular: f(2, str).doc('Name of one object, in lower case; the kind in lower case by default.'),
    shortNames: f(3, list(str)).listOf('atomic').doc('Short names for command lines, in lower case.'),
    kind: f(4, str).required().always().doc('The kind, in CamelCase.'),
    listKind: f(5, str).doc('The kind of lists; the kind with `List` behind by default.'),
    categories: f(6, list(str)).listOf('atomic').doc('Groups of resources to which it belongs, such as `all`.'),
  },
  { doc: 'Names of a custom resource.' },
)
export type CustomResourceDefinitionNames = TypeOf<typeof CustomResourceDefinitionNames>

export const CustomResourceColumnDefinition = message(
  'CustomResourceColumnDefinition',
  {
    name: f(1, str).required().always().doc('Name of the column.'),
    type: f(2, str).required().always().doc('Type of the values: `integer`, `number`, `string`, `boolean` or `date`.'),
    format: f(3, str).doc('Format of the values, as in OpenAPI.'),
    description: f(4, str).doc('What the column shows.'),
    priority: f(5, int32).doc(
      '0 for columns that are always shown, more for those that are left out where there is little room.',
    ),
    jsonPath: f(6, str).required().always().doc('Path of the value in the object.'),
  },
  { doc: 'A column of tables.' },
)
export type CustomResourceColumnDefinition = TypeOf<typeof CustomResourceColumnDefinition>

export const SelectableField = message(
  'SelectableField',
  {
    jsonPath: f(1, str)
      .required()
      .always()
      .doc('Path of the field: a text, an integer or a boolean, not in a list and not in the metadata.'),
  },
  { doc: 'A field by which objects can be selected.' },
)
export type SelectableField = TypeOf<typeof SelectableField>

export const CustomResourceSubresourceStatus = message(
  'CustomResourceSubresourceStatus',
  {},
  { doc: 'Makes `status` a subresource.' },
)
export type CustomResourceSubresourceStatus = TypeOf<typeof CustomResourceSubresourceStatus>

export const CustomResourceSubresourceScale = message(
  'CustomResourceSubresourceScale',
  {
    specReplicasPath: f(1, str).required().always().doc('Path of the wanted number of replicas, under `.spec`.'),
    statusReplicasPath: f(2, str).required().always().doc('Path of the observed number of replicas, under `.status`.'),
    labelSelectorPath: f(3, str).explicit().doc('Path of the label selector as text, under `.spec` or `.status`.'),
  },
  { doc: 'Makes `scale` a subresource.' },
)
export type CustomResourceSubresourceScale = TypeOf<typeof CustomResourceSubresourceScale>

export const CustomResourceSubresources = message(
  'CustomResourceSubresources',
  {
    status: f(1, CustomResourceSubresourceStatus).doc(
      'Serves `status` apart from the rest, which then no longer writes it.',
    ),
    scale: f(2, CustomResourceSubresourceScale).doc('Serves a Scale.'),
  },
  { doc: 'Subresources of a custom resource.' },
)
export type CustomResourceSubresources = TypeOf<typeof CustomResourceSubresources>

export const CustomResourceValidation = message(
  'CustomResourceValidation',
  {
    openAPIV3Schema: f(1, JSONSchemaProps).doc('The schema, structural.'),
  },
  { doc: 'The schema of objects.' },
)
export type CustomResourceValidation = TypeOf<typeof CustomResourceValidation>

export const CustomResourceDefinitionVersion = message(
  'CustomResourceDefinitionVersion',
  {
    name: f(1, str).required().always().doc('Name of the version, such as `v1` or `v1beta1`.'),
    served: f(2, bool).required().always().doc('Whether the version is served.'),
    storage: f(3, bool).required().always().doc('Whether objects are stored in this version; true for exactly one.'),
    deprecated: f(7, bool).doc('Whether clients of the version are warned.'),
    deprecationWarning: f(8, str).explicit().doc('The warning; a general one if unset.'),
    schema: f(4, CustomResourceValidation).doc('Schema by which objects are checked, pruned and filled with defaults.'),
    subresources: f(5, CustomResourceSubresources).doc('Subresources of the version.'),
    additionalPrinterColumns: f(6, list(CustomResourceColumnDefinition))
      .listOf('atomic')
      .doc('Columns of tables; the age alone if unset.'),
    selectableFields: f(9, list(SelectableField))
      .listOf('atomic')
      .doc('Fields by which objects can be selected; at most 8.'),
  },
  { doc: 'One version of a custom resource.' },
)
export type CustomResourceDefinitionVersion = TypeOf<typeof CustomResourceDefinitionVersion>

export const CustomResourceDefinitionSpec = message(
  'CustomResourceDefinitionSpec',
  {
    group: f(1, str).required().always().doc('API group of the resource.'),
    names: f(3, CustomResourceDefinitionNames).required().always().doc('Names of the resource.'),
    scope: f(4, str).go('v1.ResourceScope').required().always().doc('`Cluster` or `Namespaced`.'),
    versions: f(7, list(CustomResourceDefinitionVersion))
      .orNull()
      .explicit()
      .required()
      .listOf('atomic')
      .doc('The versions of the resource.'),
    conversion: f(9, CustomResourceConversion).doc('How objects become those of another version.'),
    preserveUnknownFields: f(10, bool).doc('Keeps fields that the schema does not know; no longer allowed.'),
  },
  { doc: 'What a custom resource is.' },
)
export type CustomResourceDefinitionSpec = TypeOf<typeof CustomResourceDefinitionSpec>

export const CustomResourceDefinitionCondition = message(
  'CustomResourceDefinitionCondition',
  {
    type: f(1, str)
      .go('v1.CustomResourceDefinitionConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Established`, `NamesAccepted` or `Terminating`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
    observedGeneration: f(6, int64).doc('Generation of the definition to which the condition refers.'),
  },
  { doc: 'One observed aspect of a custom resource.' },
)
export type CustomResourceDefinitionCondition = TypeOf<typeof CustomResourceDefinitionCondition>

export const CustomResourceDefinitionStatus = message(
  'CustomResourceDefinitionStatus',
  {
    conditions: f(1, list(CustomResourceDefinitionCondition))
      .orNull()
      .explicit()
      .listOf('map', 'type')
      .doc('Aspects of the state, one for each type.'),
    acceptedNames: f(2, CustomResourceDefinitionNames)
      .always()
      .doc('Names under which the resource is served; others may hold the rest.'),
    storedVersions: f(3, list(str))
      .orNull()
      .explicit()
      .listOf('atomic')
      .doc('Versions in which objects have ever been stored; one leaves the list after a migration.'),
    observedGeneration: f(4, int64).doc('Generation of the definition that this status reflects.'),
  },
  { doc: 'What was last observed of a custom resource.' },
)
export type CustomResourceDefinitionStatus = TypeOf<typeof CustomResourceDefinitionStatus>

export const CustomResourceDefinition = kind(
  'CustomResourceDefinition',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, CustomResourceDefinitionSpec).required().always().doc('What the resource is.'),
    status: f(3, CustomResourceDefinitionStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: "A resource of the cluster's own; named `<plural>.<group>`.",
    resource: {
      plural: 'customresourcedefinitions',
      singular: 'customresourcedefinition',
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type CustomResourceDefinition = TypeOf<typeof CustomResourceDefinition>
