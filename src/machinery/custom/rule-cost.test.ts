/** What rules can cost is what upstream estimates (cel-go 0.29 with Kubernetes' CostEstimator of v1.37), to six digits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JSONSchemaProps } from '../../api/apiextensions/v1/json-schema-props.ts'
import { compiledRules } from './rules.ts'

/** A rule, and what it costs with bounds and without them. */
const rules: readonly (readonly [rule: string, bounded: number, unbounded: number])[] = [
  ['self.s.contains(self.t)', 36, 2.51659e6],
  ["self.s.startsWith(self.t) && self.s.endsWith('abc')", 15, 15],
  ["self.s.matches('^[a-z]+$') || matches(self.u, self.t)", 6291480, 6.92061e6],
  ["self.s.find('a+') == 'a'", 8, 314576],
  ["self.s.findAll('a+').size() > 1", 9, 314577],
  ["self.s.findAll('a+', 2).all(x, x == 'a')", 168, 1.28975e7],
  ["self.s.split(',').all(x, x.size() < 3)", 251, 1.95035e7],
  ["self.s.split(',', 3).exists(x, x == self.t)", 32, 629170],
  ["self.l.join(',') == self.s", 29, 3.29853e11],
  ['self.l.join() == self.s', 28, 3.29853e11],
  ["self.s.replace('a', 'bb') == self.t", 20, 629158],
  ["self.s.replace('', 'bb') == self.t", 20, 629158],
  ["self.s.replace('aaa', 'b').contains(self.t)", 44, 3.14573e6],
  ['self.s.lowerAscii() == self.t.upperAscii()', 20, 314593],
  ['self.s.substring(1) == self.s.substring(1, 3)', 16, 943723],
  ['self.s.trim().size() > 0', 8, 314577],
  ["self.s.charAt(0) == 'a'", 4, 4],
  ["self.s.indexOf('a') > self.s.lastIndexOf('b')", 13, 629151],
  ["self.l.indexOf('a') > 0", 28, 3.29854e11],
  ['self.l.isSorted()', 27, 3.29854e11],
  ['self.n.sum() > 3 && self.n.min() < self.n.max()', 23, 4.7186e6],
  ["self.l.max() == 'a'", 28, 3.29854e11],
  ["url(self.s).getHost() == 'a'", 8, 314577],
  ['isURL(self.s)', 3, 3],
  ["ip(self.s) == ip('1.2.3.4')", 8, 314577],
  ['ip.isCanonical(self.s) && isIP(self.s)', 16, 943723],
  ['cidr(self.s).containsIP(self.t)', 20, 314589],
  ['cidr(self.s).containsIP(ip(self.t))', 20, 314589],
  ['cidr(self.s).containsCIDR(self.t)', 23, 314592],
  ['cidr(self.s).containsCIDR(cidr(self.t))', 23, 314592],
  ['cidr(self.s).ip() == ip(self.t)', 18, 314587],
  ['cidr(self.s).masked() == cidr(self.t)', 18, 314587],
  ['quantity(self.s).isGreaterThan(quantity(self.t))', 17, 314586],
  ['quantity(self.s) == quantity(self.t)', 17, 314586],
  ['isQuantity(self.s) && isSemver(self.t)', 16, 314585],
  ['semver(self.s).major() == 1 && semver(self.s) == semver(self.t)', 25, 629163],
  ['format.dns1123Label().validate(self.s).hasValue()', 132, 1.00663e7],
  ["!format.named('dns1123Label').hasValue() || format.dns1123Label() == format.dns1123Label()", 12, 12],
  ['url(self.s) == url(self.t)', 24, 314593],
  ["sets.contains(self.l, ['a', 'b'])", 23, 2.09716e6],
  ['sets.intersects(self.l, self.l) && sets.equivalent(self.l, self.l)', 85, 3.29853e12],
  ['self.n.slice(1, 2).size() == 1', 16, 16],
  ['self.l.distinct().size() == self.l.size()', 68, 2.19902e12],
  ["self.l.reverse()[0] == 'a'", 19, 1.04859e6],
  ["self.l.sort()[0] == 'a'", 67, 2.30897e12],
  ["self.l.sortBy(x, x.size())[0] == 'a'", 157, 2.19903e12],
  ["self.l.sortBy(x, x)[0] == 'a'", 155, 2.30898e12],
  ['self.ll.flatten().size() > 1', 20, 1.04859e6],
  ['lists.range(10).all(i, i < 20)', 72, 72],
  ['self.n.map(x, x * 2).sum() > 2', 89, 2.3593e7],
  ["self.l.map(x, x + 'a').all(y, y.size() < 9)", 134, 3.29873e11],
  ["self.l.filter(x, x.startsWith('a')).exists_one(x, x == self.s)", 115, 2.09715e7],
  ['self.l.all(i, v, i < 3 && v == self.s)', 63, 3.29862e11],
  ["self.l.transformList(i, v, v + 'x').exists(x, x.contains('b'))", 129, 3.29872e11],
  ['self.m.all(k, k.size() < 4)', 33, 2.35929e6],
  ['self.m.all(k, v, k == v)', 28, 1.96608e6],
  ["self.m.transformMap(k, v, v + 'a').size() > 1", 80, 1.23696e11],
  ["self.m.exists(k, self.m[k] == 'a')", 48, 3.53894e6],
  ["'a' in self.m && 'b' in self.l", 10, 1.04858e6],
  ["self.s in ['a', 'b', 'c']", 15, 15],
  ['[1, 2, 3].all(x, x > 0)', 26, 26],
  ["['a', self.s].exists(x, x == self.t)", 27, 27],
  ["{'a': self.s, 'b': self.t}['a'] == 'c'", 36, 36],
  ["{'a': self.s}.all(k, v, v == k)", 38, 38],
  ["has(self.s) ? self.s == self.t : self.l == ['a']", 14, 14],
  ['(has(self.s) ? self.s : self.t).size() > 3', 5, 5],
  ["(has(self.l) ? self.l : ['a', 'b']).all(x, x == 'c')", 32, 4.19431e6],
  ["bytes(self.s) == bytes('abc')", 9, 314578],
  ['string(bytes(self.s)).size() > 3', 24, 1.57287e6],
  ['strings.quote(self.s) == self.t', 16, 314585],
  ["'%s %d'.format([self.s, 1]) == self.t", 23, 23],
  ['string(self.i) == self.s && int(self.s) == 3', 13, 314582],
  ['self.i + 1 > 2 && self.i == 3 && self.f == 1.5', 8, 8],
  ["self.s < self.t || self.s >= 'abc'", 11, 15],
  ["self.b == b'abc'", 3, 3],
  ["self.d > duration('1s') && self.ts < timestamp('2020-01-01T00:00:00Z')", 8, 8],
  ['self.d == self.d && self.ts.getFullYear() > 3', 12, 12],
  ["type(self.x) == string && self.x == 'a'", 7, 7],
  ["dyn(self.s) == 'abc'", 4, 4],
  ["self.o.p.q == 'a' && self.o.p == self.o.p", 11, 11],
  ["self.objs.all(x, x.k == 'a' && self.objs.all(y, y.k != x.k || y.v == x.v))", 423, 3.11298e16],
  ['self.objs.map(x, x.k).all(z, z.size() < 3)', 114, 6.29145e6],
  ["self.objs.filter(x, x.v > 1).all(y, y.k.startsWith('a'))", 124, 6.9206e6],
  ['self.objs[0].k == self.objs[1].k', 12, 314581],
  ['self == oldSelf', 2, 2],
  ["self.?s.orValue('x') == self.t", 13, 13],
  ["self.?s.optMap(v, v + 'a').orValue('') == self.t", 1844670000000000000, 1.84467e18],
  ['self.l[?0].hasValue() && optional.of(self.s).value() == self.t', 18, 18],
  ['self.l + self.l == self.l', 8, 104865],
  ["(self.l + ['a']).all(x, x == self.s)", 50, 6.29147e6],
  ["self.e == 'a' && self.e.size() > 1", 7, 7],
  ['-self.i > 2 || !(self.i < 3)', 8, 8],
  ['self.l.exists(x, self.l.exists(y, self.l.exists(z, x + y == z)))', 2588, 1.84467e19],
  ['self.s.size() == size(self.l)', 7, 7],
  ['self.by.size() > 3 && self.by + self.by == self.by', 13, 13],
]

