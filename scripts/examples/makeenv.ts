// One environment in Gymnasium's shape, played by a hand-written policy:
//   pporun scripts/examples/makeenv.ts
import { makeEnv } from 'pporun'

const env = makeEnv('CartPole-v1')
let { observation } = env.reset({ seed: 0 })
let total = 0
for (let done = false; !done; ) {
  const step = env.step(observation[2] + observation[3] > 0 ? 1 : 0) // push towards the side it falls to
  observation = step.observation
  total += step.reward
  done = step.terminated || step.truncated
}
console.log(`return ${total}`)
