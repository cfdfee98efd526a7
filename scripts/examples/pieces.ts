// Pieces that train() is made of, in a loop of one's own: rollouts of a random policy on every rank, their advantages,
// and one normaliser of observations, merged over all ranks.
//   pporun -np 2 scripts/examples/pieces.ts
import {
  addVector,
  computeGae,
  connect,
  makeEnv,
  mergeVectors,
  observationNormalizer,
  vectorMoments,
} from 'pporun'

const comm = await connect()
const env = makeEnv('CartPole-v1')
const numSteps = 256 // T, of one environment: arrays are [T, 1]
const rollout = {
  numSteps,
  numEnvs: 1,
  rewards: new Float32Array(numSteps),
  values: new Float32Array(numSteps), // a critic's V(s_t) would stand here
  terminated: new Uint8Array(numSteps),
  truncated: new Uint8Array(numSteps),
  finalValues: new Float32Array(numSteps),
  lastValues: new Float32Array(1),
  advantages: new Float32Array(numSteps),
  returns: new Float32Array(numSteps),
}
const seen = vectorMoments(4)
let { observation } = env.reset({ seed: comm.rank })
for (let t = 0; t < numSteps; t++) {
  addVector(seen, observation, 0)
  const step = env.step(Math.random() < 0.5 ? 0 : 1)
  rollout.rewards[t] = step.reward
  rollout.terminated[t] = Number(step.terminated)
  rollout.truncated[t] = Number(step.truncated)
  observation = step.terminated || step.truncated ? env.reset().observation : step.observation
}
computeGae(rollout, 0.99, 0.95)

const all = vectorMoments(4)
for (const numbers of await comm.allgather(Float64Array.of(seen.count, ...seen.mean, ...seen.m2)))
  mergeVectors(all, { count: numbers[0], mean: numbers.subarray(1, 5), m2: numbers.subarray(5) })
const { mean } = observationNormalizer(all)
if (comm.rank === 0)
  console.log(`${all.count} observations, mean ${mean}; first advantage ${rollout.advantages[0]}`)
await comm.close()
