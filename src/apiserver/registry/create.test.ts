import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forbiddenError } from '../../machinery/api-error.ts'
import { send, startTestServer } from '../testing/test-server.ts'

test('who may not create an object learns that before the store objects to its version', async t => {
  const server = await startTestServer({
    admissionPlugins: [
      {
        name: 'Refusing',
        async validate({ object }) {
          const { name } = (object as { metadata: { name: string } }).metadata
          if (name === 'refused') throw forbiddenError('', 'configmaps', name, 'not this one')
        },
      },
    ],
  })
  t.after(() => server.close())
  const create = async (name: string, resourceVersion: string) => {
    const answer = await send(server, 'POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name, resourceVersion },
    })
    return [answer.status, answer.json.message]
  }
  assert.deepEqual(await create('refused', '7'), [403, 'configmaps "refused" is forbidden: not this one'])
  assert.deepEqual(await create('other', '7'), [500, 'resourceVersion should not be set on objects to be created'])
  assert.equal((await create('fresh', '0'))[0], 201)
})
