/** A device that is lost, refuses a command, or does not answer: one line, and nobody waits for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf } from '../../src/engine/layout.ts'
import { DeviceError } from '../../src/engine/webgpu/device.ts'
import { WebgpuEngine } from '../../src/engine/webgpu/engine.ts'
import { newDevice } from '../../src/engine/webgpu/load.ts'
import { cartPole } from '../engine/random.ts'
import { Running } from '../rig.ts'
import { software, whyNoAdapter } from './adapter.ts'

const skip = await whyNoAdapter()
const only = skip === null ? {} : { skip }
const observations = new Float32Array(8 * 4)

test('a device that is lost ends what waits for it, and what asks later', only, async () => {
  const device = await newDevice()
  const engine = new WebgpuEngine(layoutOf(cartPole), device)
  await engine.values(observations, 8)
  const waiting = engine.values(observations, 8)
  device.destroy()
  const lost = { name: 'Error', message: /^the WebGPU device .* is lost: / }
  await assert.rejects(waiting as Promise<unknown>, lost)
  await assert.rejects(async () => engine.values(observations, 8), DeviceError)
})

test('what it refuses is an error, not zeros', only, async () => {
  const device = await newDevice()
  const refused = async () => {
    const pipeline = device.pipeline('this is no WGSL', {})
    device.bindings(pipeline, [])
    await device.read(device.buffer(4), 4, () => {})
  }
  await assert.rejects(refused, { message: /^the WebGPU device .* refuses: [^\n]*$/ })
})

const endless = `
  import { newDevice } from '${new URL('../../src/engine/webgpu/load.js', import.meta.url)}'
  const device = await newDevice(2)
  const code = '@group(0) @binding(0) var<storage, read_write> x: array<u32>;' +
    '@compute @workgroup_size(1) fn main() { while (x[1] == 0u) { x[0] += 1u; } }'
  const pipeline = device.pipeline(code, {})
  const buffer = device.buffer(8)
  await device.read(buffer, 8, encoder => {
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, device.bindings(pipeline, [buffer]))
    pass.dispatchWorkgroups(1, 1)
    pass.end()
  })`

test('one that does not answer is given up, and its process ends', only, async () => {
  const child = new Running(process.execPath, ['--input-type=module', '-e', endless], { env: software })
  const { status, stderr, seconds } = await child.ended
  assert.match(stderr, /the WebGPU device .* has not answered for 2 s/)
  assert.equal(status, 1)
  assert.ok(seconds < 20, `${seconds} s`)
})
