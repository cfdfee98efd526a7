import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { eachLine } from '../../launcher/lines.ts'

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const stream = Readable.from(chunks.map(chunk => Buffer.from(chunk)))
  const lines: string[] = []
  eachLine(stream, line => lines.push(line))
  await new Promise(resolve => stream.on('end', resolve))
  return lines
}

const bytes = (text: string) => Buffer.from(text)

/** The whole stream at once; empty text after the last newline is no line. */
function reference(all: Buffer): string[] {
  const lines = all.toString('utf8').split('\n')
  const last = lines.pop()
  return [...lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line)), ...(last ? [last] : [])]
}

test('whole lines out of chunks cut anywhere', async () => {
  assert.deepEqual(await linesOf([bytes('a\nb'), bytes('c\n'), bytes('\n'), bytes('d')]), [
    'a',
    'bc',
    '',
    'd',
  ])
  assert.deepEqual(await linesOf([]), [])
  assert.deepEqual(await linesOf([bytes('\n')]), [''])
})

test('\\r\\n ends a line, also when it is cut; \\r alone does not', async () => {
  assert.deepEqual(await linesOf([bytes('a\r\nb\r'), bytes('\nc\rd\n')]), ['a', 'b', 'c\rd'])
})

test('a character cut between chunks is put together', async () => {
  const text = bytes('größer 😀 ende\n')
  for (let at = 1; at < text.length; at++)
    assert.deepEqual(await linesOf([text.subarray(0, at), text.subarray(at)]), ['größer 😀 ende'])
})

test('bytes that are no UTF-8 neither fail nor swallow a newline', async () => {
  assert.deepEqual(await linesOf([Buffer.from([0xff, 0x0a, 0xe2, 0x82, 0x0a, 0x00, 0x41])]), [
    '\ufffd',
    '\ufffd',
    '\0A',
  ])
})

test('a line without end comes out in parts that lose nothing, as it grows', async () => {
  const chunk = bytes('x'.repeat(50_000))
  const parts: string[] = []
  const stream = new Readable({ read() {} })
  eachLine(stream, part => parts.push(part))
  for (let i = 0; i < 20; i++) stream.push(chunk)
  stream.push(null)
  await new Promise(resolve => stream.on('end', resolve))
  assert.equal(parts.join(''), 'x'.repeat(1_000_000))
  assert.ok(parts.length > 10)
  assert.ok(parts.every(part => part.length <= 64 * 1024))
})

test('any bytes in any chunks are what they are at once', async () => {
  const piece = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom('\n', '\r\n', 'é', '😀').map(bytes))
  await fc.assert(
    fc.asyncProperty(fc.array(piece), async chunks => {
      const full = chunks.filter(chunk => chunk.length > 0)
      assert.deepEqual(await linesOf(full), reference(Buffer.concat(full)))
    }),
    { numRuns: 300 },
  )
})
