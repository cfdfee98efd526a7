import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cos, exp, expm1, log, log1p, sin, tanh } from '../../src/base/math/elementary.ts'
import { uniform } from '../../src/base/math/streams.ts'

type Function1 = (x: number) => number

const own: Record<string, Function1> = { exp, expm1, log, log1p, tanh, sin, cos }

const reference: Record<string, Function1> = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
}

/** [function, low, high]: the error relative to Math's is at most 1e-15 there. */
const ranges: [string, number, number][] = [
  ['exp', -1, 1],
  ['exp', -708, 709],
  ['expm1', -1e-6, 1e-6],
  ['expm1', -1, 1],
  ['expm1', -45, 709],
  ['log', 0.5, 2],
  ['log', 0, 1e300],
  ['log1p', -1e-6, 1e-6],
  ['log1p', -1, 3],
  ['log1p', 0, 1e20],
  ['tanh', -1e-6, 1e-6],
  ['tanh', -1, 1],
  ['tanh', -25, 25],
  ['sin', -0.5, 0.5],
  ['cos', -0.5, 0.5],
]

/** 100 000 numbers between low and high, the same in every run. */
function* samples(low: number, high: number): Generator<number> {
  for (let i = 0; i < 100_000; i++) yield low + (high - low) * uniform(0, 0, 0, 0, i)
}

for (const [name, low, high] of ranges) {
  test(`${name} is within 1e-15 of Math.${name} on ${low} .. ${high}`, () => {
    for (const x of samples(low, high)) {
      const expected = reference[name](x)
      assert.ok(Math.abs(own[name](x) - expected) <= 1e-15 * Math.abs(expected), `${name}(${x})`)
    }
  })
}

test('sin and cos are within 1e-15 up to 1e5, and on the circle far beyond', () => {
  for (const x of samples(-1e5, 1e5)) {
    assert.ok(Math.abs(sin(x) - Math.sin(x)) <= 1e-15, `sin(${x})`)
    assert.ok(Math.abs(cos(x) - Math.cos(x)) <= 1e-15, `cos(${x})`)
  }
  for (const x of [1e5, 1e6, 1e8]) assert.ok(Math.abs(sin(x) - Math.sin(x)) <= 1e-16 * x, `sin(${x})`)
  for (const x of [1e16, -1e100, Number.MAX_VALUE]) {
    const radius = sin(x) * sin(x) + cos(x) * cos(x)
    assert.ok(Math.abs(radius - 1) < 1e-15, `at ${x}`)
  }
})

test('multiples of pi/4, where the quadrants meet', () => {
  for (let n = -1000; n <= 1000; n++) {
    const x = (n * Math.PI) / 4
    assert.ok(Math.abs(sin(x) - Math.sin(x)) <= 1e-15, `sin(${x})`)
    assert.ok(Math.abs(cos(x) - Math.cos(x)) <= 1e-15, `cos(${x})`)
  }
})

test('odd functions are odd and cosine is even, to the bit', () => {
  for (const x of samples(0, 30)) {
    assert.equal(sin(-x), -sin(x))
    assert.equal(tanh(-x), -tanh(x))
    assert.equal(cos(-x), cos(x))
  }
})

test('zeros, infinities, NaN, subnormals and both ends of the range are as Math has them', () => {
  const tiny = [0, Number.MIN_VALUE, 1e-310, 2.2250738585072014e-308, 1e-200, 1e-20]
  const large = [709.782712893384, 709.7827128933841, 740, 745.1332191019411, 745.2, 746, 1e308, Infinity]
  const arguments_ = [...tiny, 1e-9, 0.5, ...large].flatMap(x => [x, -x]).concat(NaN)
  for (const name of ['exp', 'expm1', 'log', 'log1p', 'tanh']) {
    for (const x of arguments_) {
      const expected = reference[name](x)
      const isClose = Math.abs(own[name](x) - expected) <= 1e-15 * Math.abs(expected)
      assert.ok(Object.is(own[name](x), expected) || isClose, `${name}(${x}): ${own[name](x)}, ${expected}`)
    }
  }
  for (const name of ['sin', 'cos']) {
    for (const x of [...tiny.flatMap(x => [x, -x]), Infinity, -Infinity, NaN]) {
      assert.ok(Object.is(own[name](x), reference[name](x)), `${name}(${x})`)
    }
  }
})

test('log1p at and below -1', () => {
  assert.equal(log1p(-1), -Infinity)
  assert.ok(Number.isNaN(log1p(-1.5)))
})

test('the bits of a million results never change', () => {
  const bits = new Uint32Array(new Float64Array(1).buffer)
  const value = new Float64Array(bits.buffer)
  let digest = 0
  for (const [name, low, high] of ranges) {
    for (const x of samples(low, high)) {
      value[0] = own[name](x)
      digest = Math.imul(digest ^ bits[0], 0x9e3779b1) ^ bits[1]
    }
  }
  assert.equal((digest >>> 0).toString(16), '39b31ba1')
})