function schemaWith(bounds: { maxLength?: number; maxItems?: number }): JSONSchemaProps {
  const { maxLength, maxItems } = bounds
  const text: JSONSchemaProps = { type: 'string', ...(maxLength === undefined ? {} : { maxLength }) }
  const list = (items: JSONSchemaProps): JSONSchemaProps => ({
    type: 'array',
    items,
    ...(maxItems === undefined ? {} : { maxItems }),
  })
  return {
    type: 'object',
    properties: {
      s: text,
      t: { type: 'string', maxLength: 20 },
      u: { type: 'string' },
      l: list(text),
      n: list({ type: 'integer' }),
      ll: list(list({ type: 'string' })),
      m: { type: 'object', additionalProperties: text, ...(maxItems === undefined ? {} : { maxProperties: maxItems }) },
      i: { type: 'integer' },
      f: { type: 'number' },
      b: { type: 'string', format: 'byte' },
      by: { type: 'string', format: 'byte', maxLength: 7 },
      d: { type: 'string', format: 'duration' },
      ts: { type: 'string', format: 'date-time' },
      x: { 'x-kubernetes-int-or-string': true },
      o: { type: 'object', properties: { p: { type: 'object', required: ['q'], properties: { q: text } } } },
      objs: list({ type: 'object', required: ['k'], properties: { k: text, v: { type: 'integer' } } }),
      e: { type: 'string', enum: ['a', 'bcd'] },
    },
    'x-kubernetes-validations': rules.map(([rule]) => ({ rule })),
  }
}

const sixDigits = (cost: number | undefined): number => Number(cost?.toPrecision(6))

test('rules are estimated by the bounds of what they look at', () => {
  compiledRules(schemaWith({ maxLength: 10, maxItems: 5 }), false).forEach(({ expression, rule, error }, i) => {
    assert.equal(error, undefined, rule.rule)
    assert.equal(sixDigits(expression?.maxCost), rules[i]?.[1], rule.rule)
  })
})

test('what has no bounds is as large as a request can bring it', () => {
  compiledRules(schemaWith({}), false).forEach(({ expression, rule }, i) => {
    assert.equal(sixDigits(expression?.maxCost), rules[i]?.[2], rule.rule)
  })
})
