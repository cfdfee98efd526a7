/** A script whose environments' steps take 0.1 ms, and 0.4 ms on rank 1: a quarter of the speed. */
export const SLOW = `
import { box, registerEnv, train } from 'pporun'
const cost = process.env.PPORUN_RANK === '1' ? 0.4 : 0.1 // ms
class Slow {
  observationSpace = box([-10], [10])
  actionSpace = box([-1], [1])
  state = new Float64Array(2)
  reset({ seed = 0 } = {}) {
    this.state.set([(seed % 1000) / 250 - 2, 0])
    return { observation: [this.state[0]], info: {} }
  }
  step(action) {
    for (const end = performance.now() + cost; performance.now() < end; );
    const [distance, steps] = [this.state[0] + action[0], this.state[1] + 1]
    this.state.set([Math.max(-10, Math.min(10, distance)), steps])
    const reward = -Math.abs(this.state[0])
    return { observation: [this.state[0]], reward, terminated: false, truncated: steps >= 20, info: {} }
  }
  save() { return new Uint8Array(this.state.slice().buffer) }
  load(saved) { this.state.set(new Float64Array(saved.slice().buffer)) }
}
registerEnv('Slow-v0', () => new Slow())
const sizes = { numEnvs: 8, numSteps: 128, batchSize: 256, updateEpochs: 2, hidden: [16] }
await train({ env: 'Slow-v0', ...sizes, totalSteps: 1024 * 60 })`
