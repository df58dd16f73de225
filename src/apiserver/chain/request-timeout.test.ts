import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestInfoOf } from './request-info.ts'
import { checkTimeout } from './request-timeout.ts'

const check = (path: string, text: string) => {
  const query = new URLSearchParams(text)
  checkTimeout(requestInfoOf('GET', path, query), query)
}

test('a timeout that is none is refused, but for requests that go on', () => {
  for (const text of ['', 'timeout=0s', 'timeout=3m', 'timeout=1h2m']) check('/version', text)
  assert.throws(() => check('/version', 'timeout=invalid'), {
    code: 400,
    message: 'invalid timeout specified in the request URL - time: invalid duration "invalid"',
  })
  assert.throws(() => check('/api/v1/pods', 'timeout=5'), /time: missing unit in duration "5"/)
  assert.throws(() => check('/api/v1/pods', 'timeout=5d'), /time: unknown unit "d" in duration "5d"/)
  check('/api/v1/pods', 'watch=true&timeout=invalid')
  check('/api/v1/namespaces/a/pods/b/log', 'timeout=invalid')
})
