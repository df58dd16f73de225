import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serveRegistry } from './registry.ts'

test('manifests are served by tag and digest, blobs by digest, and nothing else', async () => {
  const layout = mkdtempSync(join(tmpdir(), 'registry-'))
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })
  const digest = createHash('sha256').update('{}').digest('hex')
  writeFileSync(join(layout, 'blobs/sha256', digest), '{}')
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const annotations = { 'io.containerd.image.name': 'example.org/a/b:1.0' }
  const manifest = { mediaType, digest: `sha256:${digest}`, size: 2, annotations }
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ manifests: [manifest] }))
  const registry = await serveRegistry(layout)
  try {
    const get = (path: string, method = 'GET') => fetch(`${registry.url}${path}`, { method })
    const byTag = await get('/v2/a/b/manifests/1.0')
    assert.equal(byTag.headers.get('content-type'), mediaType)
    assert.equal(byTag.headers.get('docker-content-digest'), `sha256:${digest}`)
    assert.equal(await byTag.text(), '{}')
    assert.equal((await get(`/v2/a/b/manifests/sha256:${digest}`, 'HEAD')).status, 200)
    assert.equal(await (await get(`/v2/a/b/blobs/sha256:${digest}`)).text(), '{}')
    for (const path of ['/v2/a/b/manifests/2.0', '/v2/a/manifests/1.0', '/v2/a/b/blobs/..%2f..%2findex.json', '/x'])
      assert.equal((await get(path)).status, 404, path)
    assert.equal((await get('/v2/a/b/manifests/1.0', 'DELETE')).status, 404)
  } finally {
    registry.close()
    rmSync(layout, { recursive: true })
  }
})
