/** RFC 7541, appendix C: three requests with Huffman's code (C.4), and without (C.3). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HpackDecoder, HpackError } from './hpack-decoder.ts'

const decoded = (decoder: HpackDecoder, hex: string) => [...decoder.decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'))]
const requests = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
]

describe('header blocks', () => {
  it('are read as the RFC shows them, each with the table that the ones before made', () => {
    const coded = [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ]
    const plain = [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ]
    for (const blocks of [coded, plain]) {
      const decoder = new HpackDecoder(4096)
      assert.deepEqual(
        blocks.map(block => decoded(decoder, block)),
        requests,
      )
    }
  })

  it('are refused where they are wrong or too large', () => {
    const wrong = {
      'an entry that is not there': 'be',
      'an end in the middle of a name': '400a 6375',
      'an integer without an end': '7fff ffff ffff ff',
      'padding that is not all ones': '4001 6181 18',
      'a longer table than agreed on': '3fe1 ff03',
    }
    for (const [name, block] of Object.entries(wrong)) {
      assert.throws(() => decoded(new HpackDecoder(4096), block), HpackError, name)
    }
    const large = Buffer.concat([
      Buffer.from('00016180', 'hex').subarray(0, 3),
      Buffer.from([0x7f, 0x81, 0x01]),
      Buffer.alloc(256, 0x61),
    ])
    assert.throws(() => new HpackDecoder(200).decode(large), /too many headers/)
  })

  it('forget the oldest entries of a table that is full', () => {
    const decoder = new HpackDecoder(1 << 20)
    const entry = (name: string) =>
      Buffer.concat([
        Buffer.from([0x40, 1]),
        Buffer.from(name),
        Buffer.from([0x7f, 0x81, 0x07]),
        Buffer.alloc(1024, 0x78),
      ])
    for (const name of 'abcd') decoder.decode(entry(name))
    assert.equal([...decoder.decode(Buffer.from([0x80 | 62]))][0]![0], 'd')
    assert.equal([...decoder.decode(Buffer.from([0x80 | 64]))][0]![0], 'b')
    assert.throws(() => decoder.decode(Buffer.from([0x80 | 65])), /no header 65/)
  })
})
