import { f } from '../../../schema/field.ts'
import { bytes, int32, str, type TypeOf } from '../../../schema/type.ts'
import { message } from './package.ts'

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
