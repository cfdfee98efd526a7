import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Lines } from '../../launcher/output/lines.ts'
import { Pieces } from '../../launcher/output/pieces.ts'

const bytes = (text: string) => Buffer.from(text)

/** What comes out chunk by chunk, and at the end. */
function piecesOf(chunks: readonly Uint8Array[]): Buffer[] {
  const pieces = new Pieces()
  return [...chunks.map(chunk => pieces.push(Buffer.from(chunk))), pieces.rest()].filter(
    ({ length }) => length > 0,
  )
}

function linesOf(chunks: readonly Uint8Array[]): string[] {
  const lines = new Lines()
  return [...piecesOf(chunks).flatMap(piece => lines.of(piece)), ...lines.end()]
}

test('pieces end with a line, except the last', () => {
  const pieces = piecesOf(['a\nb', 'c\n', '\n', 'd', 'e\nf\ng'].map(bytes))
  assert.deepEqual(pieces.map(String), ['a\n', 'bc\n', '\n', 'de\nf\n', 'g'])
})

test('a line without end goes on in parts', () => {
  const pieces = piecesOf(Array.from({ length: 20 }, () => bytes('x'.repeat(50_000))))
  assert.equal(Buffer.concat(pieces).length, 1_000_000)
  assert.ok(pieces.length >= 10 && pieces.every(({ length }) => length <= 2 * 64 * 1024))
})

test('any bytes in any chunks come out as they went in, and are the same lines as at once', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom('\n', '\r\n', '\r', 'é', '😀', 'x').map(bytes),
    fc.integer({ min: 0, max: 70_000 }).map(length => bytes('y'.repeat(length))),
  )
  fc.assert(
    fc.property(fc.array(piece), chunks => {
      const all = Buffer.concat(chunks)
      const pieces = piecesOf(chunks)
      assert.ok(Buffer.concat(pieces).equals(all))
      if (all.length < 64 * 1024) assert.deepEqual(linesOf(chunks), linesOf([all]))
    }),
    { numRuns: 300 },
  )
})

test('a character cut anywhere is put together', () => {
  const text = bytes('größer 😀 ende\n')
  for (let at = 1; at < text.length; at++)
    assert.deepEqual(linesOf([text.subarray(0, at), text.subarray(at)]), ['größer 😀 ende'])
  const long = bytes('😀'.repeat(20_000))
  assert.equal(linesOf([long.subarray(0, 40_001), long.subarray(40_001)]).join(''), '😀'.repeat(20_000))
})

test('bytes that are no UTF-8 neither fail nor swallow a newline', () => {
  assert.deepEqual(linesOf([Buffer.from([0xff, 0x0a, 0xe2, 0x82, 0x0a, 0x00, 0x41])]), [
    '\ufffd',
    '\ufffd',
    '\0A',
  ])
})

test('of a progress bar’s states the last is seen', () => {
  assert.deepEqual(linesOf([bytes(' 10%\r 50%\r100%\r\ndone\r\n\r\nx\ry')]), ['100%', 'done', '', 'y'])
})
