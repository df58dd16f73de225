import { f } from '../../../schema/field.ts'
import { bool, bytes, int32, list, str, type TypeOf, time } from '../../../schema/type.ts'
import { ObjectMeta } from '../../meta/v1/object-meta.ts'
import { allVerbs } from '../../verbs.ts'
import { kind, message } from './package.ts'

export const ServiceReference = message(
  'ServiceReference',
  {
    namespace: f(1, str).doc('Namespace of the service.'),
    name: f(2, str).doc('Name of the service.'),
    port: f(3, int32).explicit().doc('Port of the service; 443 by default.'),
  },
  { doc: 'Names the service of an extension API server.' },
)
export type ServiceReference = TypeOf<typeof ServiceReference>

export const APIServiceSpec = message(
  'APIServiceSpec',
  {
    service: f(1, ServiceReference).doc(
      'Service to which requests are forwarded; served by this server itself if unset.',
    ),
    group: f(2, str).doc('The API group.'),
    version: f(3, str).doc('The version, such as `v1`.'),
    insecureSkipTLSVerify: f(4, bool).doc('Accepts any certificate of the server; a CA bundle is the better choice.'),
    caBundle: f(5, bytes)
      .listOf('atomic')
      .doc('Certificates, in PEM, that sign the server certificate; those of the system if unset.'),
    groupPriorityMinimum: f(7, int32)
      .required()
      .always()
      .doc('Priority of the group in discovery: higher numbers come first.'),
    versionPriority: f(8, int32)
      .required()
      .always()
      .doc('Priority of the version inside of its group: higher numbers come first.'),
  },
  { doc: 'Where a group and version is served, and its place among the others.' },
)
export type APIServiceSpec = TypeOf<typeof APIServiceSpec>

export const APIServiceCondition = message(
  'APIServiceCondition',
  {
    type: f(1, str)
      .go('v1.APIServiceConditionType')
      .required()
      .always()
      .doc('Type of the condition, such as `Available`.'),
    status: f(2, str).go('v1.ConditionStatus').required().always().doc('`True`, `False` or `Unknown`.'),
    lastTransitionTime: f(3, time).orNull().doc('When the status last changed.'),
    reason: f(4, str).doc('Reason for the last change, one word in CamelCase.'),
    message: f(5, str).doc('Details of the last change for people.'),
  },
  { doc: 'One observed aspect of an APIService.' },
)
export type APIServiceCondition = TypeOf<typeof APIServiceCondition>

export const APIServiceStatus = message(
  'APIServiceStatus',
  {
    conditions: f(1, list(APIServiceCondition))
      .listOf('map', 'type')
      .patch('merge', 'type')
      .doc('Aspects of the state, one for each type.'),
  },
  { doc: 'What was last observed of an APIService.' },
)
export type APIServiceStatus = TypeOf<typeof APIServiceStatus>

export const APIService = kind(
  'APIService',
  {
    metadata: f(1, ObjectMeta).always().doc('Name, labels and other standard metadata.'),
    spec: f(2, APIServiceSpec).always().doc('Where the version is served.'),
    status: f(3, APIServiceStatus).always().doc('What was last observed; written by the system.'),
  },
  {
    doc: 'Who serves one version of an API group; named `<version>.<group>`.',
    resource: {
      plural: 'apiservices',
      singular: 'apiservice',
      categories: ['api-extensions'],
      namespaced: false,
      verbs: allVerbs,
      subresources: { status: { verbs: ['get', 'patch', 'update'] } },
    },
  },
)
export type APIService = TypeOf<typeof APIService>
