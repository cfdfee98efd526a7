import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32c } from '../../src/log/crc32c.ts'
import { tensorboardLogger } from '../../src/log/tensorboard.ts'
import { scalarsRecord, versionRecord } from '../../src/log/tfevents.ts'
import { temporaryFolder } from '../rig.ts'

test('CRC-32C of the check value and of RFC 3720, B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43)
})

test("the bytes are those of TensorBoard's own writer", () => {
  // tensorboard 2.21.0: RecordWriter, Event.SerializeToString().
  const recorded =
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe93f00000000000000516576610900006040' +
    'fc54d9411080e497d0122a2e0a110a0a6368617274732f53505315b6e640460a190a126c6f737365732f706f6c6963795f6c6f737315cdcc4c' +
    'bc76cc8a95'
  const written = [
    versionRecord(1_700_000_000.25),
    scalarsRecord(1_700_000_001.5, 5_000_000_000, [
      ['charts/SPS', 12_345.678],
      ['losses/policy_loss', -0.0125],
    ]),
  ]
  assert.equal(Buffer.concat(written).toString('hex'), recorded)
})

test('the logger writes what is known of each update, on disk as soon as it is written', t => {
  const folder = temporaryFolder(t)
  const logger = tensorboardLogger(folder)
  const [name, ...others] = readdirSync(folder)
  assert.match(name, /^events\.out\.tfevents\.\d{10}\./)
  assert.deepEqual(others, [])
  const size = () => readFileSync(join(folder, name)).length
  const empty = size()
  logger.write({ update: 1, steps: 256, seconds: 0.1, 'charts/episodic_return': null })
  const none = size()
  logger.write({ update: 2, steps: 512, seconds: 0.2, 'charts/episodic_return': 1, 'charts/SPS': 2 })
  const text = readFileSync(join(folder, name), 'latin1')
  assert.ok(empty > 0 && none > empty && size() > none)
  assert.deepEqual([text.split('charts/episodic_return').length, text.split('charts/SPS').length], [2, 2])
})

test('a run that goes on begins with a mark, at which readers forget what came after it before', t => {
  const folder = temporaryFolder(t)
  tensorboardLogger(folder, 512)
  const hex = readFileSync(join(folder, readdirSync(folder)[0])).toString('hex')
  // Event.step (field 2) is 513, Event.session_log (7) holds status (1) START (1).
  assert.ok(hex.includes('108104' + '3a020801'), hex)
})
