import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { LinkRewriter, linkStages, rewrittenLink } from './html-links.ts'

const page = { hosts: ['10.0.0.5:80', 'localhost:8001'], prefix: '/proxy' }

async function rewritten(html: string, pieceLength = html.length): Promise<string> {
  const rewriter = new LinkRewriter(page)
  const bytes = Buffer.from(html)
  for (let at = 0; at < bytes.length; at += pieceLength) rewriter.write(bytes.subarray(at, at + pieceLength))
  rewriter.end()
  return Buffer.concat(await rewriter.toArray()).toString()
}

test('links to the root of the backend lead through the proxy, others stay', () => {
  assert.equal(rewrittenLink('/a?b=/c#d', page), '/proxy/a?b=/c#d')
  assert.equal(rewrittenLink('http://10.0.0.5:80/a/', page), '/proxy/a/')
  assert.equal(rewrittenLink('//localhost:8001/a', page), '/proxy/a')
  assert.equal(rewrittenLink('/proxy/a', page), '/proxy/a')
  for (const link of ['a/b', '', '#x', '?q', 'https://elsewhere/a', '//elsewhere/a', 'mailto:a@b', 'data:,x'])
    assert.equal(rewrittenLink(link, page), link)
})

const before =
  '<!DOCTYPE html><html>é<!-- <a href="/no"> --><A class=x HREF = \'/one\'>1 < 2</A><img src=/two alt="/no">' +
  '<p title="/no"><script src="/three">if (a<b) "<a href=\'/no\'>"</script><form action="http://10.0.0.5:80/4">' +
  '<title><a href="/no"></title><a data-href="/no" href="//else/x"><br/><a href="/five" title="a>b">'
const after =
  '<!DOCTYPE html><html>é<!-- <a href="/no"> --><A class=x HREF = \'/proxy/one\'>1 < 2</A><img src=/proxy/two alt="/no">' +
  '<p title="/no"><script src="/proxy/three">if (a<b) "<a href=\'/no\'>"</script><form action="/proxy/4">' +
  '<title><a href="/no"></title><a data-href="/no" href="//else/x"><br/><a href="/proxy/five" title="a>b">'

test('a page is changed inside its links alone, wherever it is cut', async () => {
  for (const length of [1, 2, 3, 7, 64, 10_000])
    assert.equal(await rewritten(before, length), after, `pieces of ${length}`)
})

test('what is no whole tag at the end is passed on, and a tag without an end is not kept for ever', async () => {
  for (const html of ['<a href="/x', 'a <', '<!-- x', '<script>a', '<']) assert.equal(await rewritten(html, 1), html)
  const endless = `<a href="${'x'.repeat(300_000)}`
  assert.equal(await rewritten(endless, 1000), endless)
})

test('compressed pages are opened, other types and encodings are not touched', async () => {
  const type = { 'content-type': 'text/html; charset=utf-8' }
  const [first, rewriter, last] = linkStages({ ...type, 'content-encoding': 'gzip' }, page)!
  first!.pipe(rewriter!).pipe(last!)
  first!.end(gzipSync('<a href="/x">'))
  assert.equal(gunzipSync(Buffer.concat(await last!.toArray())).toString(), '<a href="/proxy/x">')
  assert.equal(linkStages({ ...type, 'content-encoding': 'br' }, page), undefined)
  assert.equal(linkStages({ 'content-type': 'text/plain' }, page), undefined)
  assert.equal(linkStages({}, page), undefined)
})
