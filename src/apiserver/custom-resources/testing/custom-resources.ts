/** Custom resources of a test server. */
import { CustomResourceDefinition } from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import { systemClock } from '../../../base/clock.ts'
import { bootstrapApiOf, type TestServer } from '../../testing/test-server.ts'
import type { WebhookClient } from '../../webhooks/webhook-client.ts'
import { CustomResources } from '../custom-resources.ts'

export const customResourcesOf = (test: TestServer, webhooks: WebhookClient): CustomResources =>
  new CustomResources({
    reader: test.server.registry.reader,
    table: test.server.registry.table,
    api: bootstrapApiOf(test),
    clock: systemClock,
    webhooks,
    onKinds: kinds => test.server.setCustomKinds(kinds),
  })

/** Once definitions are served as they were written: what is written of them in turn comes back as an event, too. */
export async function settle({ server }: TestServer, resources: CustomResources): Promise<void> {
  const definitions = server.registry.table.ofKind(CustomResourceDefinition)
  for (let round = 0; round < 2; round++) {
    await definitions?.cache?.fresh()
    await resources.settled()
  }
}
