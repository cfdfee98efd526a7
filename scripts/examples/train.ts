// A configuration in code; options on the command line go over it:
//   pporun -np 2 scripts/examples/train.ts --seed 3
import { train } from 'pporun'

const { evaluation, paramsHash } = await train({
  env: 'CartPole-v1',
  totalSteps: 50_000,
  hidden: [32, 32],
})
console.log(`mean return ${evaluation.meanReturn} with parameters ${paramsHash}`)
