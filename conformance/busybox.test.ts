import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configured } from './busybox.ts'

test('our settings replace the defaults, and one that is gone is told', () => {
  const defaults = 'CONFIG_ASH=y\n# CONFIG_STATIC is not set\nCONFIG_TC=y\n'
  assert.equal(configured(defaults), 'CONFIG_ASH=y\nCONFIG_STATIC=y\n# CONFIG_TC is not set\n')
  assert.throws(() => configured('CONFIG_STATIC=y\n'), /no setting CONFIG_TC/)
})
