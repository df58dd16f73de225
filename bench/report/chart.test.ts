import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line } from '../compare.ts'
import { figures, type Row, value } from '../row.ts'
import { ratioChart } from './chart.ts'
import { formatFigure } from './format.ts'

const row: Row = {
  id: 'a',
  group: 'A',
  title: 'a <row> & more',
  suite: 'a',
  unit: '1/s',
  better: 'more',
  goal: 5,
  of: figures({ name: 'a' }, value),
}

const line = (ratio: number | undefined): Line => ({ row, stock: 100, clipper: 300, ratio, reached: false, notes: [] })

test('a chart shows rows with a ratio, each with its bar and goal, and says nothing where there is none', () => {
  assert.equal(ratioChart('none', [line(undefined)]), undefined)
  const svg = ratioChart('two of three', [line(3), line(undefined), line(0.5)]) ?? ''
  assert.equal(svg.match(/fill-opacity/g)?.length, 2)
  assert.match(svg, /a &lt;row&gt; &amp; more/)
  assert.match(svg, /100 → 300 1\/s/)
  assert.equal(svg.match(/#8250df/g)?.length, 2)
})

test('figures have three significant digits', () => {
  assert.deepEqual([undefined, 0, 0.123456, 12.345, 1234.5, 98765].map(formatFigure), [
    '–',
    '0',
    '0.123',
    '12.3',
    '1,230',
    '98,800',
  ])
})
