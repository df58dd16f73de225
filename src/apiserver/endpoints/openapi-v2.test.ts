import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { kinds } from '../../api/kinds.ts'
import { groupsOf } from '../../machinery/discovery/api-groups.ts'
import { Document } from '../../machinery/openapi/v2-messages.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { requestOf } from '../testing/test-server.ts'
import { OpenApiV2Endpoint } from './openapi-v2.ts'

const endpoint = new OpenApiV2Endpoint(groupsOf(kinds.filter(({ gvk }) => gvk.group === 'apps')))

/** What client-go's discovery sends. */
const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

function get(headers: Record<string, string>) {
  const { body, ...response } = endpoint.serve(requestOf('GET', '/openapi/v2', undefined, headers))
  return { ...response, bytes: body.is === 'bytes' ? Buffer.concat([...body.chunks]) : undefined }
}

test('client-go gets the protobuf form, with the definitions of the JSON form', () => {
  const protobuf = get({ accept })
  assert.equal(protobuf.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
  const names = decodeMessage(Document, protobuf.bytes!).definitions?.additionalProperties?.map(({ name }) => name)
  const json = get({ accept: 'application/json' })
  assert.equal(json.headers['content-type'], 'application/json')
  assert.deepEqual(names, Object.keys(JSON.parse(json.bytes!.toString()).definitions))
  assert.ok(names?.includes('io.k8s.api.apps.v1.Deployment'))
})

test('the most wanted form that exists is served; none is 406', () => {
  const typeFor = (accepted: string) => get({ accept: accepted }).headers['content-type']
  assert.equal(typeFor('text/html, */*;q=0.1'), 'application/json')
  assert.equal(typeFor(`application/json;q=0.5, ${accept}`), typeFor(accept))
  assert.equal(typeFor(`application/json, ${accept};q=0.5`), 'application/json')
  for (const none of ['text/html', 'constructor']) {
    assert.equal(get({ accept: none }).status, 406, none)
  }
})

test('the ETag saves sending it again, and those who take gzip get it', () => {
  for (const form of [accept, 'application/json']) {
    const plain = get({ accept: form })
    const zipped = get({ accept: form, 'accept-encoding': 'br, gzip' })
    assert.equal(plain.headers['content-encoding'], undefined)
    assert.equal(zipped.headers['content-encoding'], 'gzip')
    assert.equal(zipped.headers.vary, 'Accept-Encoding, Accept')
    assert.deepEqual(gunzipSync(zipped.bytes!), plain.bytes)
    const again = get({ accept: form, 'if-none-match': String(plain.headers.etag) })
    assert.equal(again.status, 304)
    assert.equal(again.bytes, undefined)
  }
})
